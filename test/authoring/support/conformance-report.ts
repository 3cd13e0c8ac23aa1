import { expect } from "vitest";
import { tepui } from "../../e2e/support/local-cluster.ts";

/** What `tepui plugin test -o json` prints. */
export interface ConformanceReport {
  readonly ok: boolean;
  readonly name: string;
  readonly kind: string;
  readonly rules: readonly {
    readonly rule: string;
    readonly ok: boolean;
    readonly problem?: string;
    readonly code?: string;
    readonly seed?: number;
    readonly round?: number;
  }[];
}

/**
 * Runs `tepui plugin test` on a folder, as it was built; its exit status has to agree with its
 * report. In a process of its own, where the plugin and the rules share one copy of everything.
 */
export async function conformanceReport(
  folder: string,
  ...more: readonly string[]
): Promise<ConformanceReport> {
  const words = ["plugin", "test", folder, "-o", "json", ...more];
  const { code, stdout, stderr } = await tepui(words).result;
  if (stdout === "") throw new Error(stderr);
  const report = JSON.parse(stdout) as ConformanceReport;
  expect(code).toBe(report.ok ? 0 : 78);
  return report;
}

/** The rules that a report says are broken. */
export function brokenRules({ rules }: ConformanceReport): string[] {
  return rules.filter(({ ok }) => !ok).map(({ rule, problem }) => `${rule}: ${problem}`);
}
