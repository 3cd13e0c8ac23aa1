import type { Holder } from "../../../contract/operator/explain-methods.ts";
import { giveBack, NOTHING, type Resources } from "../../../contract/resources.ts";
import type { Agent, Client } from "../state.ts";
import { listed } from "../views/page.ts";
import { countText } from "./words.ts";

interface Held {
  tasks: number;
  executors: number;
  offers: number;
  resources: Resources;
}

/** Who holds what of an agent, those with the most tasks first. */
export function holdersOf(agent: Agent): Holder[] {
  const byClient = new Map<Client, Held>();
  const held = (client: Client): Held => {
    const known = byClient.get(client) ?? { tasks: 0, executors: 0, offers: 0, resources: NOTHING };
    byClient.set(client, known);
    return known;
  };
  for (const task of [...agent.tasks, ...agent.strays.values()]) {
    if (!task.holds) continue;
    const of = held(task.client);
    of.tasks += 1;
    of.resources = giveBack(of.resources, task.resources);
  }
  for (const { client, resources } of agent.executors.values()) {
    const of = held(client);
    of.executors += 1;
    of.resources = giveBack(of.resources, resources);
  }
  for (const { client, wire } of agent.offers) {
    const of = held(client);
    of.offers += 1;
    of.resources = giveBack(of.resources, wire.resources);
  }
  const holders = Array.from(byClient, ([{ framework, role }, of]): Holder => {
    const { tasks, executors, offers, resources } = of;
    return {
      frameworkId: framework.id,
      framework: framework.info.name,
      role: role.name,
      tasks,
      executors,
      offers,
      resources: listed(resources),
    };
  });
  return holders.sort((a, b) => b.tasks - a.tasks || (a.frameworkId < b.frameworkId ? -1 : 1));
}

/** The same in a line: `3 tasks of batch, 1 offer to web`. */
export function holdersText(agent: Agent): string {
  const holders = holdersOf(agent);
  const some = holders.slice(0, 2).map(({ framework, tasks, executors, offers }) => {
    if (tasks > 0) return `${countText(tasks, "task")} of ${framework}`;
    if (offers > 0) return `${countText(offers, "offer")} to ${framework}`;
    return `${countText(executors, "executor")} of ${framework}`;
  });
  if (holders.length > some.length) some.push(`${holders.length - some.length} more`);
  return some.length === 0 ? "held by nobody" : some.join(", ");
}
