import { parse } from "yaml";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";

/**
 * Reads the value of `--config`: an object in JSON or YAML.
 * @throws CLI_USAGE
 */
export function jsonObject(text: string): object {
  try {
    const value: unknown = parse(text, { maxAliasCount: 0 });
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw errors.CLI_USAGE("--config is not an object", "such as --config '{\"port\": 1}'");
  } catch (thrown) {
    if (thrown instanceof TepuiError) throw thrown;
    throw errors.CLI_USAGE(`--config cannot be read: ${reasonOf(thrown)}`);
  }
}
