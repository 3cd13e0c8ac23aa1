import { hostPort } from "../../contract/address.ts";
import type { AgentView, Attribute } from "../../sdk/index.ts";
import { usedCell } from "../cells.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { withMaster } from "../master-client.ts";

const columns = [
  { title: "AGENT" },
  { title: "HOSTNAME" },
  { title: "STATE" },
  { title: "ADDRESS" },
  { title: "TASKS", align: "right" },
  { title: "CPUS", align: "right" },
  { title: "MEM", align: "right" },
  { title: "ATTRIBUTES" },
] as const;

/** An attribute as it is written in an agent's config. */
function attributeText({ name, scalar, ranges, text }: Attribute): string {
  if (scalar !== undefined) return `${name}:${scalar / 1000}`;
  if (ranges !== undefined) {
    return `${name}:[${ranges.map(({ begin, end }) => `${begin}-${end}`).join(",")}]`;
  }
  return `${name}:${text}`;
}

/** A row of `tepui agents`. */
export function agentRow({ agent, state: reached, drain, tasks, used, total }: AgentView) {
  // A drain says more than that no offers are made of the agent, but not that it cannot be reached.
  const isHere = reached === "active" || reached === "inactive";
  const state = isHere && drain !== undefined ? drain.state.toLowerCase() : reached;
  const isBusy = state === "recovering" || state === "draining";
  const tone = state === "active" ? "good" : isBusy ? "busy" : "bad";
  return [
    agent.id,
    agent.hostname,
    { text: state, tone } as const,
    hostPort(agent.ip, agent.port),
    tasks,
    usedCell(used, total, "cpus"),
    usedCell(used, total, "mem"),
    (agent.attributes ?? []).map(attributeText).join(";"),
  ];
}

/** `tepui agents`: the machines of the cluster with what is used of them. */
export const agentsCommand: CliCommand = {
  name: "agents",
  build: (context: CliContext) =>
    masterCommand("agents", "List agents and what is used of them").action(
      (options: MasterOptions) =>
        withMaster(context, options, async (client) => {
          const agents: AgentView[] = [];
          for await (const agent of client.all("agents", {})) agents.push(agent);
          if (context.output.format === "json") context.output.json({ agents });
          else context.output.table(columns, agents.map(agentRow));
          for (const { agent, beyondKinds = [] } of agents) {
            if (beyondKinds.length === 0) continue;
            const names = beyondKinds.join(", ");
            context.output.warn(
              `nobody is offered ${agent.hostname} for its ${names}: too many kinds`,
            );
          }
        }),
    ),
};
