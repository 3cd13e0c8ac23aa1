import { errors, type TepuiError } from "../contract/errors.ts";
import type { AgentId } from "../contract/ids.ts";
import type { AgentView, TaskView } from "../contract/operator-api.ts";
import { OperatorClient } from "../sdk/index.ts";
import type { CliContext, MasterOptions } from "./context.ts";

const CONNECT_MS = 3_000;

/** Where the masters are: the option, else the environment, else the default of the SDK. */
export function mastersOf(options: MasterOptions, context: CliContext): string | undefined {
  const given = options.master ?? context.environment["TEPUI_MASTER"];
  return given === undefined || given.trim() === "" ? undefined : given;
}

/**
 * Does something with a connection to the master, and closes it.
 * @throws MASTER_UNREACHABLE, what the master refuses, and CLI_INTERRUPTED after Ctrl-C
 */
export async function withMaster<T>(
  context: CliContext,
  options: MasterOptions,
  act: (client: OperatorClient) => Promise<T>,
): Promise<T> {
  const masters = mastersOf(options, context);
  const connecting = OperatorClient.connect({
    name: "tepui-cli",
    connectMs: CONNECT_MS,
    ...(masters === undefined ? {} : { masters }),
  });
  const client = await orInterrupted(connecting, context.signal);
  try {
    return await orInterrupted(act(client), context.signal);
  } finally {
    await client.close();
  }
}

/** What a promise gives, unless Ctrl-C comes first. */
export function orInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(errors.CLI_INTERRUPTED("nothing more is shown"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** How many agents a new master still waits for: it does not know of their tasks (B26). */
export async function awaitedAgents(client: OperatorClient): Promise<number> {
  return (await client.request("cluster", {})).agents["recovering"] ?? 0;
}

/**
 * Says that agents are awaited, below a list in which what they run is missing. They are counted
 * before the list is asked for: what has come back since may be in it, or not.
 */
export function noteAwaited({ output }: CliContext, agents: number): void {
  if (agents === 0) return;
  const which = agents === 1 ? "1 agent has" : `${agents} agents have`;
  output.note(`${which} not come back to the new master yet: their tasks are missing here`);
}

/**
 * What `look` finds; when that is nothing while agents are awaited, it is not known whether there
 * is such a thing, and `awaited` is the error.
 */
export async function findKnown<T>(
  client: OperatorClient,
  look: () => Promise<readonly T[]>,
  awaited: (agents: number) => TepuiError,
): Promise<readonly T[]> {
  const found = await look();
  if (found.length > 0) return found;
  const agents = await awaitedAgents(client);
  if (agents > 0) throw awaited(agents);
  // The last of them may have come back between the two questions.
  return look();
}

/**
 * The one task that an id or the beginning of one means.
 * @throws TASK_NOT_FOUND, TASK_AWAITED, TASK_ID_AMBIGUOUS
 */
export async function findTask(client: OperatorClient, id: string): Promise<TaskView> {
  const asked = { taskId: id, completed: true, limit: 20 };
  const tasks = await findKnown(
    client,
    async () => (await client.request("tasks", asked)).tasks,
    (agents) => errors.TASK_AWAITED(id, agents),
  );
  const exact = tasks.filter(({ task }) => task.taskId === id);
  const [only, ...others] = exact.length > 0 ? exact : tasks;
  if (only === undefined) throw errors.TASK_NOT_FOUND(id);
  if (others.length > 0) {
    throw errors.TASK_ID_AMBIGUOUS(
      id,
      [only, ...others].map(({ task }) => `${task.taskId} of framework ${task.frameworkId}`),
    );
  }
  return only;
}

/** An agent that was found by its id or its hostname. */
export interface FoundAgent {
  readonly id: AgentId;
  readonly view: AgentView;
}

/**
 * The agent that an id or a hostname means: of those of a machine, the one that is not away.
 * @throws AGENT_UNKNOWN, AGENT_NAME_AMBIGUOUS
 */
export async function findAgent(client: OperatorClient, name: string): Promise<FoundAgent> {
  const found: FoundAgent[] = [];
  for await (const view of client.all("agents", {})) {
    const { id, hostname } = view.agent;
    if (id === undefined) continue;
    if (id === name) return { id, view };
    if (hostname === name) found.push({ id, view });
  }
  const here = found.filter(({ view }) => view.state !== "unreachable" && view.state !== "gone");
  const [only, ...others] = here.length > 0 ? here : found;
  if (only === undefined) throw errors.AGENT_UNKNOWN(name);
  if (others.length > 0) {
    const ids = [only, ...others].map(({ id }) => id);
    throw errors.AGENT_NAME_AMBIGUOUS(name, ids);
  }
  return only;
}
