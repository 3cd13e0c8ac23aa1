import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { admitPolicy } from "../kernel/allocation/admission.ts";
import type { BenchOptions, Row } from "./harness/bench.ts";
import { HoardingWorkload, type WorkloadOptions } from "./hoarding/workload.ts";

/** Policies with the parameters of their manifests' defaults. */
const POLICIES: readonly (readonly [name: string, params: readonly number[]])[] = [
  ["drf", [0]],
  ["fair", [-1]],
  ["capacity", [0, 0, 1]],
  ["fifo", [1, 0, 1]],
  ["random", []],
  ["condor", []],
  ["quincy", [1, 1, 2, 1_000, 250, 20_000, 0, 4]],
];

const RULES: readonly (readonly [rule: string, options: WorkloadOptions])[] = [
  ["on", {}],
  ["off", { backOffCyclesMax: 0 }],
  ["off, frameworks suppress", { backOffCyclesMax: 0, polite: true }],
];

/**
 * 554 frameworks that give back at once what they do not use, on 80 agents: how many of 19,500
 * tasks are placed, in how many cycles and calls of the policy. A run ends when all are placed,
 * after 2,000 calls, or when nothing was placed in 200.
 */
export async function run({ quick, progress }: BenchOptions): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const [policy, params] of quick ? POLICIES.slice(0, 1) : POLICIES) {
    for (const [rule, options] of RULES) {
      progress(`${policy}, rule ${rule}`);
      const workload = new HoardingWorkload(admitted(policy), { ...options, params });
      const startMs = performance.now();
      workload.run(quick ? 300 : 2_000, 200);
      const tookMs = performance.now() - startMs;
      if (workload.supervisor.standing !== "live") {
        throw new Error(JSON.stringify(workload.supervisor.events));
      }
      const { placed, batches: cycles, rounds: calls } = workload;
      rows.push({ policy, rule, placed, cycles, calls, tookMs: Math.round(tookMs) });
    }
  }
  return rows;
}

function admitted(name: string) {
  const path = `../plugins/allocators/${name}/policy.wasm`;
  return admitPolicy(name, readFileSync(new URL(path, import.meta.url)));
}
