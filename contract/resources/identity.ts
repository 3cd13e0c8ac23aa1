import type { Disk, DiskSource, Label, Labels, Reservation, Resource } from "../schema/resource.ts";

const NO_LABELS: Labels = [];
const NO_RESERVATIONS: readonly Reservation[] = [];

/** True for the common case: nothing but a name and a quantity. Everything fast hangs on this. */
export function isPlain(resource: Resource): boolean {
  return (
    resource.reservations === undefined &&
    resource.disk === undefined &&
    resource.revocable === undefined &&
    resource.shared === undefined &&
    resource.providerId === undefined
  );
}

/**
 * True for resources that are used whole or not at all: persistent volumes (E12), shared ones
 * (E13), MOUNT and BLOCK disks and RAW disks with an id (E14). They are never merged: a list may
 * hold one of them several times.
 */
export function isWhole(resource: Resource): boolean {
  if (resource.shared !== undefined) return true;
  const disk = resource.disk;
  if (disk === undefined) return false;
  if (disk.persistence !== undefined) return true;
  const source = disk.source;
  if (source === undefined || source.type === "PATH") return false;
  return source.type !== "RAW" || source.id !== undefined;
}

/**
 * True when quantities of the two may be added (E20): same name, kind, reservations with their
 * labels, disk, revocable, shared and provider. The mount point and the principal of a volume are
 * not identity: they say how it is used and by whom it was made.
 */
export function sameIdentity(a: Resource, b: Resource): boolean {
  if (a.name !== b.name) return false;
  if ((a.scalar === undefined) !== (b.scalar === undefined)) return false;
  if ((a.ranges === undefined) !== (b.ranges === undefined)) return false;
  if (isPlain(a) && isPlain(b)) return true;
  return (
    a.revocable === b.revocable &&
    a.shared === b.shared &&
    a.providerId === b.providerId &&
    sameStack(a.reservations, b.reservations) &&
    sameDisk(a.disk, b.disk)
  );
}

/** True when two reservations are for the same role in the same way; labels count (E11). */
export function sameReservation(a: Reservation, b: Reservation): boolean {
  if (a === b) return true;
  return (
    a.role === b.role &&
    a.type === b.type &&
    a.principal === b.principal &&
    sameLabels(a.labels, b.labels)
  );
}

function sameStack(a = NO_RESERVATIONS, b = NO_RESERVATIONS): boolean {
  if (a === b) return true;
  return a.length === b.length && a.every((one, at) => sameReservation(one, b[at] as Reservation));
}

function sameDisk(a: Disk | undefined, b: Disk | undefined): boolean {
  if (a === b) return true;
  return a?.persistence?.id === b?.persistence?.id && sameSource(a?.source, b?.source);
}

function sameSource(a: DiskSource | undefined, b: DiskSource | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return (
    a.type === b.type &&
    a.root === b.root &&
    a.id === b.id &&
    a.profile === b.profile &&
    a.vendor === b.vendor &&
    sameLabels(a.metadata, b.metadata)
  );
}

function sameLabels(a = NO_LABELS, b = NO_LABELS): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const left = labelKeys(a);
  const right = labelKeys(b);
  return left.every((key, at) => key === right[at]);
}

/** Labels as strings in one order, since they compare without order. */
function labelKeys(labels: Labels): readonly string[] {
  return labels.map((label: Label) => JSON.stringify([label.key, label.value])).sort();
}

/**
 * The identity as a string: equal keys if and only if `sameIdentity`. Canonical order of a list is
 * the order of these keys. A plain scalar's key is its name. Names must have passed `validate`,
 * which keeps brackets and bars out of them.
 */
export function identityKey(resource: Resource): string {
  const { name, reservations = NO_RESERVATIONS, disk } = resource;
  const kind = resource.scalar !== undefined ? "" : resource.ranges !== undefined ? "[]" : "{}";
  if (isPlain(resource)) return name + kind;
  const source = disk?.source;
  const rest = [
    reservations.map((one) => [
      one.type,
      one.role,
      one.principal,
      labelKeys(one.labels ?? NO_LABELS),
    ]),
    disk?.persistence?.id,
    source && [
      source.type,
      source.root,
      source.id,
      source.profile,
      source.vendor,
      labelKeys(source.metadata ?? NO_LABELS),
    ],
    resource.revocable,
    resource.shared,
    resource.providerId,
  ];
  if (reservations.length === 0 && rest.every((part, at) => at === 0 || part === undefined)) {
    return name + kind;
  }
  return `${name}${kind}|${JSON.stringify(rest)}`;
}

/** Canonical order: by identity key, and whole resources of one identity by size. */
export function compareResources(a: Resource, b: Resource): number {
  if (
    a.name !== b.name &&
    isPlain(a) &&
    isPlain(b) &&
    a.scalar !== undefined &&
    b.scalar !== undefined
  ) {
    return a.name < b.name ? -1 : 1;
  }
  const left = identityKey(a);
  const right = identityKey(b);
  if (left !== right) return left < right ? -1 : 1;
  return (a.scalar ?? 0) - (b.scalar ?? 0);
}
