import type { RoleName } from "../../../../contract/ids.ts";
import { fromMilli, toMilli } from "../../../../contract/resources.ts";
import type {
  Attribute,
  Disk,
  DiskSource,
  Resource,
} from "../../../../contract/schema/resource.ts";
import type { Message } from "../definitions/define.ts";
import type * as v1 from "../definitions/resources.ts";
import { defined, each, known, labelsOf, labelsTo, maybe, wrap } from "./basics.ts";

type V1Resource = Message<typeof v1.Resource>;
type V1Attribute = Message<typeof v1.Attribute>;
type V1Disk = Message<typeof v1.ResourceDiskInfo>;
type V1Source = Message<typeof v1.ResourceDiskInfoSource>;

/**
 * The form in which a peer is shown resources (§6.8): `isRefined` for those with the capability
 * RESERVATION_REFINEMENT; `role` is put into `allocation_info` for those with MULTI_ROLE.
 */
export interface ResourceForm {
  readonly isRefined: boolean;
  readonly role?: string | undefined;
}

/** The form that a framework with these capabilities is shown. */
export function resourceForm(capabilities: readonly string[] = [], role?: string): ResourceForm {
  return {
    isRefined: capabilities.includes("RESERVATION_REFINEMENT"),
    role: capabilities.includes("MULTI_ROLE") ? role : undefined,
  };
}

/**
 * A resource as a peer gave it, in either form. Senseless amounts are passed on: they are a mistake
 * of the one task or operation, which the core answers for (§6.6).
 */
export function resourceFrom(given: V1Resource): Resource {
  const stack = reservationsFrom(given);
  return defined({
    name: given.name,
    scalar:
      given.type === "SCALAR" ? maybe(given.scalar, ({ value }) => toMilli(value)) : undefined,
    ranges: given.type === "RANGES" ? (given.ranges?.range ?? []) : undefined,
    set: given.type === "SET" ? (given.set?.item ?? []) : undefined,
    reservations: stack.length === 0 ? undefined : stack,
    disk: maybe(given.disk, diskFrom),
    revocable: maybe(given.revocable, () => true as const),
    shared: maybe(given.shared, () => true as const),
    providerId: given.provider_id?.value,
  });
}

/** The roles that resources are said to be allocated to, each once; absent where none says so. */
export function allocatedTo(...lists: readonly (readonly V1Resource[] | undefined)[]): {
  allocatedTo?: string[];
} {
  let roles: string[] | undefined;
  for (const list of lists) {
    for (const { allocation_info: { role } = {} } of list ?? []) {
      if (role === undefined || roles?.includes(role)) continue;
      roles ??= [];
      roles.push(role);
    }
  }
  return roles === undefined ? {} : { allocatedTo: roles };
}

function reservationsFrom(given: V1Resource): NonNullable<Resource["reservations"]> {
  const stack = given.reservations ?? [];
  if (stack.length > 0) {
    return stack.map((one) => ({
      type: one.type === "STATIC" ? "static" : "dynamic",
      role: (one.role ?? "*") as RoleName,
      ...defined({ principal: one.principal, labels: labelsOf(one.labels) }),
    }));
  }
  // The form before reservation refinement: one role, and `reservation` when it is dynamic.
  const role = (given.role ?? "*") as RoleName;
  if (given.reservation !== undefined) {
    const { principal, labels } = given.reservation;
    return [{ type: "dynamic", role, ...defined({ principal, labels: labelsOf(labels) }) }];
  }
  return role === "*" ? [] : [{ type: "static", role }];
}

function diskFrom(given: V1Disk): Disk {
  return defined({
    persistence: maybe(given.persistence, ({ id, principal }) => defined({ id, principal })),
    volume: maybe(given.volume, ({ container_path, host_path, mode }) =>
      defined({ containerPath: container_path, hostPath: host_path, mode }),
    ),
    source: maybe(given.source, sourceFrom),
  });
}

