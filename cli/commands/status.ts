import type { OperatorResult } from "../../sdk/index.ts";
import { timeCell, usedCell } from "../cells.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { noteAwaited, withMaster } from "../master-client.ts";

/** Counts by name, without those that are 0; `none` when nothing is left. */
function countsText(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).filter(([, count]) => count > 0);
  return parts.map(([name, count]) => `${count} ${name.toLowerCase()}`).join(", ") || "none";
}

/** The lines of `tepui status`: a name and what there is to say, in the order of the page. */
export function statusRows(
  cluster: OperatorResult<"cluster">,
): readonly (readonly [string, string])[] {
  const { name, master, policy, total, used } = cluster;
  const tasks = Object.fromEntries(
    Object.entries(cluster.tasks).map(([state, count]) => [state.replace(/^TASK_/, ""), count]),
  );
  return [
    ...(name === undefined ? [] : ([["cluster", name]] as const)),
    ["master", `${master.ip}:${master.port} (${master.hostname}), ${master.version}`],
    ["leads since", timeCell(cluster.electedMs ?? cluster.startedMs)],
    ["policy", `${policy.name} ${policy.digest.slice(0, 12)}`],
    ["agents", countsText(cluster.agents)],
    ["frameworks", countsText(cluster.frameworks)],
    ["tasks", countsText(tasks)],
    ["offers out", String(cluster.offers)],
    ["cpus used", usedCell(used, total, "cpus")],
    ["mem used", `${usedCell(used, total, "mem")} MB`],
  ];
}

/** `tepui status`: the cluster at a glance. */
export const statusCommand: CliCommand = {
  name: "status",
  build: (context: CliContext) =>
    masterCommand("status", "Show the cluster at a glance").action((options: MasterOptions) =>
      withMaster(context, options, async (client) => {
        const cluster = await client.request("cluster", {});
        if (context.output.format === "json") context.output.json(cluster);
        else
          for (const [name, text] of statusRows(cluster)) {
            context.output.line(`${`${name}:`.padEnd(13)}${text}`);
          }
        noteAwaited(context, cluster.agents["recovering"] ?? 0);
      }),
    ),
};
