// Runs inside the machine: the rules of the isolator port, and of the cgroups isolator, against
// the kernel that booted.
import { release } from "node:os";
import { CgroupBench } from "../../isolators/cgroups/bench.ts";
import { machineRules } from "../machine-rules.ts";
import { REPORT, type Report } from "../report.ts";

function report(what: Report): void {
  process.stdout.write(`${REPORT}${JSON.stringify(what)}\n`);
}

async function problemOf(rule: (typeof machineRules)[number]): Promise<string | undefined> {
  const bench = new CgroupBench("v2");
  try {
    await rule.run(bench);
    await bench.close();
    return undefined;
  } catch (thrown) {
    await bench.close().catch(() => {});
    return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  }
}

for (const rule of machineRules) {
  const began = performance.now();
  const problem = await problemOf(rule);
  const ms = Math.round(performance.now() - began);
  report({ rule: rule.name, ms, ...(problem === undefined ? {} : { problem }) });
}
report({ done: true, kernel: release() });
