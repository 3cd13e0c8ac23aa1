import { setTimeout as sleep } from "node:timers/promises";
import { TepuiError } from "../../contract/errors.ts";
import {
  isTerminal,
  type OperatorClient,
  openSandboxFile,
  type TaskView,
} from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { type CredentialsOptions, credentialsOf, credentialsOption } from "../credentials.ts";
import { findTask, withMaster } from "../master-client.ts";
import { followFile, placeOf, unreadWords } from "../sandbox-follow.ts";

/** How often a master is asked about a task that it does not know yet. */
const ASK_AGAIN_MS = 500;

interface LogsOptions extends MasterOptions, CredentialsOptions {
  readonly follow?: boolean;
  readonly stderr?: boolean;
}

/** `tepui logs [-f] [--stderr] TASK`: what a task printed. */
export const logsCommand: CliCommand = {
  name: "logs",
  build: (context: CliContext) =>
    masterCommand("logs", "Print what a task wrote to its output")
      .argument("<task>", "its id, or the beginning of it", named)
      .option("-f, --follow", "go on until the task has ended")
      .option("--stderr", "its error output instead")
      .addOption(credentialsOption())
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
  const credentials = credentialsOf(context, options);
  const file = options.stderr ? "stderr" : "stdout";
  const view = options.follow ? await whenKnown(context, client, id) : await findTask(client, id);
  const decoder = new TextDecoder();
  let hasSome = false;
  const print = async (chunk: Uint8Array): Promise<void> => {
    hasSome = true;
    if (context.output.format === "json") {
      const data = decoder.decode(chunk, { stream: true });
      context.output.json({ taskId: view.task.taskId, file, data });
    } else context.output.bytes(chunk);
    await context.output.drained();
  };
  const place = { ...placeOf(view), ...credentials };
  if (options.follow && !isTerminal(view.task.state)) {
    const ended = () => hasEnded(client, view);
    const { signal } = context;
    const reason = await followFile({ place, file, ended, print, signal });
    if (reason !== undefined && !signal.aborted) {
      context.output.warn(unreadWords(place, reason, hasSome));
    }
    return;
  }
  const body = await openSandboxFile(place, file, {}, context.signal);
  for await (const chunk of body as AsyncIterable<Uint8Array>) await print(chunk);
}

/** The task, once the agents have come back that a new master waits for. */
async function whenKnown(
  { output, signal }: CliContext,
  client: OperatorClient,
  id: string,
): Promise<TaskView> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await findTask(client, id);
    } catch (thrown) {
      if (!isCoded(thrown, "TASK_AWAITED")) throw thrown;
      if (isFirst) output.note(`waiting: ${thrown.message}`);
    }
    await sleep(ASK_AGAIN_MS, undefined, { signal });
  }
}

/**
 * Whether a task has ended, or is gone. What a new master does not know of goes on while it waits
 * for the agent, and so does all else while there is no master.
 */
async function hasEnded(client: OperatorClient, { task }: TaskView): Promise<boolean> {
  const { taskId, frameworkId, agentId } = task;
  const stateNow = async () => {
    const { tasks } = await client.request("tasks", { taskId, frameworkId, completed: true });
    return tasks.find((one) => one.task.taskId === taskId)?.task.state;
  };
  try {
    let state = await stateNow();
    if (state === undefined) {
      const { agents } = await client.request("agents", { agentId });
      if (agents[0]?.state === "recovering") return false;
      // It may have come back between the two questions.
      state = await stateNow();
    }
    return state === undefined || isTerminal(state);
  } catch (thrown) {
    if (isCoded(thrown, "REQUEST_TIMED_OUT")) return false;
    throw thrown;
  }
}

function isCoded(thrown: unknown, code: string): thrown is TepuiError {
  return thrown instanceof TepuiError && thrown.code === code;
}
