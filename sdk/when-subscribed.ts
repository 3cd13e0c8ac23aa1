import { errors, type TepuiError } from "../contract/errors.ts";
import type { FrameworkId } from "../contract/ids.ts";
import type { Clock } from "../contract/ports/clock.ts";
import type { SchedulerEvents } from "./scheduler-events.ts";
import type { TypedEvents } from "./typed-events.ts";

/**
 * Waits for the next subscription. Rejects with the error that ends the client before, with
 * CLIENT_CLOSED when it is stopped, and with what `late` makes when the time is over.
 */
export function whenSubscribed(
  events: TypedEvents<SchedulerEvents>,
  clock: Clock,
  deadlineMs: number,
  late: () => TepuiError,
): Promise<FrameworkId> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(deadlineMs, () => onError(late()));
    const end = (): void => {
      timer.cancel();
      events.off("subscribed", onSubscribed).off("error", onError).off("closed", onClosed);
    };
    const onSubscribed = ({ frameworkId }: SchedulerEvents["subscribed"][0]): void => {
      end();
      resolve(frameworkId);
    };
    const onError = (error: TepuiError): void => {
      end();
      reject(error);
    };
    const onClosed = (): void => onError(errors.CLIENT_CLOSED("ready()"));
    events.on("subscribed", onSubscribed).on("error", onError).on("closed", onClosed);
  });
}
