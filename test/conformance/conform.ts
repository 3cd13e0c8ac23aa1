import { test } from "vitest";
import type { Rule } from "../../conformance/rule.ts";

/** Every rule of a port as a test of one plugin. */
export function conform<Subject>(
  name: string,
  rules: readonly Rule<Subject>[],
  subject: Subject,
): void {
  for (const rule of rules) test(`${name}: ${rule.name}`, () => rule.run(subject, () => {}));
}

/** The rule that begins so, to be run against a plugin that breaks it. */
export function ruleNamed<Subject>(rules: readonly Rule<Subject>[], start: string): Rule<Subject> {
  const rule = rules.find(({ name }) => name.startsWith(start));
  if (rule === undefined) throw new Error(`there is no rule "${start}"`);
  return rule;
}