function sourceFrom(given: V1Source): DiskSource {
  return defined({
    type: known(given.type) ?? "PATH",
    root: given.type === "MOUNT" ? given.mount?.root : given.path?.root,
    id: given.id,
    profile: given.profile,
    vendor: given.vendor,
    metadata: labelsOf(given.metadata),
  });
}

/** A resource in the form that a peer understands. */
export function resourceTo(resource: Resource, form: ResourceForm): V1Resource {
  return {
    name: resource.name,
    ...valueTo(resource),
    ...reservationsTo(resource, form),
    allocation_info: maybe(form.role, (role) => ({ role })),
    disk: maybe(resource.disk, diskTo),
    revocable: resource.revocable === true ? {} : undefined,
    shared: resource.shared === true ? {} : undefined,
    provider_id: wrap(resource.providerId),
  };
}

/**
 * A resource as endpoints show it: in the form of before reservation refinement, too, wherever it
 * has one.
 */
export function endpointResourceTo(resource: Resource): V1Resource {
  const isOld = (resource.reservations?.length ?? 0) < 2;
  return {
    ...resourceTo(resource, { isRefined: true }),
    ...(isOld ? reservationsTo(resource, { isRefined: false }) : {}),
  };
}

/** A list of resources; see `resourceTo`. */
export function resourcesTo(list: readonly Resource[], form: ResourceForm): V1Resource[] {
  return list.map((one) => resourceTo(one, form));
}

function valueTo(resource: Resource): Pick<V1Resource, "type" | "scalar" | "ranges" | "set"> {
  if (resource.ranges !== undefined) return { type: "RANGES", ranges: { range: resource.ranges } };
  if (resource.set !== undefined) return { type: "SET", set: { item: resource.set } };
  return { type: "SCALAR", scalar: { value: fromMilli(resource.scalar ?? 0) } };
}

function reservationsTo(
  { reservations = [] }: Resource,
  { isRefined }: ResourceForm,
): Pick<V1Resource, "role" | "reservation" | "reservations"> {
  if (isRefined) {
    return {
      reservations: each(reservations, ({ type, role, principal, labels }) => ({
        type: type === "static" ? ("STATIC" as const) : ("DYNAMIC" as const),
        role,
        principal,
        labels: labelsTo(labels),
      })),
    };
  }
  const last = reservations.at(-1);
  if (last === undefined) return { role: "*" };
  if (last.type === "static") return { role: last.role };
  const { principal, labels } = last;
  return { role: last.role, reservation: { principal, labels: labelsTo(labels) } };
}

function diskTo(disk: Disk): V1Disk {
  return {
    persistence: disk.persistence,
    volume: maybe(disk.volume, ({ containerPath, hostPath, mode }) => ({
      container_path: containerPath,
      host_path: hostPath,
      mode,
    })),
    source: maybe(disk.source, (source) => ({
      type: source.type,
      path: source.type === "PATH" ? { root: source.root } : undefined,
      mount: source.type === "MOUNT" ? { root: source.root } : undefined,
      vendor: source.vendor,
      id: source.id,
      metadata: labelsTo(source.metadata),
      profile: source.profile,
    })),
  };
}

/** An agent's attribute. */
export function attributeTo({ name, scalar, ranges, text }: Attribute): V1Attribute {
  if (scalar !== undefined) return { name, type: "SCALAR", scalar: { value: fromMilli(scalar) } };
  if (ranges !== undefined) return { name, type: "RANGES", ranges: { range: ranges } };
  return { name, type: "TEXT", text: { value: text ?? "" } };
}

type Scalars = Readonly<Record<string, { readonly value: number }>>;

/** A map of amounts by resource name, in thousandths; infinity stays infinity. */
export function quantitiesFrom(map: Scalars | undefined): Record<string, number> | undefined {
  if (map === undefined) return undefined;
  return Object.fromEntries(Object.entries(map).map(([name, one]) => [name, toMilli(one.value)]));
}

/** A map of amounts by resource name as the API has it. */
export function quantitiesTo(
  map: Readonly<Record<string, number>> | undefined,
): Scalars | undefined {
  if (map === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(map).map(([name, milli]) => [name, { value: fromMilli(milli) }]),
  );
}
