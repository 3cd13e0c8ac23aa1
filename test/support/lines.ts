import { parseResources } from "../../contract/resources/text.ts";
import type { Resource } from "../../contract/resources.ts";

/** Lines with something on them, without the space around them. */
export function linesOf(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Resources from the text syntax. */
export function resourcesOf(text: string): Resource[] {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(`"${text}": ${parsed.message}`);
  return [...parsed.value.resources] as Resource[];
}

/** `key=value` words, and words alone, which are true. */
export function settingsOf(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(words.map((word) => [...word.split("="), "true"].slice(0, 2)));
}
