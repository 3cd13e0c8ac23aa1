import { type MasterConfig, MasterConfigSchema } from "../contract/config/master.ts";
import { errors, reasonOf } from "../contract/errors.ts";
import type { MasterId } from "../contract/ids.ts";
import type { Clock } from "../contract/ports/clock.ts";
import type { ClusterView } from "../contract/ports/cluster-view.ts";
import type { Leadership } from "../contract/ports/coordinator.ts";
import type { Logger, Verbosity } from "../contract/ports/log.ts";
import type { Metrics } from "../contract/ports/metrics.ts";
import { PEER_SERVER, TRANSPORT, type TransportHandlers } from "../contract/ports/transport.ts";
import type { MasterInfo } from "../contract/schema/agent.ts";
import type { Effect } from "./core/effect.ts";
import { takeSnapshot } from "./core/snapshot/take.ts";
import { type ClusterState, createCluster, nextDeadlineMs } from "./core/state.ts";
import { isRoundDue, step } from "./core/step.ts";
import { flagsOf } from "./host/config-flags.ts";
import { logOnly, showFiles } from "./host/files.ts";
import type { Host } from "./host/host.ts";
import { watchCluster } from "./io/cluster-metrics.ts";
import { type ViewSource, viewOf } from "./io/cluster-view.ts";
import { compileChecks, masterPeers, openDoor } from "./io/door.ts";
import { perform } from "./io/effects.ts";
import type { Journal } from "./io/journal/journal.ts";
import { configuredJournal, recorded, roundsRecorder } from "./io/journal/recorder.ts";
import { Loop, type LoopParts } from "./io/loop.ts";
import { Operators } from "./io/operators.ts";
import { clusterOptions } from "./io/options.ts";
import { Peers } from "./io/peers.ts";
import { startPolicies } from "./io/policy-recovery.ts";
import { queriesOf } from "./io/queries.ts";
import { RegistryWriter } from "./io/registry.ts";
import { ROUND_STEPS_MAX, Rounds } from "./io/rounds.ts";
import type { Statements } from "./io/statements.ts";

/** What a master is made of, beside its plugins. */
export interface MasterParts {
  readonly config: MasterConfig;
  readonly id: MasterId;
  readonly version: string;
  readonly log: Logger;
  readonly verbosity: Verbosity;
  readonly metrics: Metrics & { beforeScrape(refresh: () => void): void };
  readonly clock: Clock;
  /** Names of the built-in policies. */
  readonly builtInPolicies: readonly string[];
  /** Called at most once, when this master must not go on. */
  abort(code: string, message: string): void;
}

/** Everything that exists only while a master leads. */
interface Term {
  readonly state: ClusterState;
  readonly loop: Loop;
  readonly registry: RegistryWriter;
  readonly rounds: Rounds;
  readonly operators: Operators;
  readonly statements: Statements;
  readonly doors: TransportHandlers;
  readonly journal: Journal | undefined;
}

/**
 * The master of one process: shut doors until it leads, then the loop around the cluster's state.
 */
export class Master {
  readonly #parts: MasterParts;
  /** What transports may see of this master, whether it leads or not. */
  readonly view: ClusterView;
  #term: Term | undefined;
  #leader: MasterInfo | undefined;
  #electedMs: number | undefined;
  #aborted = false;

