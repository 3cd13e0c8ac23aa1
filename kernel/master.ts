import type { MasterConfig } from "../contract/config/master.ts";
import type { MasterId } from "../contract/ids.ts";
import type { Clock } from "../contract/ports/clock.ts";
import type { Leadership } from "../contract/ports/coordinator.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { Metrics } from "../contract/ports/metrics.ts";
import type { WasmPlugin } from "../contract/ports/plugin.ts";
import type { Transport, TransportHandlers } from "../contract/ports/transport.ts";
import type { MasterInfo } from "../contract/schema/agent.ts";
import type { Effect } from "./core/effect.ts";
import { takeSnapshot } from "./core/snapshot/take.ts";
import { type ClusterState, createCluster, nextDeadlineMs } from "./core/state.ts";
import { isRoundDue, step } from "./core/step.ts";
import { watchCluster } from "./io/cluster-metrics.ts";
import { compileChecks, masterPeers, openDoor } from "./io/door.ts";
import { perform } from "./io/effects.ts";
import type { Journal } from "./io/journal/journal.ts";
import { configuredJournal, recorded, roundsRecorder } from "./io/journal/recorder.ts";
import { Loop, type LoopParts } from "./io/loop.ts";
import { Operators } from "./io/operators.ts";
import { clusterOptions } from "./io/options.ts";
import { Peers } from "./io/peers.ts";
import { queriesOf } from "./io/queries.ts";
import { RegistryWriter } from "./io/registry.ts";
import { ROUND_STEPS_MAX, Rounds } from "./io/rounds.ts";

/** What a master is made of, beside its plugins. */
export interface MasterParts {
  readonly config: MasterConfig;
  readonly id: MasterId;
  readonly version: string;
  readonly log: Logger;
  readonly metrics: Metrics & { beforeScrape(refresh: () => void): void };
  readonly clock: Clock;
  /** Called at most once, when this master must not go on. */
  abort(code: string, message: string): void;
}

/** Everything that exists only while a master leads. */
interface Term {
  readonly state: ClusterState;
  readonly loop: Loop;
  readonly registry: RegistryWriter;
  readonly doors: TransportHandlers;
  readonly journal: Journal | undefined;
}

/**
 * The master of one process: shut doors until it leads, then the loop around the cluster's state.
 */
export class Master {
  readonly #parts: MasterParts;
  #term: Term | undefined;
  #aborted = false;

  constructor(parts: MasterParts) {
    this.#parts = parts;
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
      const message = "this master has not recovered its registry yet";
      return {
        accept: false,
        refusal: { code: "MASTER_NOT_READY", message, hint: "dial again in a moment" },
      };
    },
    onMessages: (peer, messages) => this.#term?.doors.onMessages(peer, messages),
    onClosed: (peer, reason) => this.#term?.doors.onClosed(peer, reason),
  };

  /** Begins to lead: recovers the registry, starts the policy and the loop, and opens the doors. */
  async lead(
    info: MasterInfo,
    leadership: Leadership,
    transports: readonly Transport[],
    policy: WasmPlugin,
  ): Promise<void> {
    const { config, log, metrics, clock } = this.#parts;
    compileChecks();
    const entries = await leadership.read("");
    const state = createCluster(clusterOptions(config, info), clock.nowMs());
    const peers = new Peers();
    const operators = new Operators(
      queriesOf(state),
      (token, command) => loop.enqueue({ type: "operator", token, command }),
      (count) => loop.enqueue({ type: "listeners", count }),
    );
    const { rounds, journal } = await this.#decisions(state, policy, operators);
    const registry = new RegistryWriter(leadership, {
      clock,
      log,
      metrics,
      onWritten: (token) => loop.enqueue({ type: "registry-written", token }),
      onFailed: (cause) => this.#abort("REGISTRY_FAILED", String(cause)),
    });
    const abort = (code: string, message: string): void => this.#abort(code, message);
    const targets = { peers, operators, registry, log, abort };
    const parts: LoopParts = {
      step: (input, nowMs, out) => step(state, input, nowMs, out),
      nextDeadlineMs: () => nextDeadlineMs(state),
      roundDue: () => isRoundDue(state),
      allocate: (nowMs) => rounds.decide(state, nowMs),
      commit: (_, release) => release(),
      perform: (effect: Effect) => perform(effect, targets),
      flush: () => {
        for (const { server } of transports) server.flushAll();
      },
    };
    const fail = (cause: unknown): void => {
      this.#abort("INTERNAL", cause instanceof Error ? cause.message : String(cause));
    };
    const around = { clock, log, metrics, fail };
    const loop = new Loop(journal === undefined ? parts : recorded(parts, journal), around);
    watchCluster(state, metrics);
    loop.enqueue({ type: "recovered", entries });
    const doors = openDoor({
      peers,
      operators,
      serverId: info.id,
      software: `tepui-master/${this.#parts.version}`,
      accepts: () => !loop.full,
      enqueue: (input) => loop.enqueue(input),
    });
    this.#term = { state, loop, registry, doors, journal };
  }

  /** The allocation with its first policy, and the journal that hears of it from the beginning. */
  async #decisions(
    state: ClusterState,
    policy: WasmPlugin,
    operators: Operators,
  ): Promise<{ readonly rounds: Rounds; readonly journal: Journal | undefined }> {
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
      tell: (event) => operators.publish(event),
    });
    const listener = journal && roundsRecorder(journal);
    const rounds = new Rounds(seed, clock.monotonicMs, metrics, listener);
    await journal?.open();
    rounds.promote(policy, state.tables);
    return { rounds, journal };
  }

  /** Stops stepping, after what was asked of the registry is durable. */
  async stop(): Promise<void> {
    const term = this.#term;
    this.#term = undefined;
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
