import { fromMilli, reservationRole } from "../../../../contract/resources.ts";
import type { Resource } from "../../../../contract/schema/resource.ts";

/** Resources as dashboards read them: numbers for scalars, text for the rest (§9). */
export type ResourceObject = Record<string, number | string>;

/** Sums resources by name; cpus, gpus, mem and disk are always there. */
export function resourceObject(list: readonly Resource[]): ResourceObject {
  const scalars: Record<string, number> = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  const texts: Record<string, string[]> = {};
  for (const { name, scalar, ranges, set } of list) {
    if (scalar !== undefined) scalars[name] = (scalars[name] ?? 0) + scalar;
    else {
      const items = ranges?.map(({ begin, end }) => `${begin}-${end}`) ?? set ?? [];
      texts[name] = [...(texts[name] ?? []), ...items];
    }
  }
  const object: ResourceObject = {};
  for (const [name, milli] of Object.entries(scalars)) object[name] = fromMilli(milli);
  for (const [name, items] of Object.entries(texts)) {
    const isRanges = list.some((one) => one.name === name && one.ranges !== undefined);
    object[name] = isRanges ? `[${items.join(", ")}]` : `{${items.join(", ")}}`;
  }
  return object;
}

/** Those that are reserved, by role. */
export function reservedObject(list: readonly Resource[]): Record<string, ResourceObject> {
  const byRole = new Map<string, Resource[]>();
  for (const resource of list) {
    const role = reservationRole(resource);
    if (role !== undefined) byRole.set(role, [...(byRole.get(role) ?? []), resource]);
  }
  return Object.fromEntries([...byRole].map(([role, some]) => [role, resourceObject(some)]));
}

/** Those that nobody has reserved. */
export function unreservedObject(list: readonly Resource[]): ResourceObject {
  return resourceObject(list.filter((one) => reservationRole(one) === undefined));
}
