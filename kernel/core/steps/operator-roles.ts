import { errors, type TepuiError } from "../../../contract/errors.ts";
import type { Problem } from "../../../contract/framework-api.ts";
import { roleProblem } from "../../../contract/ids.ts";
import { limits } from "../../../contract/limits.ts";
import type { OperatorParams } from "../../../contract/operator-api.ts";
import type { Quantities } from "../../../contract/schema/framework.ts";
import { problemOf } from "../calls.ts";
import type { Effect } from "../effect.ts";
import { absentNames, knownKind } from "../known-kind.ts";
import { rescindAllOffers } from "../offers.ts";
import { quotaEntry, weightEntry, writeRegistry } from "../registry.ts";
import { applyQuota, applyWeight } from "../role-settings.ts";
import type { ClusterState, PendingWrite, RoleQuota } from "../state.ts";
import { KINDS } from "../tables/shape.ts";
import { quotaProblem } from "../validate-quota.ts";
import type { Asked } from "./operator.ts";

/** An operator sets weights (E7). */
export function updateWeights(
  { state, token, reply, out }: Asked,
  { weights }: OperatorParams<"update-weights">,
): void {
  for (const { role, weight } of weights) {
    const problem = roleProblem(role) ?? weightProblem(weight);
    if (problem !== undefined) {
      reply({ error: errors.WEIGHT_INVALID(role, problem) });
      return;
    }
  }
  const entries = weights.map(({ role, weight }) => weightEntry(role, weight));
  writeRegistry(state, entries, { type: "weights", token, weights }, out);
}

function weightProblem(weight: number): string | undefined {
  const { weightMin, weightMax } = limits;
  if (weight >= weightMin && weight <= weightMax) return undefined;
  return `it is ${weight}, not from ${weightMin} to ${weightMax}`;
}

/** Weights are durable: the next batch shares anew, and for that all offers come back (E7). */
export function weightsWritten(
  state: ClusterState,
  { token, weights }: Extract<PendingWrite, { type: "weights" }>,
  out: Effect[],
): void {
  let concerned = false;
  for (const { role, weight } of weights) {
    applyWeight(state, role, weight);
    concerned ||= (state.roles.get(role)?.clients.size ?? 0) > 0;
  }
  if (concerned) rescindAllOffers(state, out);
  out.push({ type: "reply-operator", token, result: {} });
}

/** An operator sets quotas (E8, E9). */
export function updateQuota(
  { state, token, reply, out }: Asked,
  { quotas, force }: OperatorParams<"update-quota">,
): void {
  const asked: RoleQuota[] = quotas.map(({ role, guarantee, limit }) => ({
    role,
    guarantee: isNothing(guarantee) ? undefined : guarantee,
    limit: isNothing(limit) ? undefined : limit,
  }));
  const unknown = kindsBeyond(state, asked);
  for (const quota of asked) {
    const problem = quotaProblem(quota) ?? unknown;
    if (problem !== undefined) {
      reply({ error: errors.QUOTA_INVALID(quota.role, problem) });
      return;
    }
  }
  const conflict =
    force === true ? undefined : (capacityConflict(state, asked) ?? overuse(state, asked));
  if (conflict !== undefined) {
    reply({ error: conflict });
    return;
  }
  writeRegistry(state, asked.map(quotaEntry), { type: "quotas", token, quotas: asked }, out);
}

/** Policies know so many kinds of resources: quotas of others would not be held to (E7). */
function kindsBeyond({ tables }: ClusterState, asked: readonly RoleQuota[]): string | undefined {
  const named = asked.flatMap(({ guarantee, limit }) => Object.keys({ ...guarantee, ...limit }));
  const known = new Set([...tables.kindNames, ...named]);
  if (known.size <= KINDS) return undefined;
  const names = tables.kindNames.join(", ");
  return `a master tells ${KINDS} kinds of resources apart, and knows ${names} by now`;
}

function isNothing(quantities: Quantities | undefined): boolean {
  return quantities === undefined || Object.keys(quantities).length === 0;
}

/** Guarantees that the cluster could not keep (E8). */
function capacityConflict(
  state: ClusterState,
  asked: readonly RoleQuota[],
): TepuiError | undefined {
  const all = new Map(state.registry.quotas);
  // Those that are on their way to the registry count already: operators may ask at the same time.
  for (const write of state.writes.values()) {
    if (write.type === "quotas") for (const quota of write.quotas) all.set(quota.role, quota);
  }
  for (const quota of asked) all.set(quota.role, quota);
  const sums = new Map<string, number>();
  for (const { guarantee = {} } of all.values()) {
    for (const [name, amount] of Object.entries(guarantee)) {
      sums.set(name, (sums.get(name) ?? 0) + amount);
    }
  }
  const changed = new Set(asked.flatMap(({ guarantee = {} }) => Object.keys(guarantee)));
  for (const [name, sum] of sums) {
    const kind = knownKind(state.tables, name);
    const there = kind === undefined ? 0 : (state.tables.clusterTotal[kind] ?? 0);
    if (changed.has(name) && sum > there) return errors.QUOTA_UNMET(name, sum, there);
  }
  return undefined;
}

/** Limits below what is used already (E9). */
function overuse(state: ClusterState, asked: readonly RoleQuota[]): TepuiError | undefined {
  for (const { role: name, limit = {} } of asked) {
    const role = state.roles.get(name);
    if (role === undefined) continue;
    for (const [resource, amount] of Object.entries(limit)) {
      const kind = knownKind(state.tables, resource);
      const used =
        kind === undefined ? 0 : (state.tables.roles.consumed[role.row * KINDS + kind] ?? 0);
      if (used > amount) return errors.QUOTA_CONSUMED(name, resource, amount, used);
    }
  }
  return undefined;
}

/** Quotas are durable and in force; offers that were made before come back (E9). */
export function quotasWritten(
  state: ClusterState,
  { token, quotas }: Extract<PendingWrite, { type: "quotas" }>,
  out: Effect[],
): void {
  const warnings = quotas.flatMap((quota) => absentWarnings(state, quota));
  for (const quota of quotas) applyQuota(state, quota);
  state.filters.retest((agent) => state.tables.touchAgent(agent));
  rescindAllOffers(state, out);
  const result = warnings.length === 0 ? {} : { warnings };
  out.push({ type: "reply-operator", token, result });
}

/** A name that no agent has may be one of agents to come, or one that was mistyped. */
function absentWarnings(
  state: ClusterState,
  { role, guarantee, limit }: RoleQuota,
): readonly Problem[] {
  const { kindNames, clusterTotal } = state.tables;
  const there = kindNames.filter((_, kind) => (clusterTotal[kind] ?? 0) > 0);
  const names = absentNames(state, Object.keys({ ...guarantee, ...limit }));
  return names.map((name) => problemOf(errors.QUOTA_KIND_ABSENT(role, name, there)));
}
