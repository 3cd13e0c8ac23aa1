import type { Verbosity } from "../../../../contract/ports/log.ts";
import { msOf } from "./basics.ts";

/** SET_LOGGING_LEVEL: logs more for a while (§8.2). */
export async function setLevel(
  verbosity: Verbosity,
  { level, duration }: { readonly level: number; readonly duration: { nanoseconds: number } },
): Promise<void> {
  verbosity.set(level, msOf(duration));
}
