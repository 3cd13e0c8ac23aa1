import { setTimeout as sleep } from "node:timers/promises";
import { errors, reasonOf } from "../../contract/errors.ts";
import { agentUsage, isTerminal, type OperatorClient, type TaskView } from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  durationMs,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { type CredentialsOptions, credentialsOf, credentialsOption } from "../credentials.ts";
import { findTask, withMaster } from "../master-client.ts";
import type { Output } from "../output.ts";
import { UsageRates, type UsageRow } from "../usage-rates.ts";

const columns = [
  { title: "TASK" },
  { title: "AGENT" },
  { title: "CPU %", align: "right" },
  { title: "CPUS", align: "right" },
  { title: "MEM", align: "right" },
  { title: "LIMIT", align: "right" },
  { title: "PIDS", align: "right" },
] as const;

const MIB = 1 << 20;
const INTERVAL_MS = 2_000;
/** Too short a time says little: processes are charged in steps of 10 ms. */
const INTERVAL_MS_MIN = 200;

interface StatsOptions extends MasterOptions, CredentialsOptions {
  readonly follow?: boolean;
  readonly interval: number;
}

/** `tepui stats [TASK] [-f]`: what running tasks use. */
export const statsCommand: CliCommand = {
  name: "stats",
  build: (context: CliContext) =>
    masterCommand("stats", "Show how much cpu and memory running tasks use")
      .argument("[task]", "its id, or the beginning of it; all that run by default", named)
      .option("-f, --follow", "go on until Ctrl-C, or until the task has ended")
      .option("--interval <duration>", "time between two looks", durationMs, INTERVAL_MS)
      .addOption(credentialsOption())
      .action((task: string | undefined, options: StatsOptions) =>
        withMaster(context, options, (client) => stats(context, client, task, options)),
      ),
};

async function stats(
  context: CliContext,
  client: OperatorClient,
  id: string | undefined,
  options: StatsOptions,
): Promise<void> {
  const { follow = false, interval } = options;
  if (interval < INTERVAL_MS_MIN) {
    throw errors.CLI_USAGE(`--interval: at least ${INTERVAL_MS_MIN}ms are needed`);
  }
  const { output, signal } = context;
  const task = id === undefined ? undefined : await findTask(client, id);
  if (task !== undefined && isTerminal(task.task.state)) {
    throw errors.TASK_NOT_RUNNING(task.task.taskId, task.task.state);
  }
  const watch = new Watch(context, client, task, credentialsOf(context, options).credentials);
  // Of cpus there are only sums: it takes two looks to tell how much is used.
  await watch.look();
  do {
    await sleep(interval, undefined, { signal });
    const rows = await watch.look();
    if (rows === undefined) return;
    show(output, rows, follow);
    await output.drained();
  } while (follow);
}

/** Looks at the agents that have what is watched. */
class Watch {
  readonly #context: CliContext;
  readonly #client: OperatorClient;
  readonly #task: TaskView | undefined;
  readonly #credentials: string | undefined;
  readonly #rates = new UsageRates();
  readonly #warned = new Set<string>();

  constructor(
    context: CliContext,
    client: OperatorClient,
    task: TaskView | undefined,
    credentials: string | undefined,
  ) {
    this.#context = context;
    this.#client = client;
    this.#task = task;
    this.#credentials = credentials;
  }

  /** What is used; `undefined` when the one task that is watched has ended. */
  async look(): Promise<UsageRow[] | undefined> {
    const views: TaskView[] = [];
    const { taskId, frameworkId } = this.#task?.task ?? {};
    const asked = { ...(taskId && { taskId }), ...(frameworkId && { frameworkId }) };
    for await (const view of this.#client.all("tasks", { ...asked, completed: false })) {
      const isMeant = taskId === undefined || view.task.taskId === taskId;
      if (isMeant && !isTerminal(view.task.state)) views.push(view);
    }
    if (taskId !== undefined && views.length === 0) return undefined;
    const agents = new Map(views.map((view) => [view.task.agentId, view]));
    const found = await Promise.all(Array.from(agents.values(), (view) => this.#ask(view, asked)));
    return this.#rates.look(found.flat());
  }

  /** One agent that does not answer is no reason to say nothing of the others. */
  async #ask(
    { hostname, agentIp, agentPort, task }: TaskView,
    asked: { readonly taskId?: string; readonly frameworkId?: string },
  ) {
    const agent = hostname ?? task.agentId;
    try {
      if (agentIp === undefined || agentPort === undefined) {
        throw errors.AGENT_UNREADABLE(agent, "its address is not known");
      }
      const { signal } = this.#context;
      const usages = await agentUsage(agentIp, agentPort, asked, signal, this.#credentials);
      this.#warned.delete(agent);
      return usages.filter(({ taskIds }) => taskIds.length > 0).map((usage) => ({ agent, usage }));
    } catch (thrown) {
      if (this.#task !== undefined || this.#context.signal.aborted) throw thrown;
      if (!this.#warned.has(agent)) this.#context.output.warn(`${agent}: ${reasonOf(thrown)}`);
      this.#warned.add(agent);
      return [];
    }
  }
}

function mib(bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : (bytes / MIB).toFixed(1);
}

function rowOf(row: UsageRow) {
  return [
    row.taskIds.join(","),
    row.agent,
    row.cpuPercent?.toFixed(1),
    row.cpusLimit,
    mib(row.memBytes),
    mib(row.memLimitBytes),
    row.processes ?? row.threads,
  ];
}

function show(output: Output, rows: readonly UsageRow[], isFollowed: boolean): void {
  if (output.format === "json") {
    output.json({ containers: rows });
    return;
  }
  if (isFollowed) output.page();
  output.table(columns, rows.map(rowOf));
}
