import { idProblem, roleProblem } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { FrameworkInfo, OfferConstraints } from "../../contract/schema/framework.ts";
import { encodedBytes, sizeProblem } from "../../contract/size.ts";
import { hintsProblem } from "./hints.ts";

/** Longest failover timeout: what Mesos' durations can hold, in milliseconds (B5). */
const FAILOVER_TIMEOUT_MAX_MS = 9_223_372_036_854;

/** What a framework says of itself when it subscribes, or changes. */
export interface FrameworkDescription {
  readonly framework: FrameworkInfo;
  readonly suppressedRoles?: readonly string[];
  readonly offerConstraints?: OfferConstraints;
}

/** Says what is wrong with how a framework describes itself (B5, B10, B11, M16), or `undefined`. */
export function frameworkProblem(description: FrameworkDescription): string | undefined {
  const { framework: info, suppressedRoles = [], offerConstraints = {} } = description;
  const bytes = encodedBytes(info) + encodedBytes(offerConstraints);
  const large = sizeProblem("it with its constraints", bytes, limits.frameworkBytesMax);
  if (large !== undefined) return `framework: ${large}`;
  if (info.id !== undefined) {
    const problem = idProblem(info.id);
    if (problem !== undefined) return `framework.id: ${problem}`;
  }
  return (
    rolesProblem(info.roles) ??
    suppressionProblem(info.roles, suppressedRoles) ??
    timeoutProblem(info.failoverTimeoutMs) ??
    offerFiltersProblem(info) ??
    hintsProblem(info)
  );
}

function rolesProblem(roles: readonly string[]): string | undefined {
  if (roles.length > limits.rolesPerFrameworkMax) {
    return `framework.roles: there are ${roles.length}, over ${limits.rolesPerFrameworkMax}`;
  }
  const seen = new Set<string>();
  for (const role of roles) {
    const problem = roleProblem(role);
    if (problem !== undefined) return `framework.roles: "${role}": ${problem}`;
    if (seen.has(role)) return `framework.roles: "${role}" is there twice`;
    seen.add(role);
  }
  return undefined;
}

function suppressionProblem(
  roles: readonly string[],
  suppressed: readonly string[],
): string | undefined {
  const stranger = suppressed.find((role) => !roles.includes(role));
  return stranger === undefined
    ? undefined
    : `suppressedRoles: "${stranger}" is not one of the framework's roles`;
}

function timeoutProblem(timeoutMs: number | undefined): string | undefined {
  if (timeoutMs === undefined) return undefined;
  if (timeoutMs >= 0 && timeoutMs <= FAILOVER_TIMEOUT_MAX_MS) return undefined;
  const right = `a number of milliseconds from 0 to ${FAILOVER_TIMEOUT_MAX_MS}`;
  return `framework.failoverTimeoutMs: it is ${timeoutMs}, not ${right}`;
}

function offerFiltersProblem({ offerFilters = {} }: FrameworkInfo): string | undefined {
  for (const [role, { minAllocatable = [] }] of Object.entries(offerFilters)) {
    for (const quantities of minAllocatable) {
      for (const [name, amount] of Object.entries(quantities)) {
        if (amount >= 0 && Number.isFinite(amount)) continue;
        return `framework.offerFilters.${role}: ${name} is ${amount}, not 0 or more`;
      }
    }
  }
  return undefined;
}
