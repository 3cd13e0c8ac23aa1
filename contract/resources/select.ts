import type { RoleName } from "../ids.ts";
import type { Reservation, Resource, Resources } from "../schema/resource.ts";
import { normalize } from "./arithmetic.ts";

// A part of a normalised list is normalised, so these only filter.

/** The role a resource is kept for: that of the latest refinement; `undefined` if unreserved. */
export function reservationRole(resource: Resource): RoleName | undefined {
  const stack = resource.reservations;
  return stack === undefined ? undefined : stack[stack.length - 1]?.role;
}

/** True when `role` is `ancestor` or below it in the role tree (E5). */
export function isWithinRole(role: RoleName, ancestor: RoleName): boolean {
  if (role === ancestor) return true;
  return (
    role.length > ancestor.length && role.startsWith(ancestor) && role[ancestor.length] === "/"
  );
}

/** What is reserved for nobody. */
export function unreserved(resources: Resources): Resources {
  return resources.filter((resource) => reservationRole(resource) === undefined);
}

/** What is reserved, for any role. */
export function reserved(resources: Resources): Resources {
  return resources.filter((resource) => reservationRole(resource) !== undefined);
}

/** What is reserved for exactly this role. */
export function reservedFor(resources: Resources, role: RoleName): Resources {
  return resources.filter((resource) => reservationRole(resource) === role);
}

/** True when frameworks in `role` may be offered it: unreserved, or kept for it or above (E5). */
export function isAllocatableTo(resource: Resource, role: RoleName): boolean {
  const owner = reservationRole(resource);
  return owner === undefined || isWithinRole(role, owner);
}

/** What frameworks in `role` may be offered (E5). */
export function allocatableTo(resources: Resources, role: RoleName): Resources {
  return resources.filter((resource) => isAllocatableTo(resource, role));
}

/** What the agent may take back at any time (E15). */
export function revocable(resources: Resources): Resources {
  return resources.filter((resource) => resource.revocable === true);
}

/** What stays until it is given back. */
export function nonRevocable(resources: Resources): Resources {
  return resources.filter((resource) => resource.revocable === undefined);
}

/** Disk whose data outlives its task (E12). */
export function persistentVolumes(resources: Resources): Resources {
  return resources.filter((resource) => resource.disk?.persistence !== undefined);
}

/** Pushes a reservation on every resource: reserves it, or refines it to a child role (E11). */
export function reserve(resources: Resources, reservation: Reservation): Resources {
  return normalize(
    resources.map((resource) => ({
      ...resource,
      reservations: [...(resource.reservations ?? []), reservation],
    })),
  );
}

/** Takes the latest reservation off every resource; what has none stays as it is (E11). */
export function unreserve(resources: Resources): Resources {
  return normalize(
    resources.map((resource) =>
      resource.reservations === undefined
        ? resource
        : { ...resource, reservations: resource.reservations.slice(0, -1) },
    ),
  );
}
