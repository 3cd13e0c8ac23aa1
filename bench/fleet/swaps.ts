import { parseResources } from "../../contract/resources/text.ts";
import type { PolicyEventView } from "../../contract/schema/policy.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import { OperatorClient, Scheduler } from "../../sdk/index.ts";
import type { DaemonProcess } from "./daemon-process.ts";
import { AGENT_RESOURCES, sleep, startAgents, startFrameworks } from "./fleet.ts";
import type { SimulatedFramework } from "./framework.ts";
import { Ledger } from "./ledger.ts";

/** A fleet, and how often and how fast the policy over it is swapped. */
export interface SwapLoad {
  readonly agents: number;
  readonly frameworks: number;
  readonly swaps: number;
  /** Tasks that must be launched between two swaps. */
  readonly launchesPerSwap: number;
  /** Least time that all swaps together take. */
  readonly seconds: number;
  readonly taskMs: number;
}

/** What came of it. */
export interface SwapFigures {
  readonly seconds: number;
  readonly launched: number;
  readonly ends: Readonly<Record<string, number>>;
  /** Tasks without a terminal state at the end. */
  readonly unfinished: readonly string[];
  /** How long the loop of the master was held up by each swap, in its order. */
  readonly pausesMs: readonly number[];
  /** Offers by the policy that they name. */
  readonly offersBy: Readonly<Record<string, number>>;
  /** What the master says has happened to its policies. */
  readonly history: readonly PolicyEventView[];
  /** All that did not add up. */
  readonly problems: readonly string[];
}

/** Agents that keep something for the framework that declines it for good. */
const PICKY_AGENTS = 10;
const HOUR_MS = 3_600_000;

/** Two frameworks whose filters and suppression must outlive every swap. */
class Witnesses {
  readonly #picky: Scheduler;
  readonly #silent: Scheduler;
  readonly #declined = new Set<string>();
  #heard = 0;

