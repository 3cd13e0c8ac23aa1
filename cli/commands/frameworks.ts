import { printQuantities } from "../../contract/resources/text.ts";
import type { FrameworkView } from "../../sdk/index.ts";
import { scalarCell, timeCell } from "../cells.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { awaitedAgents, noteAwaited, withMaster } from "../master-client.ts";

const columns = [
  { title: "FRAMEWORK" },
  { title: "NAME" },
  { title: "STATE" },
  { title: "ROLES" },
  { title: "TASKS", align: "right" },
  { title: "ENDED", align: "right" },
  { title: "OFFERS", align: "right" },
  { title: "CPUS", align: "right" },
  { title: "MEM", align: "right" },
  { title: "REGISTERED" },
] as const;

/** Shown when some framework states one of them. */
const statedColumns = [{ title: "PRIORITY", align: "right" }, { title: "DEMAND" }] as const;

/** What a framework stated for policies that go by it. */
function statedCells({ framework, demand = {} }: FrameworkView) {
  const amounts = Object.entries(demand).map(([role, one]) => `${role}: ${printQuantities([one])}`);
  return [framework.priority ?? "-", amounts.join(", ") || "-"];
}

/** The table of `tepui frameworks`. */
function tableOf(views: readonly FrameworkView[]) {
  const rows = views.map(frameworkRow);
  const states = ({ framework, demand }: FrameworkView): boolean =>
    framework.priority !== undefined || demand !== undefined;
  if (!views.some(states)) return { columns, rows };
  const stated = views.map((view, at) => [...(rows[at] ?? []), ...statedCells(view)]);
  return { columns: [...columns, ...statedColumns], rows: stated };
}

/** A row of `tepui frameworks`. */
export function frameworkRow(view: FrameworkView) {
  const { framework, state, tasks, used } = view;
  const tone = state === "active" ? "good" : state === "completed" ? "dim" : "bad";
  return [
    framework.id,
    framework.name,
    { text: state, tone } as const,
    framework.roles.join(","),
    Object.values(tasks).reduce((sum, count) => sum + count, 0),
    view.completedTasks,
    view.offers,
    scalarCell(used, "cpus"),
    scalarCell(used, "mem"),
    timeCell(view.registeredMs),
  ];
}

/** `tepui frameworks [-a]`: who runs tasks. */
export const frameworksCommand: CliCommand = {
  name: "frameworks",
  build: (context: CliContext) =>
    masterCommand("frameworks", "List frameworks")
      .option("-a, --all", "also frameworks that have ended")
      .action((options: MasterOptions & { readonly all?: boolean }) =>
        withMaster(context, options, async (client) => {
          const awaited = await awaitedAgents(client);
          const frameworks: FrameworkView[] = [];
          const asked = { completed: options.all ?? false };
          for await (const one of client.all("frameworks", asked)) frameworks.push(one);
          if (context.output.format === "json") context.output.json({ frameworks });
          else {
            const { columns: titles, rows } = tableOf(frameworks);
            context.output.table(titles, rows);
          }
          noteAwaited(context, awaited);
        }),
      ),
};
