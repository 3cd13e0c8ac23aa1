import type { FrameworkId } from "../../../contract/ids.ts";
import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import { disconnectFramework, publishFramework, removeFramework } from "../frameworks.ts";
import type { ClusterState, Framework } from "../state.ts";

/** A framework's connection is gone: its tasks wait for as long as it said they should (B4, B5). */
export function stepFrameworkClosed(
  state: ClusterState,
  peer: PeerNumber,
  nowMs: number,
  out: Effect[],
): void {
  const framework = state.frameworkPeers.get(peer);
  if (framework === undefined) return;
  disconnectFramework(state, framework);
  const timeoutMs = framework.info.failoverTimeoutMs ?? 0;
  if (timeoutMs === 0) {
    removeFramework(state, framework, nowMs, out);
    return;
  }
  framework.failoverAtMs = nowMs + timeoutMs;
  timeFailover(state, framework);
  publishFramework(state, framework, "framework-updated", nowMs, out);
}

/** A framework may not have come back in time (B5), or it did and has gone again since. */
export function failoverTimedOut(
  state: ClusterState,
  id: FrameworkId,
  atMs: number,
  nowMs: number,
  out: Effect[],
): void {
  const framework = state.frameworks.get(id);
  if (framework === undefined) return;
  if (framework.failoverTimerMs === atMs) framework.failoverTimerMs = undefined;
  if ((framework.failoverAtMs ?? Infinity) <= nowMs) removeFramework(state, framework, nowMs, out);
  else timeFailover(state, framework);
}

/** Sets the timer for a framework that is away, unless one will look in time. */
function timeFailover(state: ClusterState, framework: Framework): void {
  const { id, failoverAtMs = Infinity, failoverTimerMs = Infinity } = framework;
  if (failoverTimerMs <= failoverAtMs) return;
  framework.failoverTimerMs = failoverAtMs;
  state.timers.set(failoverAtMs, "failover", id);
}
