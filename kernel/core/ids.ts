import type { AgentId, FrameworkId, OfferId, UpdateId } from "../../contract/ids.ts";
import type { ClusterState } from "./state.ts";

/** Removed frameworks from elsewhere that are remembered, some ten megabytes. */
const OVER_MAX = 100_000;

/**
 * The next framework id: the master's id and a counter of four digits or more (A7). Frameworks may
 * bring ids of their own, and one of those may look like the next.
 */
export function mintFrameworkId(state: ClusterState): FrameworkId {
  for (;;) {
    const number = String(state.counters.framework++).padStart(4, "0");
    const id = `${state.options.master.id}-${number}` as FrameworkId;
    if (!state.frameworks.has(id) && !state.overFrameworks.has(id)) return id;
  }
}

/**
 * Whether a framework was removed, after which its id is never valid again (B8). An id that this
 * master minted is over when it is not that of a framework, so only those from elsewhere need to be
 * remembered: that lasts for as long as the master does, however many frameworks come and go.
 */
export function isOver(state: ClusterState, id: FrameworkId): boolean {
  if (state.frameworks.has(id)) return false;
  return state.overFrameworks.has(id) || isMinted(state, id);
}

/** Notes that a framework was removed. */
export function noteOver(state: ClusterState, id: FrameworkId): void {
  const { overFrameworks } = state;
  if (isMinted(state, id)) return;
  overFrameworks.add(id);
  const [oldest] = overFrameworks;
  if (overFrameworks.size > OVER_MAX && oldest !== undefined) overFrameworks.delete(oldest);
}

/** Whether this master gave out such a number, or would have, had nobody brought the id before. */
function isMinted({ counters, options }: ClusterState, id: FrameworkId): boolean {
  const prefix = `${options.master.id}-`;
  const number = id.slice(prefix.length);
  return id.startsWith(prefix) && /^\d{4,15}$/.test(number) && Number(number) < counters.framework;
}

/** The next agent id (A7). */
export function mintAgentId(state: ClusterState): AgentId {
  return `${state.options.master.id}-S${state.counters.agent++}` as AgentId;
}

/** An id that an agent brings, or that the registry has, is never given to another agent (A7). */
export function noteAgentId({ counters, options }: ClusterState, id: AgentId): void {
  const prefix = `${options.master.id}-S`;
  if (!id.startsWith(prefix)) return;
  const number = id.slice(prefix.length);
  // A counter never gets as far as longer numbers, which would not be exact.
  if (/^\d{1,15}$/.test(number)) counters.agent = Math.max(counters.agent, Number(number) + 1);
}

/** The next offer id; inverse offers count with them (A7). */
export function mintOfferId(state: ClusterState): OfferId {
  return `${state.options.master.id}-O${state.counters.offer++}` as OfferId;
}

/**
 * Names an operation between master and agent. The first half is of the master's random id, the
 * second counts, so that no randomness is needed here.
 */
export function mintOperationUuid(state: ClusterState): UpdateId {
  const master = hexOf(state.options.master.id).slice(0, 16).padEnd(16, "0");
  return `${master}${(state.counters.operation++).toString(16).padStart(16, "0")}` as UpdateId;
}

function hexOf(id: string): string {
  return id.toLowerCase().replace(/[^0-9a-f]/g, "");
}
