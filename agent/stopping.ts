import type { Clock } from "../contract/ports/clock.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { Containerizer } from "./containerizer/containerizer.ts";
import { boundContainers } from "./core/forsaken.ts";
import type { AgentState } from "./core/state.ts";
import type { AgentLoop } from "./io/loop.ts";

/** Between two looks at what is ending. */
const AGAIN_MS = 20;

/** After its grace a container is killed, and has this long to be gone; the next agent finds it. */
const GIVE_UP_MS = 3_000;

/** What an agent stops with. */
export interface StoppingParts {
  readonly state: AgentState;
  readonly loop: AgentLoop;
  readonly containerizer: Containerizer;
  readonly clock: Clock;
  readonly log: Logger;
  /** Says goodbye to the master, which declares lost what ends here (B23). */
  disconnect(): Promise<void>;
}

/**
 * Ends what does not outlive this process: all that is of frameworks that do not checkpoint (F5,
 * B42). Resolves when none of it is left, or what is left is too slow.
 */
export async function endBound(parts: StoppingParts): Promise<void> {
  const { state, loop, containerizer, clock, log } = parts;
  if (loop.hasStopped || boundContainers(state).length === 0) return;
  // Nothing is launched any more, and nobody hears of what ends.
  await parts.disconnect();
  const ids = boundContainers(state);
  loop.enqueue({ type: "stop" });
  const endMs = clock.monotonicMs() + state.setup.times.executorShutdownGraceMs + GIVE_UP_MS;
  for (;;) {
    const left = ids.filter((id) => state.containers.has(id) || containerizer.has(id));
    if (left.length === 0 || loop.hasStopped) return;
    if (clock.monotonicMs() > endMs) {
      log.warn({ containers: left }, "containers have not ended; the next agent ends them");
      return;
    }
    await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
  }
}
