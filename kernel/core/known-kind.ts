import { errors } from "../../contract/errors.ts";
import type { Resources } from "../../contract/resources.ts";
import { problemOf } from "./calls.ts";
import type { Effect } from "./effect.ts";
import type { Agent, ClusterState } from "./state.ts";
import { FIXED_KINDS } from "./tables/shape.ts";
import type { AllocationTables } from "./tables.ts";

/**
 * Kind of a scalar's name, if it has one by now. What agents have and operators set binds kinds
 * (`kindOf`); what frameworks say must not, or they could use them up.
 */
export function knownKind({ kindNames }: AllocationTables, name: string): number | undefined {
  const kind = kindNames.indexOf(name);
  return kind < 0 ? undefined : kind;
}

/** Names of scalars that came when all kinds were taken, each once: policies do not see them. */
export function beyondKinds(tables: AllocationTables, resources: Resources): string[] {
  const scalars = resources.filter(({ scalar }) => scalar !== undefined);
  const names = new Set(scalars.map(({ name }) => name));
  return [...names].filter((name) => knownKind(tables, name) === undefined);
}

/** Says it where operators look when an agent has something that no policy will allocate by. */
export function warnBeyondKinds(
  state: ClusterState,
  agent: Agent,
  nowMs: number,
  out: Effect[],
): void {
  const { id, info, total } = agent;
  const names = beyondKinds(state.tables, total);
  if (names.length === 0) return;
  const error = errors.AGENT_KINDS_BEYOND(info.hostname, names, state.tables.kindNames);
  out.push({ type: "warn", problem: problemOf(error) });
  if (state.listeners === 0) return;
  const event = { kind: "agent-warning", timeMs: nowMs, agentId: id, name: info.hostname } as const;
  out.push({ type: "publish", event: { ...event, message: error.describe() } });
}

/** Names that no agent has something of, beside those that every master knows. */
export function absentNames({ tables }: ClusterState, names: Iterable<string>): string[] {
  return [...new Set(names)].filter((name) => {
    const kind = knownKind(tables, name);
    return kind === undefined || (kind >= FIXED_KINDS.length && !(tables.clusterTotal[kind] ?? 0));
  });
}
