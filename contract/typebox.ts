import type { Type as Typebox } from "typebox";

export type { Static, TSchema } from "typebox";

type Builder =
  | "Array"
  | "Boolean"
  | "Enum"
  | "Immutable"
  | "Integer"
  | "Literal"
  | "Number"
  | "Object"
  | "Optional"
  | "Readonly"
  | "Record"
  | "String"
  | "Union"
  | "Unknown"
  | "Unsafe";

type Schema = Readonly<Record<string, unknown>>;

/** A copy that also says something that JSON does not show: typebox reads it in its types alone. */
function marked(schema: Schema, mark: "optional" | "readonly" | "immutable"): Schema {
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));
  return Object.defineProperty(copy, `~${mark}`, { value: true });
}

function required(properties: Readonly<Record<string, Schema>>): { required?: string[] } {
  const names = Object.keys(properties).filter(
    (name) => !("~optional" in (properties[name] ?? {})),
  );
  return names.length > 0 ? { required: names } : {};
}

const builders: Record<Builder, unknown> = {
  Array: (items: Schema, more?: Schema) => ({ type: "array", items, ...more }),
  Boolean: (more?: Schema) => ({ type: "boolean", ...more }),
  Enum: (values: readonly unknown[], more?: Schema) => ({ enum: values, ...more }),
  Immutable: (schema: Schema) => marked(schema, "immutable"),
  Integer: (more?: Schema) => ({ type: "integer", ...more }),
  Literal: (value: unknown, more?: Schema) => ({ type: typeof value, const: value, ...more }),
  Number: (more?: Schema) => ({ type: "number", ...more }),
  Object: (properties: Readonly<Record<string, Schema>>, more?: Schema) => ({
    type: "object",
    ...required(properties),
    properties,
    ...more,
  }),
  Optional: (schema: Schema) => marked(schema, "optional"),
  Readonly: (schema: Schema) => marked(schema, "readonly"),
  Record: (key: Schema, value: Schema, more?: Schema) => ({
    type: "object",
    patternProperties: { [String(key["pattern"] ?? "^.*$")]: value },
    ...more,
  }),
  String: (more?: Schema) => ({ type: "string", ...more }),
  Union: (anyOf: readonly Schema[], more?: Schema) => ({ anyOf, ...more }),
  Unknown: (more?: Schema) => ({ ...more }),
  Unsafe: (schema: Schema) => ({ ...schema }),
};

/**
 * The builders of typebox that stand in our schemas, with its types. Typebox itself is 370 modules,
 * which every command and every process would read before its first line of work: longer than all
 * else that they load. A test holds each builder to the original.
 */
export const Type = builders as Pick<typeof Typebox, Builder>;
