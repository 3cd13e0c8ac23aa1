import { type RoleName, roleProblem } from "../../contract/ids.ts";
import {
  add,
  contains,
  normalize,
  type Resource,
  type Resources,
  reservationRole,
  trySubtract,
  unreserve,
} from "../../contract/resources.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import { resourcesProblem } from "./validate-task.ts";

/** An operation that turns resources into others. */
export type Conversion = Exclude<Operation, { type: "LAUNCH" | "LAUNCH_GROUP" }>;

/** Their types. */
export const conversionTypes = [
  "RESERVE",
  "UNRESERVE",
  "CREATE",
  "DESTROY",
  "GROW_VOLUME",
  "SHRINK_VOLUME",
] as const satisfies readonly Conversion["type"][];

/** What an operation takes and what it makes of it, or why it cannot be. */
export type Converted =
  | { readonly consumed: Resources; readonly converted: Resources; readonly problem?: never }
  | { readonly problem: string };

/** Works an operation out against what the offers have left (C17, M11–M13); changes nothing. */
export function convert(
  operation: Conversion,
  pool: Resources,
  role: RoleName,
  principal: string | undefined,
): Converted {
  const result = workOut(operation, role, principal);
  if (result.problem !== undefined) return result;
  if (trySubtract(pool, result.consumed) === undefined) {
    return { problem: `${operation.type} uses more than available in the offers` };
  }
  return result;
}

/**
 * What an operation takes and makes, whatever there is. `role` is that of the offers; without one
 * it is an operator's, who may reserve for any role.
 */
export function workOut(
  operation: Conversion,
  role: RoleName | undefined,
  principal: string | undefined,
): Converted {
  switch (operation.type) {
    case "RESERVE":
      if (operation.source === undefined) {
        return reservation(operation.resources, role, principal);
      }
      if (role !== undefined) return { problem: "source: it is for operators" };
      return rereservation(operation.source, operation.resources);
    case "UNRESERVE":
      return unreservation(operation.resources);
    case "CREATE":
      return volumes(operation.volumes, principal, "create");
    case "DESTROY":
      return volumes(operation.volumes, principal, "destroy");
    case "GROW_VOLUME":
      return resized(operation.volume, operation.addition.scalar ?? Number.NaN, "grow");
    case "SHRINK_VOLUME":
      return resized(operation.volume, operation.subtract, "shrink");
  }
}

function reservation(
  resources: readonly Resource[],
  role: RoleName | undefined,
  principal: string | undefined,
): Converted {
  const problem = resourcesProblem("resources", resources);
  if (problem !== undefined) return { problem };
  for (const resource of resources) {
    const top = resource.reservations?.at(-1);
    if (top?.type !== "dynamic") return { problem: `${resource.name} is not reserved dynamically` };
    const badRole = roleProblem(top.role);
    if (badRole !== undefined) return { problem: `role: ${badRole}` };
    if (role !== undefined && top.role !== role) {
      return { problem: `${resource.name} is reserved for ${top.role}, not for ${role}` };
    }
    if (principal !== undefined && top.principal !== principal) {
      return { problem: `principal: it is ${top.principal}, not ${principal}` };
    }
    if (resource.revocable === true) return { problem: `${resource.name} is revocable` };
  }
  const converted = normalize(resources);
  return { consumed: unreserve(converted), converted };
}

/** What is reserved in one way is reserved in another (E11). */
function rereservation(source: readonly Resource[], resources: readonly Resource[]): Converted {
  const problem = resourcesProblem("source", source) ?? resourcesProblem("resources", resources);
  if (problem !== undefined) return { problem };
  if (source.some(({ disk }) => disk?.persistence !== undefined)) {
    return { problem: "source: volumes have to be destroyed first" };
  }
  const consumed = normalize(source);
  const converted = normalize(resources);
  const bare = { before: bareOf(consumed), after: bareOf(converted) };
  if (!contains(bare.before, bare.after) || !contains(bare.after, bare.before)) {
    return { problem: "source and resources differ in more than their reservations" };
  }
  return { consumed, converted };
}

