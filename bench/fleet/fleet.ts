import type { Resource } from "../../contract/schema/resource.ts";
import { SimulatedAgent } from "./agent.ts";
import { SimulatedFramework, type SimulatedFrameworkOptions } from "./framework.ts";
import type { Ledger } from "./ledger.ts";

/** What every simulated agent has unless told otherwise: 32 cpus and 128 GiB. */
export const AGENT_RESOURCES: readonly Resource[] = [
  { name: "cpus", scalar: 32_000 },
  { name: "mem", scalar: 128 * 1024 * 1000 },
];

/** A fleet of agents to be started. */
export interface AgentFleet {
  readonly master: string;
  readonly agents: number;
  /** How long tasks run. */
  readonly taskMs: number;
  readonly ledger?: Ledger;
  /** What the agent of a number has; default `AGENT_RESOURCES`. */
  readonly resourcesOf?: (number: number) => readonly Resource[];
}

/** Starts agents, and resolves when the master has admitted them all. */
export async function startAgents(fleet: AgentFleet): Promise<SimulatedAgent[]> {
  const { master, taskMs, ledger, resourcesOf = () => AGENT_RESOURCES } = fleet;
  const agents: SimulatedAgent[] = [];
  for (let number = 0; number < fleet.agents; number++) {
    const books = ledger === undefined ? {} : { ledger };
    const hostname = `simulated-${number}`;
    const resources = resourcesOf(number);
    agents.push(new SimulatedAgent({ master, hostname, resources, taskMs, ...books }));
    // A few at a time: the listen queue of a socket is short.
    if (number % 50 === 49) await agents.at(-1)?.registered;
  }
  await Promise.all(agents.map((agent) => agent.registered));
  return agents;
}

/** Starts frameworks in roles of their own, with tasks of one cpu and 1,000 MiB. */
export function startFrameworks(
  count: number,
  options: Pick<SimulatedFrameworkOptions, "master" | "onRunning" | "onEnded"> &
    Partial<SimulatedFrameworkOptions>,
): SimulatedFramework[] {
  return Array.from(
    { length: count },
    (_, number) =>
      new SimulatedFramework({
        name: `framework-${number}`,
        role: `role-${number}`,
        cpusMilli: 1_000,
        memMilli: 1_024_000,
        tasksPerOfferMax: 32,
        ...options,
      }),
  );
}

/** Milliseconds as a promise. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The value below which a share of the sorted values lies. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
