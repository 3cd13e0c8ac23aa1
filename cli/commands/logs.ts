import {
  isTerminal,
  type OperatorClient,
  openSandboxFile,
  type TaskView,
} from "../../sdk/index.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { findTask, withMaster } from "../master-client.ts";
import { followFile, placeOf } from "../sandbox-follow.ts";

interface LogsOptions extends MasterOptions {
  readonly follow?: boolean;
  readonly stderr?: boolean;
}

/** `tepui logs [-f] [--stderr] TASK`: what a task printed. */
export const logsCommand: CliCommand = {
  name: "logs",
  build: (context: CliContext) =>
    masterCommand("logs", "Print what a task wrote to its output")
      .argument("<task>", "its id, or the beginning of it")
      .option("-f, --follow", "go on until the task has ended")
      .option("--stderr", "its error output instead")
      .action((task: string, options: LogsOptions) =>
        withMaster(context, options, (client) => logs(context, client, task, options)),
      ),
};

async function logs(
  context: CliContext,
  client: OperatorClient,
  id: string,
  options: LogsOptions,
): Promise<void> {
  const file = options.stderr ? "stderr" : "stdout";
  const view = await findTask(client, id);
  const decoder = new TextDecoder();
  const print = async (chunk: Uint8Array): Promise<void> => {
    if (context.output.format === "json") {
      const data = decoder.decode(chunk, { stream: true });
      context.output.json({ taskId: view.task.taskId, file, data });
    } else context.output.bytes(chunk);
    await context.output.drained();
  };
  const place = placeOf(view);
  if (options.follow && !isTerminal(view.task.state)) {
    const ended = () => hasEnded(client, view);
    await followFile({ place, file, ended, print, signal: context.signal });
    return;
  }
  const body = await openSandboxFile(place, file, {}, context.signal);
  for await (const chunk of body as AsyncIterable<Uint8Array>) await print(chunk);
}

async function hasEnded(client: OperatorClient, { task }: TaskView): Promise<boolean> {
  const { taskId, frameworkId } = task;
  const { tasks } = await client.request("tasks", { taskId, frameworkId, completed: true });
  const now = tasks.find((one) => one.task.taskId === taskId);
  return now === undefined || isTerminal(now.task.state);
}
