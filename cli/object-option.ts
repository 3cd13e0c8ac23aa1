import { existsSync, readFileSync } from "node:fs";
import { errors, reasonOf, TepuiError } from "../contract/errors.ts";
import { yamlValue } from "../kernel/host/yaml-text.ts";

/** What a config option may be: an object, in JSON or YAML. */
type ConfigObject = Readonly<Record<string, unknown>>;

/**
 * Reads the value of `--config`: an object as JSON or YAML.
 * @throws CLI_USAGE
 */
export function objectOption(text: string): ConfigObject {
  try {
    const value: unknown = yamlValue(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as ConfigObject;
    }
    throw errors.CLI_USAGE(
      "--config is no object, and no file that is there",
      "such as --config '{\"port\": 1}'",
    );
  } catch (thrown) {
    if (thrown instanceof TepuiError) throw thrown;
    throw errors.CLI_USAGE(`--config cannot be read: ${reasonOf(thrown)}`);
  }
}

/** The same where a file may be named instead. */
export function objectOrFile(text: string): ConfigObject {
  return objectOption(existsSync(text) ? readFileSync(text, "utf8") : text);
}

/**
 * Collects `NAME=VALUE` given once or several times; values are read as JSON or YAML, so that
 * numbers are numbers.
 * @throws CLI_USAGE
 */
export function settings(text: string, before: ConfigObject = {}): ConfigObject {
  const equals = text.indexOf("=");
  if (equals <= 0) throw errors.CLI_USAGE(`"${text}" is not of the form NAME=VALUE`);
  const name = text.slice(0, equals);
  if (equals === text.length - 1) {
    throw errors.CLI_USAGE(
      `${name} is given no value`,
      "null unsets it, and '\"\"' is an empty text",
    );
  }
  try {
    return { ...before, [name]: yamlValue(text.slice(equals + 1)) };
  } catch (thrown) {
    throw errors.CLI_USAGE(`the value of ${name} cannot be read: ${reasonOf(thrown)}`);
  }
}
