import type { ClusterState } from "../core/state.ts";
import { metricsView, tallyMetrics } from "../core/views.ts";
import { systemMetrics } from "../host/system-metrics.ts";
import type { Loop } from "./loop.ts";
import type { RegistryWriter } from "./registry.ts";
import type { Rounds } from "./rounds.ts";

/** Names of Mesos' masters under which nothing can ever happen here, and why not (H7, H8). */
export const masterZeros: Readonly<Record<string, string>> = {
  "allocator/event_queue_dispatches": "rounds run in the master's own loop",
  "allocator/mesos/event_queue_dispatches": "rounds run in the master's own loop",
  "master/event_queue_dispatches": "whatever waits is in `master/event_queue_messages`",
  "master/event_queue_http_requests": "whatever waits is in `master/event_queue_messages`",
  "master/messages_authenticate": "who it is, a request itself says",
  "master/messages_deactivate_framework": "only drivers of before the HTTP API send it",
  "master/slave_shutdowns_canceled": "Mesos 1.11 counts nothing here either",
  "master/slave_shutdowns_completed": "Mesos 1.11 counts nothing here either",
  "master/slave_shutdowns_scheduled": "Mesos 1.11 counts nothing here either",
};

/** What the process around a cluster's state has to show. */
export interface ProcessFigures {
  readonly loop: Pick<Loop, "depth">;
  readonly registry: Pick<RegistryWriter, "show">;
  readonly rounds: Pick<Rounds, "show">;
}

/** A master's numbers as Mesos names them; one that does not lead has counted nothing. */
export function masterMetrics(
  term: (ProcessFigures & { readonly state: ClusterState }) | undefined,
  nowMs: number,
): Record<string, number> {
  const out: Record<string, number> = systemMetrics();
  for (const name of Object.keys(masterZeros)) out[name] = 0;
  if (term === undefined) {
    out["master/elected"] = 0;
    tallyMetrics(new Map(), out);
    return out;
  }
  Object.assign(out, metricsView(term.state, nowMs));
  out["master/event_queue_messages"] = term.loop.depth;
  term.registry.show(nowMs, out);
  term.rounds.show(nowMs, out);
  return out;
}
