import type { FrameworkCall } from "../../contract/framework-api.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { AllocationRounds } from "../../kernel/allocation/round.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { offersOut } from "../../kernel/core/offers-out.ts";
import { type ClusterOptions, defaultOptions } from "../../kernel/core/options.ts";
import { type ClusterState, createCluster } from "../../kernel/core/state.ts";
import { prepareRound, step } from "../../kernel/core/step.ts";
import { listOf } from "../../kernel/io/rounds.ts";

const master = { id: "bench", hostname: "m", ip: "127.0.0.1", port: 5050, version: "0" };

/** A master's core without sockets, clock or registry: what is written is durable at once. */
export class InProcessMaster {
  readonly state: ClusterState;
  nowMs = 0;
  #peers = 0;

  constructor(options: Partial<ClusterOptions> = {}) {
    this.state = createCluster({ ...defaultOptions, master, ...options }, 0);
    this.step({ type: "recovered", entries: [] });
  }

  /** Steps one input; what the core says to others is dropped. */
  step(input: ClusterInput): void {
    const out: Effect[] = [];
    step(this.state, input, this.nowMs, out);
    for (const effect of out) {
      if (effect.type !== "write-registry") continue;
      this.step({ type: "registry-written", token: effect.token });
    }
  }

  /** Subscribes a framework; gives its peer. */
  subscribe(framework: FrameworkInfo): number {
    const peer = this.#peers++;
    this.call(peer, { type: "subscribe", framework });
    return peer;
  }

  /** Registers an agent; gives its peer. */
  register(agent: AgentInfo): number {
    const peer = this.#peers++;
    const message = { type: "register", agent, version: "0", capabilities: [] as never[] } as const;
    this.step({ type: "agent-message", peer, message });
    return peer;
  }

  call(peer: number, call: FrameworkCall): void {
    this.step({ type: "framework-call", peer, call });
  }

  /** Lets a policy decide a round, whether or not one is due. */
  round(rounds: AllocationRounds, seed = 7): void {
    const { state, nowMs } = this;
    prepareRound(state);
    const decided = rounds.run(state.tables, {
      seed,
      nowMs,
      stepsMax: 200_000,
      expiries: state.filters,
      offers: offersOut(state),
    });
    if (decided === undefined) return;
    const { policy: name, digest, more } = decided;
    const decisions = listOf(decided);
    this.step({ type: "offers-decided", decisions, policy: { name, digest }, more });
  }
}
