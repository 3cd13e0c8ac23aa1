import type { TaskView } from "../../sdk/index.ts";
import { endCell, scalarCell, taskStateCell, timeCell } from "../cells.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { awaitedAgents, noteAwaited, withMaster } from "../master-client.ts";

const columns = [
  { title: "TASK" },
  { title: "NAME" },
  { title: "STATE" },
  { title: "EXIT" },
  { title: "FRAMEWORK" },
  { title: "ROLE" },
  { title: "AGENT" },
  { title: "CPUS", align: "right" },
  { title: "MEM", align: "right" },
  { title: "LAUNCHED" },
] as const;

/** A row of `tepui ps`. */
export function taskRow({ task, frameworkName, hostname }: TaskView) {
  const last = task.statuses.at(-1);
  return [
    task.taskId,
    task.name,
    taskStateCell(task.state),
    endCell(last ?? {}),
    frameworkName,
    task.role,
    hostname ?? task.agentId,
    scalarCell(task.resources, "cpus"),
    scalarCell(task.resources, "mem"),
    timeCell(task.launchedMs),
  ];
}

/** `tepui ps [-a]`: tasks, newest first. */
export const psCommand: CliCommand = {
  name: "ps",
  build: (context: CliContext) =>
    masterCommand("ps", "List tasks, newest first")
      .option("-a, --all", "also tasks that have ended")
      .option("--framework <id>", "only those of one framework", named)
      .option("--agent <id>", "only those on one agent", named)
      .action((options: PsOptions) => ps(context, options)),
};

interface PsOptions extends MasterOptions {
  readonly all?: boolean;
  readonly framework?: string;
  readonly agent?: string;
}

async function ps(context: CliContext, options: PsOptions): Promise<void> {
  await withMaster(context, options, async (client) => {
    const { all = false, framework, agent } = options;
    const asked = {
      completed: all,
      ...(framework === undefined ? {} : { frameworkId: framework }),
      ...(agent === undefined ? {} : { agentId: agent }),
    };
    const awaited = await awaitedAgents(client);
    const tasks: TaskView[] = [];
    for await (const task of client.all("tasks", asked as { completed: boolean })) tasks.push(task);
    if (context.output.format === "json") context.output.json({ tasks });
    else context.output.table(columns, tasks.map(taskRow));
    noteAwaited(context, awaited);
  });
}
