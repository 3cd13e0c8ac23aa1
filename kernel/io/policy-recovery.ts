import { join } from "node:path";
import type { MasterConfig } from "../../contract/config/master.ts";
import { reasonOf, TepuiError } from "../../contract/errors.ts";
import type { ClusterEvent } from "../../contract/operator-api.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import type { ClientName } from "../allocation/comparison.ts";
import type { PolicyName } from "../allocation/history.ts";
import type { RegistryEntry } from "../core/registry.ts";
import type { ClusterState } from "../core/state.ts";
import type { Host } from "../host/host.ts";
import { Policies } from "./policies.ts";
import {
  baseOf,
  configuredEntries,
  type PolicyRecord,
  policyEntries,
  recordedPolicies,
} from "./policy-records.ts";
import { reportPolicies } from "./policy-reports.ts";
import { type LoadedPolicy, PolicyShelf } from "./policy-shelf.ts";
import type { RegistryWriter } from "./registry.ts";
import type { Rounds } from "./rounds.ts";

/** What it takes to start the policies of a master that begins to lead. */
export interface PolicyRecovery {
  readonly config: MasterConfig;
  readonly host: Pick<Host, "get" | "add" | "remove">;
  /** Names of the built-in policies. */
  readonly builtIn: readonly string[];
  readonly state: ClusterState;
  readonly rounds: Rounds;
  readonly registry: RegistryWriter;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics & { beforeScrape(refresh: () => void): void };
  publish(event: ClusterEvent): void;
}

/**
 * Starts the policy that is to be live when this master begins to lead: the one that an operator
 * promoted last, as long as the config file has not been edited since; else that of the file. A
 * promoted policy that cannot be had any more stays in the registry, and the file's one runs.
 * @throws PolicyFault when the file's own policy does not start
 */
export async function startPolicies(
  entries: readonly RegistryEntry[],
  parts: PolicyRecovery,
): Promise<Policies> {
  const { config, rounds, state, registry, host, builtIn, clock } = parts;
  const { tables } = state;
  const base = baseOf(config.policy);
  const shelf = new PolicyShelf({
    host,
    folder: join(config.dataDir, "policies"),
    configured: { ...config.policy.config },
    builtIn,
  });
  const persist = (changes: readonly RegistryEntry[]): Promise<void> =>
    new Promise((written) => registry.write(changes, written));
  reportPolicies(rounds, parts);
  const { live, previous, configured, isOutdated } = recordedPolicies(entries, base);
  if (isOutdated) {
    parts.log.warn("the config file's policy was edited after another one was promoted: it wins");
    await persist([...policyEntries(undefined, undefined), ...configuredEntries(undefined)]);
  }
  const recovery = { rounds, shelf, state };
  await restored(configured, recovery);
  const kept = await restored(previous, recovery);
  const promoted = await restored(live, recovery);
  if (promoted === undefined || !started(promoted, recovery)) {
    const { spec } = shelf.get(shelf.configured);
    rounds.supervisor.start(spec, tables, "the config file names it");
  }
  if (kept !== undefined && kept.plugin.name !== rounds.live().name) {
    rounds.supervisor.keep(kept.spec);
  }
  const nameOf = (row: number): ClientName | undefined => clientIn(state, row);
  const nowMs = (): number => clock.nowMs();
  return new Policies({ rounds, shelf, tables, base, nameOf, nowMs, persist });
}

interface Recovery {
  readonly rounds: Rounds;
  readonly shelf: PolicyShelf;
  readonly state: ClusterState;
}

async function restored(
  record: PolicyRecord | undefined,
  recovery: Recovery,
): Promise<LoadedPolicy | undefined> {
  if (record === undefined) return undefined;
  try {
    return await recovery.shelf.restore(record);
  } catch (thrown) {
    refused(record, thrown, recovery);
    return undefined;
  }
}

function started({ plugin, spec }: LoadedPolicy, recovery: Recovery): boolean {
  const { rounds, state } = recovery;
  try {
    rounds.supervisor.start(spec, state.tables, "an operator made it live before");
    return true;
  } catch (thrown) {
    refused(plugin, thrown, recovery);
    return false;
  }
}

function refused({ name, digest }: PolicyName, thrown: unknown, { rounds }: Recovery): void {
  if (!(thrown instanceof TepuiError)) throw thrown;
  const { history, supervisor, round } = rounds;
  const { standing } = supervisor;
  const detail = reasonOf(thrown);
  history.note({ round, what: "refused", name, digest, standing, code: thrown.code, detail });
}

function clientIn({ clientRows }: ClusterState, row: number): ClientName | undefined {
  const client = clientRows[row];
  if (client === undefined) return undefined;
  const { framework, role } = client;
  return { frameworkId: framework.id, name: framework.info.name, role: role.name };
}
