import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import { disconnectFramework, publishFramework, removeFramework } from "../frameworks.ts";
import type { ClusterState } from "../state.ts";

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
  state.timers.set(framework.failoverAtMs, "failover", framework.id);
  publishFramework(state, framework, "framework-updated", nowMs, out);
}