function bareOf(resources: Resources): Resources {
  return normalize(resources.map(({ reservations, ...rest }) => rest));
}

/** Says which volume of a CREATE is there already, or `undefined`: ids are unique by role (E12). */
export function duplicateVolume(operation: Conversion, total: Resources): string | undefined {
  if (operation.type !== "CREATE") return undefined;
  const keyOf = (resource: Resource): string | undefined => {
    const id = resource.disk?.persistence?.id;
    return id === undefined ? undefined : `${reservationRole(resource)}/${id}`;
  };
  const seen = new Set(total.map(keyOf));
  for (const volume of normalize(operation.volumes)) {
    const key = keyOf(volume);
    if (key !== undefined && seen.has(key)) {
      return `volume ${volume.disk?.persistence?.id} is there already`;
    }
    seen.add(key);
  }
  return undefined;
}

function unreservation(resources: readonly Resource[]): Converted {
  const problem = resourcesProblem("resources", resources);
  if (problem !== undefined) return { problem };
  for (const resource of resources) {
    if (resource.reservations?.at(-1)?.type !== "dynamic") {
      return { problem: `${resource.name} is not reserved dynamically` };
    }
    if (resource.disk?.persistence !== undefined) {
      return { problem: `volume ${resource.disk.persistence.id} has to be destroyed first` };
    }
  }
  const consumed = normalize(resources);
  return { consumed, converted: unreserve(consumed) };
}

function volumes(
  asked: readonly Resource[],
  principal: string | undefined,
  action: "create" | "destroy",
): Converted {
  const problem = resourcesProblem("volumes", asked);
  if (problem !== undefined) return { problem };
  for (const { disk, reservations } of asked) {
    if (disk?.persistence === undefined) return { problem: "disk.persistence: it is needed" };
    if (reservationRole({ name: "disk", reservations: reservations ?? [] }) === undefined) {
      return { problem: `volume ${disk.persistence.id} is not on reserved disk` };
    }
    if (action === "destroy") continue;
    if (disk.volume === undefined || disk.volume.mode !== "RW") {
      return { problem: `volume ${disk.persistence.id} needs a path and mode RW` };
    }
    if (principal !== undefined && disk.persistence.principal !== principal) {
      return { problem: `principal: it is ${disk.persistence.principal}, not ${principal}` };
    }
  }
  const made = normalize(asked);
  const raw = normalize(asked.map(withoutVolume));
  return action === "create"
    ? { consumed: raw, converted: made }
    : { consumed: made, converted: raw };
}

/** The disk that a volume is made of. */
function withoutVolume(volume: Resource): Resource {
  const { disk, shared, ...rest } = volume;
  return disk?.source === undefined ? rest : { ...rest, disk: { source: disk.source } };
}

function resized(volume: Resource, by: number, action: "grow" | "shrink"): Converted {
  const problem = resourcesProblem("volume", [volume]);
  if (problem !== undefined) return { problem };
  const size = volume.scalar ?? 0;
  if (volume.disk?.persistence === undefined) return { problem: "volume: it is none" };
  if (volume.shared === true) return { problem: "volume: a shared one keeps its size" };
  if (volume.disk.source?.type === "MOUNT") return { problem: "volume: a mount keeps its size" };
  if (!Number.isInteger(by) || by <= 0) return { problem: "the change must be above 0" };
  if (action === "shrink" && by >= size) return { problem: "the volume is not that large" };
  const piece = { ...withoutVolume(volume), scalar: by };
  const before = normalize([volume]);
  if (action === "grow") {
    const grown = normalize([{ ...volume, scalar: size + by }]);
    return { consumed: add(before, normalize([piece])), converted: grown };
  }
  const shrunk = normalize([{ ...volume, scalar: size - by }]);
  return { consumed: before, converted: add(shrunk, normalize([piece])) };
}
