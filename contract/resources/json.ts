import type { RoleName } from "../ids.ts";
import { type Parsed, parsed, unparsed } from "../parsed.ts";
import type { Disk, DiskSource, Labels, Reservation, Resource } from "../schema/resource.ts";
import { normalize } from "./arithmetic.ts";
import { toMilli } from "./scalars.ts";
import { validate } from "./validate.ts";

// Reads the Mesos JSON form of a resource (message `Resource` of the v1 API): what operators write
// in `--resources` files and in operator calls. The message of a bad answer starts with the field.

/** Fields of the message and of its parts that are read here. */
type FieldName =
  | ("name" | "type" | "scalar" | "ranges" | "set" | "value" | "range" | "item" | "begin" | "end")
  | ("role" | "reservation" | "reservations" | "principal" | "labels" | "key" | "disk" | "id")
  | ("persistence" | "volume" | "source" | "mode" | "container_path" | "host_path" | "path")
  | ("mount" | "root" | "profile" | "vendor" | "metadata" | "revocable" | "shared")
  | "provider_id";
type Fields = Readonly<Partial<Record<FieldName, unknown>>>;

/** Thrown by the readers below and caught in this file: a field that is not what it must be. */
class Misfit extends Error {}

/**
 * Reads one resource, with `reservations` or with the `role` and `reservation` of older Mesos
 * versions, and validates it (M14). `allocation_info` is not part of a resource here and ignored.
 * A bad answer's position is 0: what was read is a value, not a text.
 */
export function resourceFromJson(json: unknown): Parsed<Resource> {
  try {
    const resource = readResource(fieldsOf(json, "resource"));
    const problem = validate(resource);
    if (problem !== undefined) return unparsed(0, problem);
    return parsed(normalize([resource])[0] ?? resource);
  } catch (error) {
    if (error instanceof Misfit) return unparsed(0, error.message);
    throw error;
  }
}

function readResource(fields: Fields): Resource {
  const stack = readStack(fields);
  return {
    name: textOf(fields.name, "name"),
    ...readValue(fields),
    ...(stack.length === 0 ? undefined : { reservations: stack }),
    ...optional("disk", fields.disk, (disk) => readDisk(fieldsOf(disk, "disk"))),
    ...optional("revocable", fields.revocable, () => true as const),
    ...optional("shared", fields.shared, () => true as const),
    ...optional("providerId", fields.provider_id, (id) =>
      textOf(fieldsOf(id, "provider_id").value, "provider_id.value"),
    ),
  };
}

function readValue(fields: Fields): Pick<Resource, "scalar" | "ranges" | "set"> {
  const type = textOf(fields.type, "type");
  if (type === "SCALAR") {
    return {
      scalar: toMilli(numberOf(fieldsOf(fields.scalar, "scalar").value, "scalar.value")),
    };
  }
  if (type === "RANGES") {
    const list = listOf(fieldsOf(fields.ranges, "ranges").range ?? [], "ranges.range");
    const ranges = list.map((one, at) => {
      const where = `ranges.range[${at}]`;
      const { begin, end } = fieldsOf(one, where);
      return { begin: numberOf(begin, `${where}.begin`), end: numberOf(end, `${where}.end`) };
    });
    return { ranges };
  }
  if (type === "SET") {
    const list = listOf(fieldsOf(fields.set, "set").item ?? [], "set.item");
    return { set: list.map((one, at) => textOf(one, `set.item[${at}]`)) };
  }
  throw new Misfit(`type: "${type}" is not SCALAR, RANGES or SET`);
}

function readStack(fields: Fields): readonly Reservation[] {
  const role = fields.role === undefined ? "*" : textOf(fields.role, "role");
  const stack = listOf(fields.reservations ?? [], "reservations");
  const old = fields.reservation;
  if (stack.length > 0) {
    if (old !== undefined || role !== "*") {
      throw new Misfit("reservations: cannot stand together with role or reservation");
    }
    return stack.map((one, at) => {
      const where = `reservations[${at}]`;
      const reservation = fieldsOf(one, where);
      const type = textOf(reservation.type, `${where}.type`);
      if (type !== "STATIC" && type !== "DYNAMIC") {
        throw new Misfit(`${where}.type: "${type}" is not STATIC or DYNAMIC`);
      }
      const owner = textOf(reservation.role, `${where}.role`);
      return readReservation(type === "STATIC" ? "static" : "dynamic", owner, reservation, where);
    });
  }
  if (old !== undefined) {
    return [readReservation("dynamic", role, fieldsOf(old, "reservation"), "reservation")];
  }
  return role === "*" ? [] : [{ type: "static", role: role as RoleName }];
}

