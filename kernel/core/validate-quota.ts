import { roleProblem } from "../../contract/ids.ts";
import type { RoleQuota } from "./model.ts";

/** Says what is wrong with a quota, or `undefined` (E8, E9). */
export function quotaProblem({ role, guarantee = {}, limit = {} }: RoleQuota): string | undefined {
  const problem = roleProblem(role);
  if (problem !== undefined) return problem;
  if (role === "*") return '"*" can have none';
  if (role.includes("/")) return "only top-level roles can have one";
  for (const quantities of [guarantee, limit]) {
    for (const [name, amount] of Object.entries(quantities)) {
      if (!(amount >= 0) || !Number.isFinite(amount)) return `${name} is ${amount}, not 0 or more`;
    }
  }
  for (const [name, amount] of Object.entries(guarantee)) {
    if (amount > (limit[name] ?? amount)) return `the guarantee of ${name} is above its limit`;
  }
  return undefined;
}
