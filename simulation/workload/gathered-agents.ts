import { printAttributeValue } from "../../contract/resources/attributes.ts";
import type { Quantities } from "../../contract/resources.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { WorkloadAgents, WorkloadAttribute } from "./model.ts";

/** An agent as it was from some time on. */
export interface SeenAgent {
  readonly about: StatedAgent & { readonly resources: Quantities };
  readonly fromMs: number;
  untilMs: number | undefined;
}

/** What an agent states of itself. */
export interface StatedAgent extends Pick<WorkloadAgents, "attributes" | "domain"> {
  readonly hostname: string;
  /** Whether it states something about the names of agents. */
  readonly namesHosts: boolean;
}

/** Whether a statement goes by the names of agents, so that they have to keep them. */
export function namesHosts(text: string): boolean {
  return /hostname/i.test(text);
}

/** What an agent states; policies see ranges as texts, and so does the workload have them. */
export function statedBy({ hostname, attributes = [], domain }: AgentInfo): StatedAgent {
  const kept = attributes.map((one): WorkloadAttribute => {
    const { name, scalar } = one;
    return scalar === undefined ? { name, text: printAttributeValue(one) } : { name, scalar };
  });
  const names = attributes.some(({ text }) => text !== undefined && namesHosts(text));
  return { hostname, attributes: kept, domain, namesHosts: names };
}