function readReservation(
  type: "static" | "dynamic",
  role: string,
  fields: Fields,
  where: string,
): Reservation {
  return {
    type,
    role: role as RoleName,
    ...optional("principal", fields.principal, (one) => textOf(one, `${where}.principal`)),
    ...optional("labels", fields.labels, (labels) => readLabels(labels, `${where}.labels`)),
  };
}

function readDisk(fields: Fields): Disk {
  return {
    ...optional("persistence", fields.persistence, (json) => {
      const { id, principal } = fieldsOf(json, "disk.persistence");
      return {
        id: textOf(id, "disk.persistence.id"),
        ...optional("principal", principal, (one) => textOf(one, "disk.persistence.principal")),
      };
    }),
    ...optional("volume", fields.volume, (json) => {
      const volume = fieldsOf(json, "disk.volume");
      const mode = textOf(volume.mode, "disk.volume.mode");
      if (mode !== "RW" && mode !== "RO") {
        throw new Misfit(`disk.volume.mode: "${mode}" is not RW or RO`);
      }
      return {
        containerPath: textOf(volume.container_path, "disk.volume.container_path"),
        ...optional("hostPath", volume.host_path, (p) => textOf(p, "disk.volume.host_path")),
        mode: mode as "RW" | "RO",
      };
    }),
    ...optional("source", fields.source, (json) => readSource(fieldsOf(json, "disk.source"))),
  };
}

function readSource(fields: Fields): DiskSource {
  const type = textOf(fields.type, "disk.source.type");
  if (type !== "PATH" && type !== "MOUNT" && type !== "BLOCK" && type !== "RAW") {
    throw new Misfit(`disk.source.type: "${type}" is not PATH, MOUNT, BLOCK or RAW`);
  }
  const place = type === "PATH" ? fields.path : type === "MOUNT" ? fields.mount : undefined;
  const where = `disk.source.${type.toLowerCase()}`;
  const root = place === undefined ? undefined : fieldsOf(place, where).root;
  const read = (name: string) => (one: unknown) => textOf(one, `disk.source.${name}`);
  return {
    type,
    ...optional("root", root, read("root")),
    ...optional("id", fields.id, read("id")),
    ...optional("profile", fields.profile, read("profile")),
    ...optional("vendor", fields.vendor, read("vendor")),
    ...optional("metadata", fields.metadata, (one) => readLabels(one, "disk.source.metadata")),
  };
}

function readLabels(json: unknown, where: string): Labels {
  return listOf(fieldsOf(json, where).labels ?? [], where).map((one, at) => {
    const { key, value } = fieldsOf(one, `${where}[${at}]`);
    return {
      key: textOf(key, `${where}[${at}].key`),
      ...optional("value", value, (text) => textOf(text, `${where}[${at}].value`)),
    };
  });
}

/** A field that is there only if it was given, since absent and `undefined` differ in our types. */
function optional<Key extends string, Value>(
  key: Key,
  json: unknown,
  read: (json: unknown) => Value,
): { [K in Key]?: Value } {
  if (json === undefined || json === null) return {};
  return { [key]: read(json) } as { [K in Key]?: Value };
}

function fieldsOf(json: unknown, where: string): Fields {
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Fields;
  throw new Misfit(`${where}: must be an object`);
}

function listOf(json: unknown, where: string): readonly unknown[] {
  if (Array.isArray(json)) return json;
  throw new Misfit(`${where}: must be an array`);
}

function textOf(json: unknown, where: string): string {
  if (typeof json === "string") return json;
  throw new Misfit(`${where}: must be a string`);
}

/** Numbers may come as strings, as 64-bit ones do in the JSON form of protobuf. */
function numberOf(json: unknown, where: string): number {
  const value = typeof json === "string" && json.trim() !== "" ? Number(json) : json;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Misfit(`${where}: must be a finite number`);
}