  constructor(parts: MasterParts) {
    this.#parts = parts;
    this.view = viewOf(this.#viewSource());
  }

  /** True from the recovery of the registry until the stop. */
  get isLeading(): boolean {
    return this.#term !== undefined;
  }

  /** Which peers may dial, and how their messages are checked. */
  get peerChecks(): typeof masterPeers {
    return masterPeers;
  }

  /** What transports are given: it refuses everyone until this master leads (G7). */
  readonly door: TransportHandlers = {
    onHello: (peer, hello) => {
      if (this.#term !== undefined) return this.#term.doors.onHello(peer, hello);
      const { code, message, hint = "" } = errors.MASTER_NOT_READY();
      return { accept: false, refusal: { code, message, hint } };
    },
    onMessages: (peer, messages, bytes) => this.#term?.doors.onMessages(peer, messages, bytes),
    onClosed: (peer, reason) => this.#term?.doors.onClosed(peer, reason),
  };

  /** Notes who leads, as far as it is known. */
  setLeader(leader: MasterInfo | undefined): void {
    this.#leader = leader;
  }

  /** Begins to lead: recovers the registry, starts the policy and the loop, and opens the doors. */
  async lead(info: MasterInfo, leadership: Leadership, host: Host): Promise<void> {
    const { config, log, metrics, clock } = this.#parts;
    this.#leader = info;
    this.#electedMs = clock.nowMs();
    const native = host.getAll(TRANSPORT).map(({ server }) => server);
    const servers = [...native, ...host.getAll(PEER_SERVER)];
    compileChecks();
    const options = clusterOptions(config, info);
    const abort = (code: string, message: string): void => this.#abort(code, message);
    const registry = new RegistryWriter(leadership, {
      clock,
      log,
      metrics,
      storeTimeoutMs: config.registryStoreTimeout,
      onFailed: (cause) => abort("REGISTRY_FAILED", String(cause)),
    });
    const entries = await registry.recover(config.weights);
    const state = createCluster(options, clock.nowMs());
    const { rounds, journal, statements } = this.#decisions(state);
    const peers = new Peers();
    await journal?.open();
    const policies = await startPolicies(entries, {
      ...this.#parts,
      ...{ host, state, rounds, registry, builtIn: this.#parts.builtInPolicies },
      publish: (event) => this.#term?.operators.publish(event),
    });
    const operators = new Operators(
      queriesOf(state, policies, { nowMs: () => clock.nowMs(), supervisor: rounds.supervisor }),
      (token, command) => loop.enqueue({ type: "operator", token, command }),
      (count) => loop.enqueue({ type: "listeners", count }),
      () => loop.poke(),
    );
    const written = (token: number): void => loop.enqueue({ type: "registry-written", token });
    const targets = { peers, operators, registry, written, log, abort };
    const parts: LoopParts = {
      step: (input, nowMs, out) => step(state, input, nowMs, out),
      nextDeadlineMs: () => nextDeadlineMs(state),
      roundDue: () => isRoundDue(state),
      allocate: (nowMs, waitedMs) => rounds.decide(state, nowMs, waitedMs),
      commit: (_, release) => release(),
      perform: (effect: Effect) => perform(effect, targets),
      flush: () => {
        for (const server of servers) server.flushAll();
      },
    };
    const fail = (cause: unknown): void => abort("INTERNAL", reasonOf(cause));
    const loop: Loop = new Loop(recorded(parts, journal), { clock, log, metrics, fail });
    watchCluster(state, metrics);
    loop.enqueue({ type: "recovered", entries });
    const doors = openDoor({
      ...{ peers, operators, clock, log },
      serverId: info.id,
      software: `tepui-master/${this.#parts.version}`,
      hasRoom: (inputs, bytes) => loop.hasRoom(inputs, bytes),
      enqueue: (input, bytes) => loop.enqueue(statements.vetted(input), bytes),
    });
    this.#term = { state, loop, registry, rounds, operators, statements, doors, journal };
  }

  /** The rounds of allocation, and the journal that hears of them from the beginning. */
  #decisions(state: ClusterState): {
    rounds: Rounds;
    journal: Journal | undefined;
    statements: Statements;
  } {
    const { config, id, version, log, metrics, clock } = this.#parts;
    const seed = seedOf(id);
    const { options, startedMs } = state;
    const journal = configuredJournal(config, {
      clock,
      log,
      metrics,
      about: { software: version, run: id, startedMs, options, seed, stepsMax: ROUND_STEPS_MAX },
      snapshot: () => ({ state: takeSnapshot(state), round: rounds.round }),
      renewPolicy: () => rounds.supervisor.renew(),
      tell: (event) => this.#term?.operators.publish(event),
    });
    const listener = journal && roundsRecorder(journal);
    const rounds = new Rounds({ seed, clock, metrics, log, listener });
    if (journal !== undefined) rounds.history.listen((event) => journal.policyChanged(event));
    return { rounds, journal, statements: rounds.statements };
  }

  #viewSource(): ViewSource {
    const { config, clock, log, verbosity } = this.#parts;
    const startedMs = clock.nowMs();
    return {
      term: () => this.#term,
      leader: () => this.#leader,
      times: () => ({ startedMs, electedMs: this.#electedMs }),
      turns: () => this.#term?.loop.turns ?? 0,
      flags: flagsOf(MasterConfigSchema, config),
      // The name under which Mesos' masters show it.
      own: { files: showFiles(logOnly("/master/log", config.log.file)), verbosity },
      nowMs: () => clock.nowMs(),
      onListenerFailed: (thrown) => log.error({ reason: reasonOf(thrown) }, "a listener failed"),
    };
  }

  /** Stops stepping, after what was asked of the registry is durable. */
  async stop(): Promise<void> {
    const term = this.#term;
    this.#term = undefined;
    this.#electedMs = undefined;
    if (term === undefined) return;
    await term.registry.settled();
    term.loop.stop();
    // What the journal still held back may ask something of the registry in its turn.
    await term.journal?.close();
    await term.registry.settled();
  }

  #abort(code: string, message: string): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#term?.loop.stop();
    this.#term?.journal?.closeNow(this.#parts.clock.nowMs());
    this.#parts.abort(code, message);
  }
}

/** A seed from the first digits of a master's id, which is random. */
function seedOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) >>> 0;
}