  constructor(masters: string, ledger: Ledger) {
    this.#picky = new Scheduler({ name: "picky", masters, roles: ["picky"] });
    this.#picky.on("offers", (offers) => {
      for (const { id, agentId, resources } of offers) {
        // Only what is reserved for it stays the same size, so that the filter goes on to hold.
        if (this.#declined.has(agentId)) {
          ledger.problem(`a filter did not hold: ${agentId} is offered again`);
        }
        const isReserved = resources.some((each) => (each.reservations?.length ?? 0) > 0);
        if (isReserved) this.#declined.add(agentId);
        this.#picky.decline(id, { refuseMs: HOUR_MS });
      }
    });
    this.#silent = new Scheduler({ name: "silent", masters, wantsOffers: false });
    this.#silent.on("offers", (offers) => {
      this.#heard += offers.length;
      for (const { id } of offers) this.#silent.decline(id);
    });
  }

  async ready(): Promise<void> {
    await Promise.all([this.#picky.ready(), this.#silent.ready()]);
    await until("offers of what is reserved", () => this.#declined.size === PICKY_AGENTS);
  }

  /** Leaves without a word; a framework that is not closed dials for ever. */
  async close(): Promise<void> {
    await Promise.all([this.#picky.stop(), this.#silent.stop()]);
  }

  /** Says whether they were left alone, and hear offers again once they want some. */
  async finish(ledger: Ledger): Promise<void> {
    if (this.#heard > 0) ledger.problem(`${this.#heard} offers to a suppressed framework`);
    this.#silent.revive();
    await until("offers after the revival", () => this.#heard > 0);
    await Promise.all([this.#picky.teardown(), this.#silent.teardown()]);
  }
}

/** Waits until something holds; a minute, because machines are shared. */
async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waitedMs = 0; !holds(); waitedMs += 20) {
    if (waitedMs > 60_000) throw new Error(`${what}: not within a minute`);
    await sleep(20);
  }
}

/** The first agents have a part that only the picky framework is offered. */
function resourcesOf(number: number): readonly Resource[] {
  if (number >= PICKY_AGENTS) return AGENT_RESOURCES;
  const reserved = parseResources("cpus(picky):1;mem(picky):512");
  return [...AGENT_RESOURCES, ...(reserved.ok ? reserved.value.resources : [])];
}

/** What the frameworks of a run see of the policies. */
interface Sightings {
  readonly offersBy: Record<string, number>;
  /** Digest of the policy that made the newest offer. */
  newest: string;
}

function launching(
  master: DaemonProcess,
  count: number,
  ledger: Ledger,
  seen: Sightings,
): SimulatedFramework[] {
  return startFrameworks(count, {
    master: master.address,
    ledger,
    onRunning: () => {},
    onEnded: () => {},
    onOffer: ({ id, policy }) => {
      if (policy === undefined) ledger.problem(`offer ${id} names no policy`);
      else seen.offersBy[policy.name] = (seen.offersBy[policy.name] ?? 0) + 1;
      seen.newest = policy?.digest ?? "";
    },
  });
}

/** Promotes one policy after the other, each once there were launches under the one before. */
async function promoteInTurn(
  client: OperatorClient,
  load: SwapLoad,
  policies: readonly string[],
  ledger: Ledger,
  seen: Sightings,
): Promise<number[]> {
  const { live, available } = await client.request("policies", {});
  for (const plugin of policies.filter((name) => available.includes(name))) {
    await client.request("load-policy", { plugin });
  }
  const began = performance.now();
  const pausesMs: number[] = [];
  let at = policies.indexOf(live.name);
  for (let swap = 1; swap <= load.swaps; swap++) {
    at = (at + 1) % policies.length;
    const wanted = ledger.launched + load.launchesPerSwap;
    const name = policies[at] as string;
    const { policy, pauseMs } = await client.request("promote-policy", { name });
    pausesMs.push(pauseMs);
    const isServed = (): boolean => ledger.launched >= wanted && seen.newest === policy.digest;
    await until(`launches under ${name}`, isServed);
    const dueMs = began + (load.seconds * 1_000 * swap) / load.swaps;
    await sleep(Math.max(0, dueMs - performance.now()));
  }
  return pausesMs;
}

/**
 * Swaps the policy of a running master again and again, through all the given ones in turn, while
 * frameworks launch tasks without a break; then lets everything come to its end and looks at the
 * books.
 */
export async function runSwaps(
  master: DaemonProcess,
  load: SwapLoad,
  policies: readonly string[],
): Promise<SwapFigures> {
  const ledger = new Ledger();
  const seen: Sightings = { offersBy: {}, newest: "" };
  const agents = await startAgents({ ...load, master: master.address, ledger, resourcesOf });
  const witnesses = new Witnesses(master.address, ledger);
  const client = await OperatorClient.connect({ masters: master.address, connectMs: 60_000 });
  let frameworks: SimulatedFramework[] = [];
  try {
    // They must decline whole agents: a filter holds back no more than was declined (C8).
    await witnesses.ready();
    frameworks = launching(master, load.frameworks, ledger, seen);
    await until("launches", () => ledger.launched > 0);
    const began = performance.now();
    const pausesMs = await promoteInTurn(client, load, policies, ledger, seen);
    const seconds = (performance.now() - began) / 1_000;
    for (const framework of frameworks) framework.pause();
    await witnesses.finish(ledger);
    await until("the end of all tasks", () => ledger.unfinished.length === 0).catch(() => {});
    const { launched, ends, unfinished, problems } = ledger;
    const { events: history } = await client.request("policy-history", {});
    const { offersBy } = seen;
    return { seconds, launched, ends, unfinished, pausesMs, offersBy, history, problems };
  } finally {
    await witnesses.close();
    await client.close();
    await Promise.all(frameworks.map((framework) => framework.close()));
    await Promise.all(agents.map((agent) => agent.close()));
  }
}
