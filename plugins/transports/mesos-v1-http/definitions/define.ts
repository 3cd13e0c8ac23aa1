// The small vocabulary in which the messages of the Mesos v1 API are written down in this folder.
// Names, numbers, types and defaults are facts of the API; both codecs and the TypeScript types of
// the messages are derived from them, so that the three cannot drift apart.

/** Types of single values: string, bytes, boolean, double and the integers by width and sign. */
export type ScalarName = "str" | "bytes" | "bool" | "dbl" | "i32" | "u32" | "i64" | "u64";

/** An enum: values are told by name in JSON and in memory, by number in protobuf. */
export interface EnumDef<Name extends string = string> {
  readonly kind: "enum";
  readonly name: string;
  readonly numbers: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<number, Name>;
}

/** What a field holds; `self` is the message that the field belongs to. */
export type FieldType = ScalarName | "self" | EnumDef | MessageDef;

/** How often a field occurs; `map` has string keys. */
export type Label = "optional" | "required" | "repeated" | "map";

/** A field as it is written down. */
export interface FieldDef<T extends FieldType = FieldType, L extends Label = Label> {
  readonly number: number;
  readonly type: T;
  readonly label: L;
  /** Explicit default, which is what a reader assumes and a JSON writer spells out (§5). */
  readonly fallback?: string | number | boolean | undefined;
  /** A deprecated field is written only when it is set, default or not (§5). */
  readonly isDeprecated?: boolean;
  /** Setting one such field of a message unsets the others. */
  readonly isOneOf?: boolean;
}

/** Fields of a message by name, in the order of JSON output. */
export type FieldDefs = Readonly<Record<string, FieldDef>>;

/** A field made ready for the codecs. */
export interface Field {
  readonly name: string;
  readonly number: number;
  readonly label: Label;
  readonly scalar: ScalarName | undefined;
  readonly enumeration: EnumDef | undefined;
  readonly message: MessageDef | undefined;
  readonly fallback: string | number | boolean | undefined;
  readonly isDeprecated: boolean;
  readonly isOneOf: boolean;
}

/** A message type. */
export interface MessageDef<F extends FieldDefs = FieldDefs> {
  readonly kind: "message";
  readonly name: string;
  readonly defs: F;
  /** In the order of JSON output. */
  readonly fields: readonly Field[];
  /** In the order of protobuf output. */
  readonly byNumber: ReadonlyMap<number, Field>;
  readonly required: readonly Field[];
  readonly oneOf: readonly Field[];
}

type ValueOf<T, Self> = T extends "str"
  ? string
  : T extends "bytes"
    ? Uint8Array
    : T extends "bool"
      ? boolean
      : T extends ScalarName
        ? number
        : T extends "self"
          ? Message<Self>
          : T extends EnumDef<infer Name>
            ? Name
            : Message<T>;

type FieldValue<F, Self> =
  F extends FieldDef<infer T, infer L>
    ? L extends "repeated"
      ? readonly ValueOf<T, Self>[]
      : L extends "map"
        ? Readonly<Record<string, ValueOf<T, Self>>>
        : ValueOf<T, Self>
    : never;

type RequiredNames<F> = {
  [Name in keyof F]: F[Name] extends FieldDef<FieldType, "required"> ? Name : never;
}[keyof F];

/**
 * The value of a message in memory: a plain object with the field names of the API. Enums are
 * names, bytes `Uint8Array`, integers of 64 bits numbers (beyond 2^53 they lose their last digits).
 * An absent field and `undefined` are the same; empty lists and maps are the same as none.
 */
export type Message<M> =
  M extends MessageDef<infer F>
    ? { readonly [Name in RequiredNames<F>]: FieldValue<F[Name], M> } & {
        readonly [Name in Exclude<keyof F, RequiredNames<F>>]?: FieldValue<F[Name], M> | undefined;
      }
    : never;

/** A message whose lists, as far as they are not in lists, may be made while it is written. */
export type Lazy<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer One)[]
    ? Iterable<One>
    : T extends object
      ? { readonly [Name in keyof T]: Lazy<T[Name]> }
      : T;

/** An optional field. */
export function opt<const T extends FieldType>(
  number: number,
  type: T,
  fallback?: string | number | boolean,
): FieldDef<T, "optional"> {
  return { number, type, label: "optional", fallback };
}

/** A required field: a message without it is refused. */
export function req<const T extends FieldType>(
  number: number,
  type: T,
  fallback?: string | number | boolean,
): FieldDef<T, "required"> {
  return { number, type, label: "required", fallback };
}

/** A repeated field. */
export function rep<const T extends FieldType>(number: number, type: T): FieldDef<T, "repeated"> {
  return { number, type, label: "repeated" };
}

/** A map with string keys. */
export function map<const T extends FieldType>(number: number, type: T): FieldDef<T, "map"> {
  return { number, type, label: "map" };
}

/** An alternative: of all such fields of a message at most one is set. */
export function one<const T extends FieldType>(number: number, type: T): FieldDef<T, "optional"> {
  return { number, type, label: "optional", isOneOf: true };
}

/** Marks a field as deprecated. */
export function old<T extends FieldType, L extends Label>(field: FieldDef<T, L>): FieldDef<T, L> {
  return { ...field, isDeprecated: true };
}

/** Defines an enum from its names and numbers. */
export function enumeration<const Numbers extends Readonly<Record<string, number>>>(
  name: string,
  numbers: Numbers,
): EnumDef<keyof Numbers & string> {
  const pairs = Object.entries(numbers) as [keyof Numbers & string, number][];
  return {
    kind: "enum",
    name,
    numbers: new Map(pairs),
    names: new Map(pairs.map(([one, number]) => [number, one])),
  };
}

/** Defines a message from its fields. */
export function message<const F extends FieldDefs>(name: string, defs: F): MessageDef<F> {
  const fields: Field[] = [];
  const self: MessageDef<F> = {
    kind: "message",
    name,
    defs,
    fields,
    byNumber: new Map(),
    required: [],
    oneOf: [],
  };
  for (const [field, def] of Object.entries(defs)) fields.push(ready(field, def, self));
  const ordered = [...fields].sort((a, b) => a.number - b.number);
  return Object.assign(self, {
    byNumber: new Map(ordered.map((field) => [field.number, field])),
    required: fields.filter((field) => field.label === "required"),
    oneOf: fields.filter((field) => field.isOneOf),
  });
}

function ready(name: string, def: FieldDef, self: MessageDef): Field {
  const type: FieldType = def.type === "self" ? self : def.type;
  return {
    name,
    number: def.number,
    label: def.label,
    scalar: typeof type === "string" ? (type as ScalarName) : undefined,
    enumeration: typeof type === "object" && type.kind === "enum" ? type : undefined,
    message: typeof type === "object" && type.kind === "message" ? type : undefined,
    fallback: def.fallback,
    isDeprecated: def.isDeprecated ?? false,
    isOneOf: def.isOneOf ?? false,
  };
}
