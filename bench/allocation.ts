import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { admitPolicy } from "../kernel/allocation/admission.ts";
import { type PolicySpec, PolicySupervisor } from "../kernel/allocation/supervisor.ts";
import type { AllocationTables } from "../kernel/core/tables.ts";
import { condorRows } from "./allocation/condor.ts";
import { localityRows } from "./allocation/locality.ts";
import { buildCluster, measureCycles, measurePolicy, shownMs } from "./allocation/measure.ts";
import { filterRows, quotaRows } from "./allocation/scenarios.ts";

/** Sizes of issue A; each framework in a role of its own. */
const SIZES: readonly (readonly [agents: number, frameworks: number])[] = [
  [1_000, 10],
  [1_000, 200],
  [5_000, 50],
  [10_000, 200],
  [10_000, 1_000],
  [50_000, 200],
  [50_000, 1_000],
];

/** Policies that are measured beside DRF, at one size. */
const OTHERS = ["fifo", "fair", "capacity", "random", "condor", "quincy"] as const;

/**
 * Times of allocation cycles (see `CycleTimes`), WebAssembly next to plain TypeScript, both
 * verified. The hash of the decisions must be the same for both.
 */
export async function run(options: { quick?: boolean } = {}): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const [agents, frameworks] of options.quick ? SIZES.slice(0, 2) : SIZES) {
    const rounds = options.quick ? 5 : agents > 10_000 ? 41 : 101;
    const wasm = measurePolicy(specOf("drf"), agents, frameworks, rounds);
    const cluster = buildCluster(agents, frameworks);
    const plain = measureCycles(cluster, new PolicySupervisor(), rounds);
    if (wasm.hash !== plain.hash) {
      throw new Error(
        `at ${agents} × ${frameworks}, WebAssembly and TypeScript decided differently`,
      );
    }
    rows.push({
      scenario: "drf",
      agents,
      frameworks,
      fullMs: shownMs(wasm.fullMs),
      changedMs: shownMs(wasm.changedMs),
      idleMs: shownMs(wasm.idleMs),
      plainTsFullMs: shownMs(plain.fullMs),
      plainTsChangedMs: shownMs(plain.changedMs),
      memoryMib: memoryMibOf(agents, frameworks),
      decisionsHash: wasm.hash,
    });
  }
  for (const name of OTHERS) rows.push(otherRow(name, options.quick === true));
  const drf = (tables: AllocationTables) => supervisorFor(tables, "drf");
  rows.push(...quotaRows(drf, options.quick === true), ...filterRows(drf, options.quick === true));
  rows.push(...condorRows(specOf("condor"), options.quick === true));
  const quincy = admitPolicy("quincy", policyBytes("quincy"));
  rows.push(...localityRows(quincy, options.quick === true));
  return rows;
}

/** Times of another policy's cycles. */
function otherRow(name: string, quick: boolean): Record<string, unknown> {
  const [agents, frameworks] = quick ? [1_000, 200] : [10_000, 1_000];
  const { fullMs, changedMs, idleMs, hash } = measurePolicy(
    specOf(name),
    agents,
    frameworks,
    quick ? 5 : 101,
  );
  return {
    scenario: name,
    agents,
    frameworks,
    fullMs: shownMs(fullMs),
    changedMs: shownMs(changedMs),
    idleMs: shownMs(idleMs),
    decisionsHash: hash,
  };
}

/** A supervisor with a shipped policy live. */
function supervisorFor(tables: AllocationTables, name: string): PolicySupervisor {
  const supervisor = new PolicySupervisor();
  supervisor.promote(specOf(name), tables, 0);
  return supervisor;
}

/** A shipped policy with its default parameters. */
function specOf(name: string): PolicySpec {
  return { policy: admitPolicy(name, policyBytes(name)), options: { deadlineMs: 10_000 } };
}

/**
 * How much a process grows by a cluster's tables and its policy over some cycles, in MiB. Measured
 * in a process of its own, where nothing of other sizes can be reused.
 */
function memoryMibOf(agents: number, frameworks: number): number {
  const self = fileURLToPath(import.meta.url);
  const args = ["--expose-gc", self, "memory", String(agents), String(frameworks)];
  return Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
}

function printMemory(agents: number, frameworks: number): void {
  const collect = (globalThis as { gc?: () => void }).gc;
  collect?.();
  const before = process.memoryUsage().rss;
  const cluster = buildCluster(agents, frameworks);
  measureCycles(cluster, supervisorFor(cluster.tables, "drf"), 8);
  collect?.();
  process.stdout.write(String(Math.round((process.memoryUsage().rss - before) / 2 ** 20)));
}

function policyBytes(name: string): Uint8Array {
  // Beside the compiled bench in dist/, or in dist/ beside the sources.
  const beside = import.meta.url.includes("/dist/") ? ".." : "../dist";
  return readFileSync(new URL(`${beside}/plugins/allocators/${name}/policy.wasm`, import.meta.url));
}

if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "memory") {
  printMemory(Number(process.argv[3]), Number(process.argv[4]));
}
