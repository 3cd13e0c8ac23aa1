import type { AgentMessage } from "../../contract/agent-api.ts";
import type { FrameworkCall } from "../../contract/framework-api.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput, OfferDecision, OperatorCommand } from "../../kernel/core/event.ts";
import { checkFilterBits, invariants } from "../../kernel/core/invariants.ts";
import { wouldBeOffer } from "../../kernel/core/offers.ts";
import { type ClusterOptions, defaultOptions } from "../../kernel/core/options.ts";
import { type ClusterState, createCluster, nextDeadlineMs } from "../../kernel/core/state.ts";
import { isRoundDue, prepareRound, step } from "../../kernel/core/step.ts";
import { act, setUp } from "./cluster-words.ts";
import { linesOf } from "./lines.ts";
import { Recorder } from "./recorder.ts";
import { type Names, render } from "./render.ts";
import { stepWithTwin } from "./twin.ts";

/** Who the master of a test is. */
export const testMaster = {
  id: "m",
  hostname: "master.test",
  ip: "10.0.0.1",
  port: 5050,
  version: "0.1.0",
};

/** Decides a round as a test wants it: the first client in the tables takes all of an agent. */
export function firstComes(state: ClusterState): OfferDecision[] {
  const decisions: OfferDecision[] = [];
  for (const agentRow of state.tables.candidates) {
    const agent = state.agentRows[agentRow];
    if (agent === undefined || !state.tables.agents.offerable(agentRow)) continue;
    const clientRow = state.clientRows.findIndex(
      (client, row) =>
        client !== undefined &&
        state.tables.clients.offerable(row) &&
        !state.tables.filters.get(row, agentRow) &&
        wouldBeOffer(state, agent, client).length > 0,
    );
    if (clientRow >= 0) decisions.push({ agentRow, clientRow, whole: true });
  }
  return decisions;
}

/**
 * A cluster in the words of its domain, for tests that are tables (habit 20). The first text says
 * what there is; `do` says what happens, one line a thing; `expect` lists everything that anybody
 * was told since, in order. After every step the invariants are checked, and that a cluster
 * restored from a snapshot would have done the same; what nobody reads fails.
 */
export class TestCluster {
  readonly state: ClusterState;
  readonly recorder = new Recorder();
  readonly names: Names = { frameworks: new Map(), agents: new Map(), former: new Map() };
  readonly offers: Offer[] = [];
  readonly registry = new Map<string, unknown>();
  /** Agents that do not answer pings. */
  readonly silent = new Set<string>();
  decide: (state: ClusterState) => OfferDecision[] = firstComes;
  /** The policy says that time alone may change what it decides. */
  lookAgain = false;
  /** While false, writes of the registry wait in `heldWrites`. */
  writesAtOnce = true;
  readonly heldWrites: number[] = [];
  /** Uuid of the last update of each task. */
  readonly uuids = new Map<string, string>();
  nowMs = 1_000_000;
  nextPeer = 1;
  nextToken = 1;
  #transcript: string[] = [];
  #ticks = 0;

  constructor(text: string, options: Partial<ClusterOptions>, registry: [string, unknown][] = []) {
    this.state = createCluster({ ...defaultOptions, master: testMaster, ...options }, this.nowMs);
    for (const [key, value] of registry) this.registry.set(key, value);
    const entries = registry.map(([key, value]) => ({ key, value }));
    this.input({ type: "recovered", entries });
    setUp(this, text);
    this.#transcript = [];
  }

  /** Steps one input, performs its effects, and runs a round if one is due, as the loop does. */
  input(input: ClusterInput): void {
    this.#step(input);
    if ((nextDeadlineMs(this.state) ?? Infinity) <= this.nowMs) this.#step({ type: "tick" });
    this.settle();
  }

  #step(input: ClusterInput): void {
    const out: Effect[] = [];
    // Ticks are many, and mostly do nothing.
    const twins = input.type !== "tick" || this.#ticks++ % 16 === 0;
    (twins ? stepWithTwin : step)(this.state, input, this.nowMs, out);
    invariants(this.state);
    const writes = this.recorder.apply(out);
    for (const sent of this.recorder.unread) {
      const line = render(this.names, sent, this.offers);
      if (line !== undefined) this.#transcript.push(line);
      this.#answerPing(sent.to);
    }
    this.recorder.forget();
    for (const { token, entries } of writes) {
      this.heldWrites.push(token);
      for (const { key, value } of entries) {
        if (value === undefined) this.registry.delete(key);
        else this.registry.set(key, value);
      }
    }
    if (this.writesAtOnce) this.write();
  }

  /** The registry has everything that it was asked for. */
  write(): void {
    for (const token of this.heldWrites.splice(0)) this.#step({ type: "registry-written", token });
  }

  #answerPing(peer: number): void {
    const agent = this.state.agentPeers.get(peer);
    if (agent === undefined || this.silent.has(agent.info.hostname)) return;
    agent.heard = true;
  }

  /** Runs the rounds that are due, if any are. */
  settle(): void {
    while (isRoundDue(this.state)) {
      prepareRound(this.state);
      checkFilterBits(this.state);
      const decisions = this.decide(this.state);
      this.state.tables.dropCandidates(this.state.tables.candidates.length);
      const policy = { name: "test", digest: "0" };
      const { lookAgain } = this;
      this.#step({ type: "offers-decided", decisions, policy, lookAgain });
    }
  }

  /** Lets time pass, stopping at every deadline. */
  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const next = nextDeadlineMs(this.state);
      if (next === undefined || next > untilMs) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.input({ type: "tick" });
    }
    this.nowMs = untilMs;
  }

  /** What happens, a line each; see `cluster-words.ts` for the words. */
  do(text: string): void {
    for (const line of linesOf(text)) act(this, line);
  }

  /** Everything that was told since the last time, in order, whatever else is said in brackets. */
  expect(text: string): void {
    const told = this.#transcript.splice(0);
    const wanted = linesOf(text);
    if (told.join("\n") === wanted.join("\n")) return;
    throw new Error(`expected:\n${wanted.join("\n")}\n\ntold:\n${told.join("\n")}\n`);
  }

  /** As `expect`, for things whose order says nothing. */
  expectInAnyOrder(text: string): void {
    this.#transcript.sort();
    this.expect(linesOf(text).sort().join("\n"));
  }

  /** What was told since the last time, for tests that look for themselves. */
  told(): string[] {
    return this.#transcript.splice(0);
  }

  call(framework: string, call: FrameworkCall): void {
    this.input({ type: "framework-call", peer: this.peerOf(framework), call });
  }

  say(agent: string, message: AgentMessage): void {
    this.input({ type: "agent-message", peer: this.peerOf(agent), message });
  }

  /** Answer to an operator's command, once the registry has what it needs. */
  operate(command: OperatorCommand): { result?: unknown; code?: string } {
    const token = this.nextToken++;
    this.input({ type: "operator", token, command });
    return this.answer(token) ?? {};
  }

  /** What an operator was answered, if that has happened. */
  answer(token: number): { result?: unknown; code?: string } | undefined {
    return this.recorder.replies.find((reply) => reply.token === token);
  }

  peerOf(name: string): number {
    const peer = this.names.frameworks.get(name)?.peer ?? this.names.agents.get(name)?.peer;
    if (peer === undefined) throw new Error(`${name} has no connection`);
    return peer;
  }

  /** Fails if something that was told has not been expected. `scenario` calls it. */
  done(): void {
    if (this.#transcript.length === 0) return;
    throw new Error(`unread:\n${this.#transcript.join("\n")}`);
  }
}
