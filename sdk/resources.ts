import { errors } from "../contract/errors.ts";
import type { RoleName } from "../contract/ids.ts";
import {
  fromScalars,
  normalize,
  type Range,
  type Resource,
  type Resources,
  validate,
} from "../contract/resources.ts";

/** Amounts by resource name: numbers are scalars in whole units (mem and disk in MiB). */
export type Amounts = Readonly<
  Record<string, number | readonly Range[] | readonly string[] | undefined>
>;

/**
 * Resources from plain amounts: `resources({ cpus: 0.5, ports: [{ begin: 80, end: 80 }] })`.
 * Three decimals count (E20). With `role` they are asked for from that role's static reservation.
 * @throws JOB_INVALID for amounts that are negative or not finite, and for those of another kind
 * than
 *   the resource is: cpus are a number, and no text or list.
 */
export function resources(amounts: Amounts, role?: string): Resources {
  const scalars: Record<string, number> = {};
  const others: Resource[] = [];
  for (const [name, amount] of Object.entries(amounts)) {
    if (amount === undefined) continue;
    if (typeof amount === "number") {
      if (!Number.isFinite(amount) || amount < 0) {
        throw errors.JOB_INVALID(`${name} must be a number of zero or more, not ${amount}`, name);
      }
      scalars[name] = amount;
    } else if (!Array.isArray(amount)) {
      const given = JSON.stringify(amount);
      throw errors.JOB_INVALID(
        `${name} must be a number, or a list for ranges and sets, not ${given}`,
        name,
      );
    } else if (isRanges(amount)) others.push({ name, ranges: [...amount] });
    else others.push({ name, set: [...amount] });
  }
  const all = normalize([...fromScalars(scalars), ...others]);
  for (const resource of all) {
    const problem = validate(resource);
    if (problem !== undefined) throw errors.JOB_INVALID(problem, resource.name);
  }
  if (role === undefined || role === "*") return all;
  const reservations = [{ type: "static" as const, role: role as RoleName }];
  return normalize(all.map((resource) => ({ ...resource, reservations })));
}

function isRanges(amount: readonly Range[] | readonly string[]): amount is readonly Range[] {
  return typeof amount[0] === "object";
}
