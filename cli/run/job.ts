import { randomBytes } from "node:crypto";
import { basename } from "node:path";
import { TepuiError } from "../../contract/errors.ts";
import {
  type BatchJob,
  type BatchResult,
  type BatchTask,
  leastNeeded,
  runBatch,
} from "../../frameworks/batch/batch.ts";
import { notEndedWords } from "../../frameworks/taskset/framework-end.ts";
import type { Outcome, TaskSetCounts } from "../../frameworks/taskset/model.ts";
import {
  type CommandInfo,
  type FrameworkOptions,
  frameworkInfo,
  resources,
} from "../../sdk/index.ts";
import { endCell, taskStateCell } from "../cells.ts";
import type { CliContext } from "../context.ts";
import { exitCodes, tasksExitCode } from "../exit-codes.ts";
import { mastersOf } from "../master-client.ts";
import { Progress } from "../progress.ts";
import { AttemptStreams } from "./attempt-streams.ts";
import { fetchUriOf } from "./fetch-uri.ts";
import { healthCheckOf } from "./health.ts";
import type { RunOptions } from "./run-options.ts";
import { WaitWatch } from "./waiting.ts";

const columns = [
  { title: "INDEX", align: "right" },
  { title: "TASK" },
  { title: "STATE" },
  { title: "EXIT" },
  { title: "AGENT" },
  { title: "ATTEMPTS", align: "right" },
  { title: "MESSAGE" },
] as const;

/** The name of what is run, as part of task ids: only letters, digits, dots and dashes. */
function nameOf(words: readonly string[], given: string | undefined): string {
  const program = given ?? basename((words[0] ?? "").trim().split(/\s/)[0] ?? "");
  return program.replace(/[^\w.-]+/g, "-").slice(0, 64) || "task";
}

/** One word is a line for the shell; several are a program and its arguments as they are. */
export function commandOf(
  words: readonly string[],
  index: number,
  { env = {}, user, uri = [] }: Pick<RunOptions, "env" | "user" | "uri">,
): CommandInfo {
  const [first = ""] = words;
  const variables = { ...env, TEPUI_TASK_INDEX: String(index) };
  return {
    value: first,
    ...(words.length === 1 ? { shell: true } : { shell: false, arguments: [...words] }),
    environment: Object.entries(variables).map(([name, value]) => ({ name, value })),
    ...(user === undefined ? {} : { user }),
    ...(uri.length === 0 ? {} : { uris: uri.map(fetchUriOf) }),
  };
}

/** Runs the commands as one job, shows what comes of them, and gives the exit status. */
export async function runJob(
  context: CliContext,
  commands: readonly (readonly string[])[],
  options: RunOptions,
): Promise<number> {
  const { output, signal } = context;
  const job = batchJob(commands, options);
  const isSingle = commands.length === 1 && options.group !== true;
  const streams = new AttemptStreams(context, isSingle, options);
  const progress = isSingle ? undefined : new Progress(output, "run");
  const masters = mastersOf(options, context);
  const show = (counts: TaskSetCounts): void =>
    progress?.update({
      done: counts.finished + counts.failed + counts.killed,
      total: counts.items,
      remark: remarkOf(counts),
    });
  let frameworkId = "";
  const { resources, requires = {} } = leastNeeded(job);
  const watch = new WaitWatch(
    { resources, requires },
    () => frameworkId,
    masters,
    (why) => output.note(`waiting: ${why}`),
  );
  const heard = (counts: TaskSetCounts): void => {
    watch.running(counts.live);
    show(counts);
  };
  const running = runBatch(job, {
    framework: frameworkOf(job.tasks[0]?.name ?? "run", options),
    signal,
    ...(masters === undefined ? {} : { masters }),
    onSubscribed: (id) => {
      frameworkId = id;
    },
    onLaunch: (attempts) => {
      watch.running(attempts.length);
      streams.launched(frameworkId, attempts);
    },
    onRetry: (why, { taskId, message }) => {
      if (isSingle) output.note(retriedWords(why, taskId, message));
    },
    onUpdate: (_, counts) => heard(counts),
    onOutcome: (_, counts) => heard(counts),
    onDisconnected: () => output.note("the master is gone; looking for it"),
    onCancel: (killed) => output.note(interruptedWords(killed, signal.reason)),
    onNotEnded: (id) => output.note(notEndedWords(id)),
  });
  const result = await running.finally(() => watch.end());
  await streams.end();
  progress?.end();
  const code = result.cancelled === undefined ? endCode(result) : exitCodes.interrupted;
  if (output.format === "json") {
    const { counts, cancelled, elapsedMs } = result;
    const list = result.outcomes.map((outcome, index) => taskReport(outcome, index));
    output.json({ frameworkId, exitCode: code, elapsedMs, cancelled, counts, tasks: list });
  } else if (!isSingle) {
    output.table(columns, result.outcomes.map(outcomeRow));
  } else explain(context, result.outcomes[0]);
  if (result.cancelled !== undefined) output.note(cancelledWords(result));
  return code;
}

/** In a group the others were killed because of one, whose status is that of the whole. */
function endCode({ outcomes, culprit }: BatchResult): number {
  const first = culprit === undefined ? undefined : outcomes[culprit];
  return tasksExitCode(first === undefined ? outcomes : [first, ...outcomes]);
}

