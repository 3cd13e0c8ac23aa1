import { readFileSync } from "node:fs";
import { join } from "node:path";
import { compile, problemLine } from "../../contract/check.ts";
import { errors, reasonOf } from "../../contract/errors.ts";
import { PluginManifestSchema } from "../../contract/plugin-manifest.ts";
import type { PluginManifest } from "../../contract/ports/plugin.ts";
import { MANIFEST_FILE } from "./find.ts";
import { jsonProblem } from "./json-problem.ts";

const validator = compile(PluginManifestSchema, "plugin manifest");

/** A manifest is a page of text; a file larger than this is something else. */
const MANIFEST_BYTES_MAX = 1 << 20;

/**
 * Reads the manifest in a plugin's folder.
 * @throws PLUGIN_MANIFEST_UNREADABLE, PLUGIN_MANIFEST_INVALID
 */
export function readManifest(folder: string): PluginManifest {
  const file = join(folder, MANIFEST_FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    if (text.length > MANIFEST_BYTES_MAX) throw new Error("it is larger than 1 MB");
  } catch (thrown) {
    throw errors.PLUGIN_MANIFEST_UNREADABLE(folder, reasonOf(thrown));
  }
  const mistake = jsonProblem(text);
  if (mistake !== undefined) {
    const { line, column, message } = mistake;
    throw errors.PLUGIN_MANIFEST_UNREADABLE(folder, message, `${file}:${line}:${column}`);
  }
  const checked = validator.check(JSON.parse(text));
  if (!checked.ok) throw errors.PLUGIN_MANIFEST_INVALID(file, checked.problems.map(problemLine));
  const problems = contradictions(checked.value);
  if (problems.length > 0) throw errors.PLUGIN_MANIFEST_INVALID(file, problems);
  return checked.value;
}

/** What a schema cannot say: fields that do not go together. */
function contradictions(manifest: PluginManifest): string[] {
  const problems: string[] = [];
  const isWasm = manifest.entry.endsWith(".wasm");
  const parameters = manifest.parameters ?? [];
  if (isWasm && manifest.kind !== "allocator") {
    problems.push(
      `/entry: must be a .js file for the kind "${manifest.kind}"; only allocators are .wasm`,
    );
  }
  if (parameters.length > 0 && manifest.kind !== "allocator") {
    problems.push("/parameters: only allocators have parameters; use config instead");
  }
  if (manifest.heeds !== undefined && manifest.kind !== "allocator") {
    problems.push("/heeds: only allocators heed shares and guarantees");
  }
  if (manifest.companion !== undefined && !isWasm) {
    problems.push("/companion: only a .wasm entry has a companion");
  }
  parameters.forEach((parameter, at) => {
    const {
      name,
      index,
      min = Number.NEGATIVE_INFINITY,
      max = Number.POSITIVE_INFINITY,
    } = parameter;
    const same = parameters.findIndex((other) => other.name === name || other.index === index);
    if (same < at)
      problems.push(`/parameters/${at}: has the name or the index of /parameters/${same}`);
    if (parameter.default < min || parameter.default > max) {
      problems.push(`/parameters/${at}/default: must be between min and max`);
    }
    if (parameter.whole === true && !Number.isSafeInteger(parameter.default)) {
      problems.push(`/parameters/${at}/default: must be a whole number, as "whole" says`);
    }
  });
  return problems;
}
