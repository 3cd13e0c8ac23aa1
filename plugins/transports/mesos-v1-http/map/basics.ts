import { errors } from "../../../../contract/errors.ts";
import type { UpdateId } from "../../../../contract/ids.ts";
import type { Label } from "../../../../contract/schema/resource.ts";
import type { Labels } from "../definitions/basics.ts";
import type { Message } from "../definitions/define.ts";

/** An object without the fields that are undefined, in its type too. */
export type Defined<T> = {
  [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name];
} & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/** Leaves out fields that are undefined: in the contract, absent and undefined are different. */
export function defined<T extends object>(fields: T): Defined<T> {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) kept[name] = value;
  }
  return kept as Defined<T>;
}

/** Applies `map` to a value that is there. */
export function maybe<T, R>(value: T | undefined, map: (value: T) => R): R | undefined {
  return value === undefined ? undefined : map(value);
}

/** Applies `map` to each of a list that is there and not empty. */
export function each<T, R>(list: readonly T[] | undefined, map: (one: T) => R): R[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list.map(map);
}

/** An enum value, where `UNKNOWN` is the same as unset. */
export function known<Name extends string>(
  name: Name | undefined,
): Exclude<Name, "UNKNOWN"> | undefined {
  return name === "UNKNOWN" ? undefined : (name as Exclude<Name, "UNKNOWN"> | undefined);
}

/** An id in its wrapper, `{ value }`. */
export function wrap(id: string): { value: string };
export function wrap(id: string | undefined): { value: string } | undefined;
export function wrap(id: string | undefined): { value: string } | undefined {
  return id === undefined ? undefined : { value: id };
}

/** An id out of its wrapper, as the kind of id that the place calls for. */
export function unwrap<Id extends string>(wrapped: { readonly value: string }): Id {
  return wrapped.value as Id;
}

/** 16 bytes as the id of an update. */
export function updateIdOf(bytes: Uint8Array, where: string): UpdateId {
  if (bytes.length !== 16) {
    throw errors.MESSAGE_INVALID(`${where} must be 16 bytes, not ${bytes.length}`, where);
  }
  return Buffer.from(bytes).toString("hex") as UpdateId;
}

/** The id of an update as 16 bytes. */
export function updateIdBytes(id: UpdateId): Uint8Array {
  return new Uint8Array(Buffer.from(id, "hex"));
}

/** Milliseconds of a `DurationInfo` or `TimeInfo`; see `wholeMs`. */
export function msOf(info: { readonly nanoseconds: number }): number {
  return wholeMs(info.nanoseconds / 1e6);
}

/** A `DurationInfo` or `TimeInfo`. */
export function nanosOf(ms: number): { nanoseconds: number } {
  return { nanoseconds: Math.round(ms * 1e6) };
}

/** Milliseconds of seconds; see `wholeMs`. */
export function msOfSeconds(seconds: number): number {
  return wholeMs(seconds * 1000);
}

/** However little is below 0 stays there: a negative duration is refused, not taken for none. */
function wholeMs(ms: number): number {
  const whole = Math.round(ms);
  return whole === 0 && ms < 0 ? -1 : whole;
}

/** Labels of the contract. */
export function labelsOf(labels: Message<typeof Labels> | undefined): Label[] | undefined {
  return each(labels?.labels, ({ key, value }) => defined({ key, value }));
}

/** Labels of the API. */
export function labelsTo(labels: readonly Label[] | undefined): Message<typeof Labels> | undefined {
  return labels === undefined || labels.length === 0 ? undefined : { labels };
}