/** Says that a task runs again: what it prints follows what the attempt before it printed. */
function retriedWords(why: "failed" | "lost", taskId: string, message: string | undefined) {
  const reason = message === undefined ? "" : ` (${message})`;
  return `${taskId} ${why === "lost" ? "is lost" : "failed"}${reason}; it runs again`;
}

/** What is done at Ctrl-C or at a fault, while something runs or before anything does. */
export function interruptedWords(running: number, reason?: unknown): string {
  const why = reason instanceof TepuiError ? "given up" : "interrupted";
  return running === 0
    ? `${why}: nothing runs yet`
    : `${why}: killing ${running} running ${tasks(running)}`;
}

/**
 * What became of a job that was interrupted: `killed 2 tasks, 3 tasks were never started`. Of those
 * whose agent did not answer in time it is not known whether they have ended.
 */
export function cancelledWords({
  cancelled = 0,
  outcomes,
}: Pick<BatchResult, "cancelled" | "outcomes">): string {
  const never = outcomes.filter(({ attempts }) => attempts === 0).length;
  const unheard = outcomes.filter(({ state }) => state === "TASK_UNKNOWN").length;
  const killed = Math.max(0, cancelled - unheard);
  const words = [
    ...(killed > 0 || never + unheard === 0 ? [`killed ${killed} ${tasks(killed)}`] : []),
    ...(unheard > 0 ? [`${unheard} ${tasks(unheard)} may still be running`] : []),
    ...(never > 0
      ? [`${never} ${tasks(never)} ${never === 1 ? "was" : "were"} never started`]
      : []),
  ];
  return words.join(", ");
}

function batchJob(commands: readonly (readonly string[])[], options: RunOptions): BatchJob {
  const job = randomBytes(4).toString("hex");
  const { cpus, mem, disk, gpus, image, retries, attr, concurrency, timeout } = options;
  const healthCheck = healthCheckOf(options);
  const list = commands.map((words, index): BatchTask => {
    const name = nameOf(words, options.name);
    const isOne = commands.length === 1 && options.group !== true;
    const id = isOne ? `${name}-${job}` : `${name}-${job}-${index}`;
    return { id, name, command: commandOf(words, index, options) };
  });
  return {
    tasks: list,
    resources: resources({
      cpus,
      mem,
      ...(disk === undefined ? {} : { disk }),
      ...(gpus === undefined ? {} : { gpus }),
    }),
    retries,
    ...(options.group === true
      ? { group: `${nameOf(commands[0] ?? [], options.name)}-${job}` }
      : {}),
    ...(image === undefined ? {} : { container: { type: "DOCKER", docker: { image } } }),
    ...(attr === undefined ? {} : { requires: attr }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(timeout === undefined ? {} : { timeoutMs: timeout }),
    ...(healthCheck === undefined ? {} : { healthCheck }),
  };
}

function frameworkOf(name: string, { role, gpus = 0, priority }: RunOptions): FrameworkOptions {
  const stated = priority === undefined ? {} : { priority };
  const plain = { name: `run ${name}`, roles: [role], ...stated };
  if (gpus === 0) return plain;
  const { capabilities = [] } = frameworkInfo(plain);
  return { ...plain, capabilities: [...capabilities, "GPU_RESOURCES"] };
}

/** What is worth knowing beside the bar. */
export function remarkOf({
  live,
  failed,
  killed,
  retries,
  reruns,
}: Pick<TaskSetCounts, "live" | "failed" | "killed" | "retries" | "reruns">): string {
  return [
    `${live} running`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(killed > 0 ? [`${killed} killed`] : []),
    ...(retries + reruns > 0 ? [`${retries + reruns} repeated`] : []),
  ].join(", ");
}

/** A task of `-o json`. */
function taskReport(outcome: Outcome, index: number) {
  const { key, state, exitCode, signal, reason, message, attempt, attempts } = outcome;
  const { agentId, hostname } = attempt?.place ?? {};
  const taskId = attempt?.taskId ?? key;
  return { index, taskId, state, exitCode, signal, agentId, hostname, attempts, reason, message };
}

function outcomeRow(outcome: Outcome, index: number) {
  const { key, state, attempt, attempts, message } = outcome;
  return [
    index,
    attempt?.taskId ?? key,
    attempts === 0 ? { text: "NOT STARTED", tone: "dim" as const } : taskStateCell(state),
    endCell(outcome),
    attempt?.place.hostname,
    attempts,
    state === "TASK_FINISHED" ? "" : message,
  ];
}

/** Says why a single task ended badly where its own output cannot have said it. */
function explain({ output }: CliContext, outcome: Outcome | undefined): void {
  if (outcome === undefined || outcome.state === "TASK_FINISHED") return;
  const { state, reason, message } = outcome;
  // A status that is not 0 is the command's own word; one of 0 tells nothing of what went wrong.
  if (outcome.exitCode) return;
  const facts = [outcome.signal, reason, message].filter((fact) => fact !== undefined);
  const why = facts.length === 0 ? "" : `: ${facts.join(", ")}`;
  // That it was never started is said with what became of the job.
  if (outcome.attempts > 0) output.note(`${outcome.key} ended as ${state}${why}`);
}

function tasks(count: number): string {
  return count === 1 ? "task" : "tasks";
}
