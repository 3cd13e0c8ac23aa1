import { type RoleName, roleProblem } from "../../contract/ids.ts";
import {
  add,
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
  const result = conversionOf(operation, role, principal);
  if (result.problem !== undefined) return result;
  if (trySubtract(pool, result.consumed) === undefined) {
    return { problem: `${operation.type} uses more than available in the offers` };
  }
  return result;
}

function conversionOf(
  operation: Conversion,
  role: RoleName,
  principal: string | undefined,
): Converted {
  switch (operation.type) {
    case "RESERVE":
      if (operation.source !== undefined) return { problem: "source: it is for operators" };
      return reservation(operation.resources, role, principal);
    case "UNRESERVE":
      return unreservation(operation.resources);
    case "CREATE":
      return volumes(operation.volumes, role, principal, "create");
    case "DESTROY":
      return volumes(operation.volumes, role, principal, "destroy");
    case "GROW_VOLUME":
      return resized(operation.volume, operation.addition.scalar ?? Number.NaN, "grow");
    case "SHRINK_VOLUME":
      return resized(operation.volume, operation.subtract, "shrink");
  }
}

function reservation(
  resources: readonly Resource[],
  role: RoleName,
  principal: string | undefined,
): Converted {
  const problem = resourcesProblem("resources", resources);
  if (problem !== undefined) return { problem };
  for (const resource of resources) {
    const top = resource.reservations?.at(-1);
    if (top?.type !== "dynamic") return { problem: `${resource.name} is not reserved dynamically` };
    const badRole = roleProblem(top.role);
    if (badRole !== undefined) return { problem: `role: ${badRole}` };
    if (top.role !== role) {
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
  role: RoleName,
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
  void role;
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
