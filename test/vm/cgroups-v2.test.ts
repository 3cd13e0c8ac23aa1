import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cgroupRules } from "../isolators/cgroups/rules.ts";
import { describeWith } from "../support/require.ts";
import { bootMachine } from "./machine.ts";
import type { Report } from "./report.ts";

/** It takes a minute, and some more where the cores are shared with other work. */
const TIMEOUT_MS = 600_000;

describeWith("cgroup-v2-vm", "cgroups on a v2 kernel in a virtual machine", () => {
  const problems = new Map<string, string | undefined>();
  const waiting = new Map<string, () => void>();
  let ended: string | undefined;
  let machine: Promise<void> = Promise.resolve();

  function take(report: Report): void {
    if ("done" in report) return;
    problems.set(report.rule, report.problem);
    waiting.get(report.rule)?.();
  }

  beforeAll(() => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const entry = "dist/test/vm/guest/main.js";
    machine = bootMachine({ root, entry, memoryMib: 1024, timeoutMs: TIMEOUT_MS, onReport: take })
      .catch((thrown: Error) => {
        ended = thrown.message;
      })
      .finally(() => {
        ended ??= "the machine switched itself off";
        for (const wake of waiting.values()) wake();
      });
  });

  afterAll(() => machine, TIMEOUT_MS);

  for (const rule of cgroupRules.filter(({ only }) => only !== "v1")) {
    test(rule.name, { timeout: TIMEOUT_MS }, async () => {
      if (!problems.has(rule.name) && ended === undefined) {
        await new Promise<void>((resolve) => waiting.set(rule.name, resolve));
      }
      if (!problems.has(rule.name)) expect.fail(`nothing was reported: ${ended}`);
      expect(problems.get(rule.name)).toBeUndefined();
    });
  }
});
