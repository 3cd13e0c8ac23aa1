import { join } from "node:path";
import { measurePolicy, shownMs } from "../bench/allocation/measure.ts";
import { errors } from "../contract/errors.ts";
import type { PluginManifest } from "../contract/ports/plugin.ts";
import { policySpec } from "../kernel/allocation/spec.ts";
import type { PolicySpec } from "../kernel/allocation/supervisor.ts";
import { builtInNames } from "../kernel/host/find.ts";
import { readManifest } from "../kernel/host/manifest.ts";
import { policyPlugin } from "./policy-plugin.ts";

/** A size at which policies are compared. */
export interface BenchSize {
  readonly agents: number;
  readonly frameworks: number;
}

/** What is compared. */
export interface BenchOptions {
  /** Folder of the author's plugin.json. */
  readonly folder: string;
  readonly config: object;
  readonly sizes: readonly BenchSize[];
  /** Measured cycles of each kind, of which the medians are taken. */
  readonly rounds: number;
  /** Folders of built-in plugins; the allocators among them are compared with. */
  readonly builtIn: readonly string[];
  readonly onRow?: (row: BenchRow, of: number) => void;
  readonly signal?: AbortSignal;
}

/** Times of one policy at one size, in milliseconds; see `CycleTimes`. */
export interface BenchRow extends BenchSize {
  readonly policy: string;
  readonly fullMs: number;
  readonly changedMs: number;
  readonly idleMs: number;
  readonly decisionsHash: string;
}

/** A policy in this comparison. */
interface Contender {
  readonly manifest: PluginManifest;
  readonly folder: string;
  readonly config: object;
}

/**
 * Measures an author's policy and every shipped one over the same clusters.
 * @throws PLUGIN_… and POLICY_… when a policy is not fit to run, PLUGIN_KIND_WRONG for other kinds
 */
export async function benchPolicy(options: BenchOptions): Promise<readonly BenchRow[]> {
  const { folder, config, sizes, rounds } = options;
  const manifest = readManifest(folder);
  if (manifest.kind !== "allocator") {
    throw errors.PLUGIN_KIND_WRONG(manifest.name, manifest.kind, ["allocator"]);
  }
  const contenders = [{ manifest, folder, config }, ...shipped(options.builtIn)];
  const rows: BenchRow[] = [];
  for (const { agents, frameworks } of sizes) {
    for (const contender of contenders) {
      options.signal?.throwIfAborted();
      const times = measurePolicy(await specOf(contender), agents, frameworks, rounds);
      const row: BenchRow = {
        policy: contender.manifest.name,
        agents,
        frameworks,
        fullMs: shownMs(times.fullMs),
        changedMs: shownMs(times.changedMs),
        idleMs: shownMs(times.idleMs),
        decisionsHash: times.hash,
      };
      rows.push(row);
      options.onRow?.(row, sizes.length * contenders.length);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return rows;
}

function shipped(builtIn: readonly string[]): Contender[] {
  return builtIn
    .flatMap((family) => builtInNames({ from: "", builtIn: [family] }).map((n) => join(family, n)))
    .map((folder) => ({ folder, manifest: readManifest(folder), config: {} }))
    .filter(({ manifest }) => manifest.kind === "allocator");
}

/** With a deadline that is wide of what is measured. */
async function specOf({ manifest, folder, config }: Contender): Promise<PolicySpec> {
  const { policy, options } = policySpec(await policyPlugin(folder, manifest, config));
  return { policy, options: { ...options, deadlineMs: 10_000 } };
}
