import { allowed } from "../../contract/check/describe.ts";
import type { JsonSchema } from "../../contract/check/prepare.ts";

/** A field of a config, as documentation, environment variables and flags see it. */
export interface ConfigField {
  /** Names from the top: `["listen", "port"]`. */
  readonly path: readonly string[];
  /** `TEPUI_LISTEN_PORT` */
  readonly variable: string;
  /** `--listen-port` */
  readonly flag: string;
  /** What it may be, in words. */
  readonly words: string;
  /** The default as JSON text; absent when there is none. */
  readonly default?: string;
  readonly description: string;
  readonly schema: JsonSchema;
}

function words(name: string, separator: string): string {
  return name.replace(/[A-Z]/g, (letter) => `${separator}${letter.toLowerCase()}`);
}

/** True for an object whose fields are fixed, so that each is a setting of its own. */
function isSection(schema: JsonSchema): boolean {
  const names = Object.keys((schema.properties as object | undefined) ?? {});
  return schema.type === "object" && schema.additionalProperties !== true && names.length > 0;
}

/** Every setting of a config schema, sections taken apart, in the order of the schema. */
export function configFields(schema: object, path: readonly string[] = []): readonly ConfigField[] {
  const properties = ((schema as JsonSchema).properties ?? {}) as Record<string, JsonSchema>;
  return Object.entries(properties).flatMap(([name, field]) => {
    const own = [...path, name];
    return isSection(field) ? configFields(field, own) : [fieldOf(field, own)];
  });
}

function fieldOf(schema: JsonSchema, path: readonly string[]): ConfigField {
  return {
    path,
    variable: `TEPUI_${path
      .map((name) => words(name, "_"))
      .join("_")
      .toUpperCase()}`,
    flag: `--${path.map((name) => words(name, "-")).join("-")}`,
    words: allowed(schema),
    ...("default" in schema ? { default: JSON.stringify(schema.default) } : {}),
    description: String(schema.description ?? ""),
    schema,
  };
}
