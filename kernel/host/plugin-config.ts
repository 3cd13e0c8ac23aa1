import { compileJsonSchema, problemLine, schemaProblem } from "../../contract/check.ts";
import { errors, reasonOf } from "../../contract/errors.ts";
import type { PluginManifest } from "../../contract/ports/plugin.ts";

/**
 * The schema of a plugin's config: what its manifest says, and a field for each policy parameter.
 */
export function configSchemaOf(manifest: PluginManifest): Record<string, unknown> {
  const own = (manifest.config ?? { type: "object", properties: {} }) as Record<string, unknown>;
  const parameters = manifest.parameters ?? [];
  if (parameters.length === 0) return own;
  const fields = parameters.map(({ name, default: value, min, max, whole, description }) => [
    name,
    {
      type: whole === true ? "integer" : "number",
      default: value,
      description,
      ...(min === undefined ? {} : { minimum: min }),
      ...(max === undefined ? {} : { maximum: max }),
    },
  ]);
  const properties = {
    ...(own["properties"] as object | undefined),
    ...Object.fromEntries(fields),
  };
  return { ...own, type: "object", properties };
}

function checkedBy(name: string, schema: Record<string, unknown>, config: unknown) {
  try {
    return compileJsonSchema(schema, `config of ${name}`).check(config);
  } catch (thrown) {
    // One that refers to itself for the same value uses up the stack.
    const isEndless = thrown instanceof RangeError;
    const reason = isEndless ? "it refers to itself without end" : reasonOf(thrown);
    throw errors.PLUGIN_CONFIG_SCHEMA(name, reason);
  }
}

/**
 * The config of a plugin, checked by the plugin's own schema, with defaults filled in.
 * @throws PLUGIN_CONFIG_SCHEMA when the schema is none, PLUGIN_CONFIG_INVALID with every problem.
 */
export function pluginConfig(name: string, manifest: PluginManifest, config: unknown): unknown {
  const schema = configSchemaOf(manifest);
  const problem = schemaProblem(schema);
  if (problem !== undefined) throw errors.PLUGIN_CONFIG_SCHEMA(name, problem);
  const checked = checkedBy(name, schema, config ?? {});
  if (checked.ok) return checked.value;
  throw errors.PLUGIN_CONFIG_INVALID(name, checked.problems.map(problemLine));
}
