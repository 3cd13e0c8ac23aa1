import { fileURLToPath } from "node:url";
import { compile } from "../../../contract/check.ts";
import { MasterConfigSchema } from "../../../contract/config/master.ts";
import type { ClusterEvent } from "../../../contract/operator-api.ts";
import type { Leadership } from "../../../contract/ports/coordinator.ts";
import { type Logger, silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import { defaultOptions } from "../../../kernel/core/options.ts";
import { type ClusterState, createCluster } from "../../../kernel/core/state.ts";
import { builtInNames } from "../../../kernel/host/find.ts";
import { startHost } from "../../../kernel/host/host.ts";
import type { Policies } from "../../../kernel/io/policies.ts";
import { startPolicies } from "../../../kernel/io/policy-recovery.ts";
import { RegistryWriter } from "../../../kernel/io/registry.ts";
import { Rounds } from "../../../kernel/io/rounds.ts";
import { systemClock } from "../../../wire/index.ts";
import { testMaster } from "../../support/cluster.ts";
import { temporaryFolder } from "../../support/temporary.ts";

const allocators = fileURLToPath(new URL("../../../dist/plugins/allocators", import.meta.url));
const configs = compile(MasterConfigSchema, "master config");

/** A registry in memory, whose writes can be held up. */
export class MemoryRegistry {
  readonly values = new Map<string, unknown>();
  #held: (() => void)[] | undefined;

  /** Writes wait from now on, until `release`. */
  hold(): void {
    this.#held = [];
  }

  /** Lets the writes that wait go on, and all after them. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const goOn of held) goOn();
  }

  /** The registry as a coordinator gives it. */
  get leadership(): Leadership {
    return {
      epoch: 1,
      lost: new Promise(() => {}),
      read: async () => this.entries(),
      write: async ({ entries }) => {
        if (this.#held !== undefined) await new Promise<void>((goOn) => this.#held?.push(goOn));
        for (const { key, value } of entries) {
          if (value === undefined) this.values.delete(key);
          else this.values.set(key, structuredClone(value));
        }
      },
      resign: async () => {},
    };
  }

  entries(): { readonly key: string; readonly value: unknown }[] {
    return [...this.values].map(([key, value]) => ({ key, value }));
  }
}

/** The policies of a master without its sockets. */
export interface PolicyMaster {
  readonly policies: Policies;
  readonly rounds: Rounds;
  readonly state: ClusterState;
  readonly published: readonly ClusterEvent[];
  readonly warnings: readonly string[];
}

/** Starts the policies as a master does that begins to lead, on a registry that may know some. */
export async function policyMaster(
  registry: MemoryRegistry,
  policy: object = {},
): Promise<PolicyMaster> {
  const dataDir = temporaryFolder("tepui-policies-");
  const checked = configs.check({ policy, dataDir });
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  const config = checked.value;
  const places = { from: dataDir, builtIn: [allocators] };
  const entry = { plugin: config.policy.name, config: config.policy.config };
  const host = await startHost([entry], places);
  const state = createCluster({ ...defaultOptions, master: testMaster }, 0);
  const rounds = new Rounds({
    seed: 1,
    clock: systemClock,
    metrics: silentMetrics,
    log: silentLog,
  });
  const published: ClusterEvent[] = [];
  const warnings: string[] = [];
  const log: Logger = {
    ...silentLog,
    warn: (...words: unknown[]) => warnings.push(words.join(" ")),
  };
  const metrics = { ...silentMetrics, beforeScrape: () => {} };
  const around = { clock: systemClock, log, metrics };
  const policies = await startPolicies(registry.entries(), {
    ...around,
    ...{ config, host, state, rounds, builtIn: builtInNames(places) },
    registry: new RegistryWriter(registry.leadership, {
      ...around,
      storeTimeoutMs: config.registryStoreTimeout,
      onFailed: () => {},
    }),
    publish: (event) => published.push(event),
  });
  return { policies, rounds, state, published, warnings };
}
