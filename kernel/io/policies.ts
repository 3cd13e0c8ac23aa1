import { performance } from "node:perf_hooks";
import { errors, TepuiError } from "../../contract/errors.ts";
import { limits } from "../../contract/limits.ts";
import type { OperatorParams, OperatorResult } from "../../contract/operator-api.ts";
import type { NameOf } from "../allocation/comparison.ts";
import { PolicyFault } from "../allocation/faults.ts";
import type { PolicyEvent, PolicyName } from "../allocation/history.ts";
import { forShadow } from "../allocation/spec.ts";
import type { WasmPolicy } from "../allocation/wasm-policy.ts";
import type { RegistryEntry } from "../core/registry.ts";
import type { AllocationTables } from "../core/tables.ts";
import { configuredEntries, policyEntries, recordOf } from "./policy-records.ts";
import type { LoadedPolicy, PolicyShelf } from "./policy-shelf.ts";
import { policyDiff, policyView } from "./policy-views.ts";
import type { Rounds } from "./rounds.ts";
import { Spares } from "./spares.ts";
import { unreadableTo } from "./statements.ts";

/** What the policies of a master are made of. */
export interface PoliciesParts {
  readonly rounds: Rounds;
  readonly shelf: PolicyShelf;
  readonly tables: AllocationTables;
  /** The config file's word on the policy, see `baseOf`. */
  readonly base: string;
  readonly nameOf: NameOf;
  nowMs(): number;
  /** Writes to the registry; resolves when that is durable. */
  persist(entries: readonly RegistryEntry[]): Promise<void>;
}

type Swap = OperatorResult<"promote-policy">;

/**
 * What operators do with the policies of a running master. A change of the live policy is durable
 * before it is made and before it is answered, as weights are (E7, G4), and it is made between two
 * rounds.
 */
export class Policies {
  readonly #parts: PoliciesParts;
  readonly #spares = new Spares();
  /** Changes of what is live come one after the other: each waits for a disk. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: PoliciesParts) {
    this.#parts = parts;
  }

  list(): OperatorResult<"policies"> {
    const { rounds, shelf } = this.#parts;
    const { standing, faultCounts } = rounds.supervisor;
    return {
      live: rounds.live(),
      standing,
      policies: shelf.all().map((loaded) => policyView(loaded, rounds)),
      available: [...shelf.available()],
      faults: Object.fromEntries(faultCounts),
    };
  }

  history(): OperatorResult<"policy-history"> {
    return { events: [...this.#parts.rounds.history.events] };
  }

  /** Loads a policy and tries it out on the tables as they are, so that a bad one is told now. */
  async load(params: OperatorParams<"load-policy">): Promise<OperatorResult<"load-policy">> {
    const { rounds, shelf, tables } = this.#parts;
    let loaded: LoadedPolicy | undefined;
    shelf.expectNew(params);
    try {
      loaded = await shelf.load(params);
      this.#spares.put(rounds.tryOut(loaded.spec, tables));
    } catch (thrown) {
      const { sent, plugin = String(sent?.manifest["name"]), as } = params;
      const name = loaded?.plugin.name ?? as ?? plugin;
      if (loaded !== undefined) await shelf.unload(name);
      this.#refused({ name, digest: loaded?.plugin.digest ?? "" }, thrown);
      throw thrown;
    }
    this.#note(loaded.plugin, { what: "loaded" });
    return { policy: policyView(loaded, rounds) };
  }

