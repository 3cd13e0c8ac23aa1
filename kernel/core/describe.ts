import { printAttributeValue } from "../../contract/resources/attributes.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { Agent, ClusterState, Framework } from "./state.ts";
import type { AttributeValue } from "./tables/agents.ts";

// What policies and their companions are told of agents and frameworks beside quantities.

/**
 * An agent's attributes as the columns carry them: what it states, ranges as text, then its
 * `hostname`, `region` and `zone` unless it states attributes of these names itself.
 */
export function attributesOf({ attributes = [], hostname, domain }: AgentInfo): AttributeValue[] {
  const values: AttributeValue[] = attributes.map((attribute) =>
    attribute.scalar === undefined
      ? { name: attribute.name, text: printAttributeValue(attribute) }
      : { name: attribute.name, number: attribute.scalar },
  );
  const more = { hostname, region: domain?.region, zone: domain?.zone };
  for (const [name, text] of Object.entries(more)) {
    if (text === undefined || attributes.some((attribute) => attribute.name === name)) continue;
    values.push({ name, text });
  }
  return values;
}

/** Tells the tables how an agent describes itself. */
export function describeInTables({ tables }: ClusterState, { row, info }: Agent): void {
  tables.describeAgent(row, info, attributesOf(info));
}

/** Tells the tables how a framework describes itself, for each of its clients. */
export function describeClients({ tables }: ClusterState, { clients, info }: Framework): void {
  for (const { row, role } of clients.values()) {
    if (row < 0 || tables.clients.facts[row]?.framework === info) continue;
    tables.describeClient(row, { framework: info, role: role.name });
  }
}
