import { errors, reasonOf } from "../contract/errors.ts";
import { openLog } from "../kernel/host/pino-log.ts";
import { exitCodes } from "./exit-codes.ts";

/** What nobody else caught, in a process that must not go on with it. */
export interface LastResort {
  /** Resolves at the first such error, when it has been logged. */
  readonly failed: Promise<void>;
  /** Errors no longer come here. */
  end(): void;
}

/**
 * Catches what a plugin or a mistake of ours let slip: rejections that nobody holds and exceptions
 * out of callbacks. The state of the process is not known from then on, so it is to stop, in order
 * within `stopMs`, and then however it stands.
 */
export function lastResort(name: string, stopMs: number): LastResort {
  let fail: () => void = () => {};
  const failed = new Promise<void>((resolve) => {
    fail = resolve;
  });
  const log = openLog({ level: "error", name });
  const caught = (thrown: unknown, origin: string): void => {
    const { code, message } = errors.UNCAUGHT(name, reasonOf(thrown));
    log.error({ code, origin, err: thrown }, message);
    setTimeout(() => process.exit(exitCodes.failure), stopMs).unref();
    fail();
  };
  // Node calls this for rejections too, when nobody listens for those alone.
  process.on("uncaughtException", caught);
  return { failed, end: () => process.off("uncaughtException", caught) };
}
