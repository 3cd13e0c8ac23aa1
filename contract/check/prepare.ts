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
export function prepare(schema: JsonSchema, mode: CheckMode, share?: Share): JsonSchema {
  return copy(schema, { mode, share }, false);
}

/**
 * Gives an object schema that stands in many places a name of its own, under which `make` is
 * compiled once; the places then refer to it. Compiling a launch, with a task and all that a task
 * can hold, takes seconds without it.
 */
export type Share = (properties: object, make: () => JsonSchema) => string;

/** What a copy is made for. */
interface Purpose {
  readonly mode: CheckMode;
  readonly share: Share | undefined;
}

/**
 * `partOfAll` is true below `allOf`, where a closed part would refuse the fields of its siblings.
 */
function copy(schema: JsonSchema, purpose: Purpose, partOfAll: boolean): JsonSchema {
  const result: JsonSchema = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (schemaMaps.includes(keyword) && isSchema(value)) {
      result[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, part]) => [name, referred(part, purpose)]),
      );
    } else if (schemaLists.includes(keyword) && Array.isArray(value)) {
      const inAll = partOfAll || keyword === "allOf";
      result[keyword] = value.map((part) => copyAny(part, purpose, inAll));
    } else if (keyword === "items") {
      result[keyword] = referred(value, purpose);
    } else if (schemaSingles.includes(keyword)) {
      result[keyword] = copyAny(value, purpose, keyword === "if" || partOfAll);
    } else {
      result[keyword] = value;
    }
  }
  modernTuple(result, purpose);
  setOpenness(result, purpose.mode, partOfAll);
  return discriminated(result);
}

/**
 * Tuples as typebox writes them (a list of schemas under `items`) are spelled `prefixItems` in
 * draft 2020-12.
 */
function modernTuple(schema: JsonSchema, purpose: Purpose): void {
  if (!Array.isArray(schema.items)) return;
  schema.prefixItems = schema.items.map((part) => copyAny(part, purpose, false));
  schema.items = schema.additionalItems ?? true;
  delete schema.additionalItems;
}

function copyAny(part: unknown, purpose: Purpose, partOfAll: boolean): unknown {
  return isSchema(part) ? copy(part, purpose, partOfAll) : part;
}

/**
 * A reference to a shared copy where the part is an object worth sharing. It is known again by its
 * `properties`, which typebox keeps as they are when it marks a schema as optional.
 */
function referred(part: unknown, purpose: Purpose): unknown {
  if (purpose.share === undefined || !isSchema(part) || !isSchema(part.properties)) {
    return copyAny(part, purpose, false);
  }
  return { $ref: purpose.share(part.properties, () => copy(part, purpose, false)) };
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
