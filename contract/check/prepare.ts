/** How a validator treats unknown fields, the number of problems, and defaults; see `compile`. */
export type CheckMode = "strict" | "wire";

/** A JSON Schema as data; the keywords that are read here by name, and any other. */
export interface JsonSchema {
  type?: unknown;
  title?: unknown;
  description?: unknown;
  default?: unknown;
  const?: unknown;
  enum?: unknown;
  pattern?: unknown;
  minimum?: unknown;
  maximum?: unknown;
  exclusiveMinimum?: unknown;
  exclusiveMaximum?: unknown;
  minLength?: unknown;
  maxLength?: unknown;
  properties?: unknown;
  patternProperties?: unknown;
  additionalProperties?: unknown;
  additionalItems?: unknown;
  unevaluatedProperties?: unknown;
  required?: unknown;
  items?: unknown;
  prefixItems?: unknown;
  minItems?: unknown;
  anyOf?: unknown;
  oneOf?: unknown;
  allOf?: unknown;
  discriminator?: unknown;
  [keyword: string]: unknown;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const schemaMaps = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const schemaLists = ["anyOf", "oneOf", "allOf", "prefixItems"];
const schemaSingles = [
  "items",
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "contains",
  "propertyNames",
  "not",
  "if",
  "then",
  "else",
];

/**
 * A copy of the schema for one mode: strict closes every object that does not say whether it is
 * open, wire opens every object. Unions of objects that tell themselves apart by a field of
 * constants (`type: "accept"`) become discriminated ones in both: checked in one comparison, and
 * refused with the problem of the branch that was meant.
 */
export function prepare(schema: JsonSchema, mode: CheckMode): JsonSchema {
  return copy(schema, mode, false);
}

/**
 * `partOfAll` is true below `allOf`, where a closed part would refuse the fields of its siblings.
 */
function copy(schema: JsonSchema, mode: CheckMode, partOfAll: boolean): JsonSchema {
  const result: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (schemaMaps.includes(keyword) && isSchema(value)) {
      result[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, part]) => [name, copyAny(part, mode, false)]),
      );
    } else if (schemaLists.includes(keyword) && Array.isArray(value)) {
      const inAll = partOfAll || keyword === "allOf";
      result[keyword] = value.map((part) => copyAny(part, mode, inAll));
    } else if (schemaSingles.includes(keyword)) {
      result[keyword] = copyAny(value, mode, keyword === "if" || partOfAll);
    } else {
      result[keyword] = value;
    }
  }
  modernTuple(result, mode);
  setOpenness(result, mode, partOfAll);
  return discriminated(result);
}

/**
 * Tuples as typebox writes them (a list of schemas under `items`) are spelled `prefixItems` in
 * draft 2020-12.
 */
function modernTuple(schema: JsonSchema, mode: CheckMode): void {
  if (!Array.isArray(schema.items)) return;
  schema.prefixItems = schema.items.map((part) => copyAny(part, mode, false));
  schema.items = schema.additionalItems ?? true;
  delete schema.additionalItems;
}

function copyAny(part: unknown, mode: CheckMode, partOfAll: boolean): unknown {
  return isSchema(part) ? copy(part, mode, partOfAll) : part;
}

function setOpenness(schema: JsonSchema, mode: CheckMode, partOfAll: boolean): void {
  if (mode === "wire") {
    if (schema.additionalProperties === false) delete schema.additionalProperties;
    if (schema.unevaluatedProperties === false) delete schema.unevaluatedProperties;
    return;
  }
  if ("additionalProperties" in schema || "unevaluatedProperties" in schema || partOfAll) return;
  if ("allOf" in schema) schema.unevaluatedProperties = false;
  else if ("properties" in schema && !("patternProperties" in schema)) {
    schema.additionalProperties = false;
  }
}

function discriminated(schema: JsonSchema): JsonSchema {
  const branches = schema.anyOf;
  if (!Array.isArray(branches) || branches.length < 2 || "oneOf" in schema) return schema;
  const propertyName = tagOf(branches);
  if (propertyName === undefined) return schema;
  const { anyOf: _, ...rest } = schema;
  return {
    ...rest,
    type: "object",
    required: [propertyName],
    discriminator: { propertyName },
    oneOf: branches,
  };
}

/** The property that every branch requires with a constant of its own, or `undefined`. */
function tagOf(branches: readonly unknown[]): string | undefined {
  const first = branches[0];
  if (!isSchema(first) || !isSchema(first.properties)) return undefined;
  return Object.keys(first.properties).find((name) => {
    const constants = branches.map((branch) => constantOf(branch, name));
    return !constants.includes(undefined) && new Set(constants).size === branches.length;
  });
}

function constantOf(branch: unknown, name: string): string | undefined {
  if (!isSchema(branch) || branch.type !== "object" || !isSchema(branch.properties))
    return undefined;
  const required = branch.required;
  const property = branch.properties[name];
  if (!Array.isArray(required) || !required.includes(name) || !isSchema(property)) return undefined;
  return typeof property.const === "string" ? property.const : undefined;
}