  unload({ name }: OperatorParams<"unload-policy">): Promise<object> {
    // In turn: a promotion that waits for the registry has named it already.
    return this.#inTurn(async () => {
      const { shelf } = this.#parts;
      const { supervisor, shadows } = this.#parts.rounds;
      const { plugin } = shelf.get(name);
      if (name === supervisor.live?.name) throw errors.POLICY_LIVE(name, "unloaded");
      if (name === supervisor.previous?.name) {
        throw errors.POLICY_IN_USE(name, "it is kept for a rollback");
      }
      if (name === shelf.configured) throw errors.POLICY_IN_USE(name, "the config file names it");
      if (shadows.isRunning(name)) {
        const hint = `\`tepui policy shadow ${name} --stop\` ends that`;
        throw errors.POLICY_IN_USE(name, "it runs as a shadow", hint);
      }
      await shelf.unload(name);
      this.#spares.drop(name);
      shadows.forget(name);
      this.#note(plugin, { what: "unloaded" });
      return {};
    });
  }

  shadow({ name, rounds: most }: OperatorParams<"shadow-policy">): OperatorResult<"shadow-policy"> {
    const { rounds, shelf, tables, nameOf } = this.#parts;
    const { shadows, supervisor } = rounds;
    const { plugin, spec } = shelf.get(name);
    if (name === supervisor.live?.name) throw errors.POLICY_LIVE(name, "its own shadow");
    if (!shadows.isRunning(name) && shadows.running >= limits.shadowsMax) {
      throw errors.POLICY_TOO_MANY("shadow runs", limits.shadowsMax);
    }
    const roundsMax = most === undefined ? {} : { roundsMax: most };
    const options = { spec: forShadow(spec), nameOf, nowMs: this.#parts.nowMs(), ...roundsMax };
    this.#orRefused(plugin, () => shadows.start(options, tables, rounds.round));
    return { policy: plainName(plugin), live: rounds.live() };
  }

  stopShadow({ name }: OperatorParams<"stop-shadow">): object {
    const { shadows, round } = this.#parts.rounds;
    const wanted = name ?? theOnly(this.#runningShadows());
    if (!shadows.stop(wanted, round)) throw errors.POLICY_NO_SHADOW(wanted);
    return {};
  }

  /** The run that is named, or the one that is under way, or the last one there was. */
  diff({ name, limit }: OperatorParams<"policy-diff">): OperatorResult<"policy-diff"> {
    const { rounds, tables } = this.#parts;
    const running = this.#runningShadows();
    const wanted = name ?? theOnly(running.length > 0 ? running : rounds.shadows.names.slice(-1));
    const report = rounds.shadows.report(wanted, tables.kindNames);
    if (report === undefined) throw errors.POLICY_NO_SHADOW(wanted);
    return policyDiff(report, limit);
  }

  promote({ name }: OperatorParams<"promote-policy">): Promise<Swap> {
    return this.#inTurn(() => {
      const { rounds, shelf, tables } = this.#parts;
      const next = shelf.get(name);
      if (name === rounds.supervisor.live?.name) throw errors.POLICY_LIVE(name, "promoted");
      const ready = timed(() => this.#orRefused(next.plugin, () => this.#ready(next)));
      return this.#swap(next, ready.tookMs, () => {
        const idle = rounds.supervisor.promote(next.spec, tables, rounds.round, ready.value);
        if (idle !== undefined) this.#spares.put(idle);
      });
    });
  }

  rollback(): Promise<Swap> {
    return this.#inTurn(() => {
      const { rounds, shelf, tables } = this.#parts;
      const { supervisor } = rounds;
      if (supervisor.previous === undefined) throw errors.POLICY_NONE_BEFORE();
      const next = shelf.get(supervisor.previous.name);
      return this.#swap(next, 0, () => supervisor.rollback(tables, rounds.round));
    });
  }

  /** Sets fields of a policy's config, of the live one if none is named; null unsets one. */
  configure(
    params: OperatorParams<"configure-policy">,
  ): Promise<OperatorResult<"configure-policy">> {
    return this.#inTurn(async () => {
      const { rounds, shelf, tables } = this.#parts;
      const { supervisor, shadows } = rounds;
      const name = params.name ?? rounds.live().name;
      const merged = Object.entries({ ...shelf.get(name).given, ...params.config });
      const given = Object.fromEntries(merged.filter(([, value]) => value !== null));
      const next = shelf.withConfig(name, given);
      // Parameters are only written down; another companion means another instance, which may fail.
      const { companion } = next.spec.options;
      if (companion !== undefined)
        this.#orRefused(next.plugin, () => rounds.tryOut(next.spec, tables));
      const isLive = name === supervisor.live?.name;
      const as = ({ name: of }: PolicyName): LoadedPolicy => (of === name ? next : shelf.get(of));
      const isKept = isLive || name === supervisor.previous?.name;
      if (isKept || name === shelf.configured) {
        const { live, previous } = supervisor;
        await this.#persist(live && as(live), previous && as(previous), next);
      }
      shelf.replace(next);
      this.#spares.drop(name);
      supervisor.configure(next.spec);
      if (isLive) rounds.touchAll(tables);
      this.#note(next.plugin, { what: "configured", detail: JSON.stringify(given) });
      if (isLive) shadows.liveChanged(rounds.round);
      else shadows.configure(forShadow(next.spec), rounds.round);
      return { policy: policyView(next, rounds) };
    });
  }

  /** An instance that may become live: one that is kept or spare, or else one that starts now. */
  #ready({ plugin, spec }: LoadedPolicy): WasmPolicy | undefined {
    const { rounds, tables } = this.#parts;
    if (plugin.name === rounds.supervisor.previous?.name) return undefined;
    return this.#spares.take(plugin.name, tables) ?? rounds.tryOut(spec, tables);
  }

  /** Makes a policy live: durable first, then between two rounds; or it was as if nothing was. */
  async #swap(next: LoadedPolicy, triedMs: number, act: () => unknown): Promise<Swap> {
    const { rounds, tables } = this.#parts;
    const { supervisor, history, shadows } = rounds;
    const [live, previous] = [supervisor.live, supervisor.previous];
    const keeps = supervisor.keptBeside(next.spec);
    await this.#persist(next, this.#loaded(keeps));
    const before = rounds.live();
    let tookMs = 0;
    try {
      tookMs = timed(act).tookMs;
    } catch (thrown) {
      // The tables have grown meanwhile, and it wants none of them at that size.
      await this.#persist(this.#loaded(live), this.#loaded(previous));
      this.#refused(next.plugin, thrown);
      throw thrown;
    }
    if (supervisor.previous !== keeps) {
      await this.#persist(next, this.#loaded(supervisor.previous));
    }
    shadows.liveChanged(rounds.round);
    // What the policy before had no use for, this one may.
    rounds.touchAll(tables);
    const tookOver = history.events.at(-1)?.tookOver === true;
    const pauseMs = triedMs + tookMs;
    const { name } = next.plugin;
    const { companion } = next.spec.options;
    const unreadable = unreadableTo({ name, companion }, tables, this.#parts.nameOf);
    return { policy: plainName(next.plugin), previous: before, tookOver, pauseMs, unreadable };
  }

  /** `changed` has another config now; that of the config file's policy lasts in any case. */
  #persist(
    live: LoadedPolicy | undefined,
    previous: LoadedPolicy | undefined,
    changed?: LoadedPolicy,
  ): Promise<void> {
    const { base, persist, shelf } = this.#parts;
    const entries = policyEntries(recordOf(live, base), recordOf(previous, base));
    if (changed?.plugin.name !== shelf.configured) return persist(entries);
    return persist([...entries, ...configuredEntries(recordOf(changed, base))]);
  }

  #loaded(policy: PolicyName | undefined): LoadedPolicy | undefined {
    return policy && this.#parts.shelf.get(policy.name);
  }

  #runningShadows(): readonly string[] {
    const { shadows } = this.#parts.rounds;
    return shadows.names.filter((name) => shadows.isRunning(name));
  }

  /** One change after the other; one that was refused does not hold up the next. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #orRefused<T>(policy: PolicyName, act: () => T): T {
    try {
      return act();
    } catch (thrown) {
      this.#refused(policy, thrown);
      throw thrown;
    }
  }

  #refused(policy: PolicyName, thrown: unknown): void {
    if (!(thrown instanceof TepuiError)) return;
    const row =
      thrown instanceof PolicyFault && thrown.row !== undefined ? { row: thrown.row } : {};
    this.#note(policy, { what: "refused", code: thrown.code, detail: thrown.message, ...row });
  }

  #note(policy: PolicyName, event: Pick<PolicyEvent, "what"> & Partial<PolicyEvent>): void {
    const { history, supervisor, round } = this.#parts.rounds;
    history.note({ round, ...plainName(policy), standing: supervisor.standing, ...event });
  }
}

/** Without whatever else is known of it. */
function plainName({ name, digest }: PolicyName): PolicyName {
  return { name, digest };
}

function timed<T>(act: () => T): { readonly value: T; readonly tookMs: number } {
  const began = performance.now();
  const value = act();
  return { value, tookMs: performance.now() - began };
}

/** The only shadow run, where none was named. */
function theOnly(names: readonly string[]): string {
  const [name, ...others] = names;
  if (name === undefined) throw errors.POLICY_NO_SHADOW(undefined);
  if (others.length > 0) throw errors.POLICY_SHADOW_AMBIGUOUS(names);
  return name;
}
