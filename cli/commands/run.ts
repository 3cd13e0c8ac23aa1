import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { resolve } from "node:path";
import { errors, reasonOf } from "../../contract/errors.ts";
import {
  type BatchJob,
  type BatchOptions,
  type BatchResult,
  type BatchTask,
  runBatch,
} from "../../frameworks/batch/batch.ts";
import type { Attempt, Outcome } from "../../frameworks/taskset/model.ts";
import { type CommandInfo, resources } from "../../sdk/index.ts";
import { type CommonOptions, type Context, reachMaster } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { numberFlag, pairsFlag } from "../flags.ts";
import { count, seconds, shortId } from "../format/words.ts";
import { LogFollower } from "../log-follower.ts";
import { Progress } from "../progress.ts";
import { endText, exitOf, exitOfAll } from "../run-exit.ts";
import { durationMs } from "./kill.ts";

/** Options of `run`, as they are written. */
export interface RunOptions extends CommonOptions {
  readonly name?: string;
  readonly cpus: string;
  readonly mem: string;
  readonly disk?: string;
  readonly gpus?: string;
  readonly count: string;
  readonly file?: string;
  readonly env: readonly string[];
  readonly attr: readonly string[];
  readonly role: string;
  readonly retries: string;
  readonly concurrency?: string;
  readonly user?: string;
  readonly timeout?: string;
}

/** Says that nothing fits once it has been waited for this long. */
const PATIENCE_MS = 10_000;

/**
 * `tepui run`: runs a command once, or many, and answers the exit status. One task streams what it
 * writes; many show how far they are and end with a list of how each ended.
 */
export async function run(
  context: Context,
  argv: readonly string[],
  options: RunOptions,
): Promise<number> {
  const job = jobOf(context, argv, options);
  const masters = await reachMaster(context, options);
  const framework = {
    name: options.name ?? "run",
    user: options.user ?? userInfo().username,
    roles: [options.role],
    ...(options.gpus === undefined ? {} : { capabilities: gpuCapabilities }),
  };
  const base: BatchOptions = { masters, framework, signal: context.signal };
  const isSingle = job.tasks.length === 1 && options.file === undefined;
  const result = isSingle ? await runOne(context, job, base) : await runMany(context, job, base);
  if (result.cancelled !== undefined) {
    context.out.note(`cancelled: killed ${count(result.cancelled, "running task")}`);
    return exitCodes.interrupted;
  }
  return exitOfAll(result.outcomes);
}

const gpuCapabilities = [
  "PARTITION_AWARE",
  "MULTI_ROLE",
  "RESERVATION_REFINEMENT",
  "TASK_KILLING_STATE",
  "GPU_RESOURCES",
] as const;

/**
 * The job that a command line asks for.
 * @throws CLI_USAGE
 */
export function jobOf(context: Context, argv: readonly string[], options: RunOptions): BatchJob {
  const { disk, gpus } = options;
  const need = resources({
    cpus: numberFlag("--cpus", options.cpus),
    mem: numberFlag("--mem", options.mem),
    disk: disk === undefined ? undefined : numberFlag("--disk", disk),
    gpus: gpus === undefined ? undefined : numberFlag("--gpus", gpus, { whole: true }),
  });
  const commands = commandsOf(context, argv, options);
  const environment = Object.entries(pairsFlag("--env", options.env));
  const name = options.name ?? "run";
  const id = `${name.replace(/[^\w.-]/g, "_")}-${randomBytes(3).toString("hex")}`;
  const tasks: BatchTask[] = commands.map((command, index) => ({
    id: commands.length === 1 ? id : `${id}-${index}`,
    name,
    command: {
      ...command,
      environment: [
        ...environment.map(([key, value]) => ({ name: key, value })),
        { name: "TEPUI_TASK_INDEX", value: String(index) },
      ],
    },
  }));
  const concurrency = options.concurrency;
  return {
    tasks,
    resources: need,
    requires: pairsFlag("--attr", options.attr),
    retries: numberFlag("--retries", options.retries, { whole: true }),
    ...(options.timeout === undefined
      ? {}
      : { timeoutMs: durationMs("--timeout", options.timeout) }),
    ...(concurrency === undefined
      ? {}
      : { concurrency: numberFlag("--concurrency", concurrency, { whole: true, least: 1 }) }),
  };
}

function commandsOf(
  context: Context,
  argv: readonly string[],
  options: RunOptions,
): readonly CommandInfo[] {
  const times = numberFlag("--count", options.count, { whole: true, least: 1 });
  const [program] = argv;
  if (options.file === undefined) {
    if (program === undefined) {
      throw errors.CLI_USAGE("no command to run", "tepui run -- echo hello");
    }
    const command = { shell: false, value: program, arguments: [...argv] };
    return Array.from({ length: times }, () => command);
  }
  if (program !== undefined) throw errors.CLI_USAGE("give a command or --file, not both");
  let text: string;
  try {
    text = readFileSync(resolve(context.cwd, options.file), "utf8");
  } catch (thrown) {
    throw errors.CLI_USAGE(`cannot read --file ${options.file}: ${reasonOf(thrown)}`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !/^\s*#/.test(line));
  if (lines.length === 0) throw errors.CLI_USAGE(`--file ${options.file} has no commands`);
  return lines.flatMap((line) => Array.from({ length: times }, () => ({ value: line })));
}

/** Runs one task and copies what it writes, as it writes it. */
async function runOne(context: Context, job: BatchJob, base: BatchOptions): Promise<BatchResult> {
  const { out } = context;
  let frameworkId = "";
  const followers = new Map<string, { over: boolean; done: Promise<unknown> }>();
  const impatient = sayWhenImpatient(context);
  const result = await runBatch(job, {
    ...base,
    onSubscribed: (id) => {
      frameworkId = id;
    },
    onLaunch: (attempts) => {
      clearTimeout(impatient);
      for (const attempt of attempts) followers.set(attempt.taskId, follow(attempt));
    },
    onUpdate: ({ taskId, state }) => {
      const follower = followers.get(taskId);
      if (follower !== undefined && !isAlive(state)) follower.over = true;
    },
    onRetry: (why, { taskId, message }) =>
      out.note(`${taskId} ${why}${message === undefined ? "" : `: ${message}`}; trying again`),
    onDisconnected: () => out.note("the master is gone; looking for one"),
  });
  clearTimeout(impatient);
  for (const follower of followers.values()) {
    follower.over = true;
    await follower.done;
  }
  const [outcome] = result.outcomes;
  if (outcome !== undefined && result.cancelled === undefined) sayEnd(context, outcome);
  return result;

  function follow({ place, taskId }: Attempt): { over: boolean; done: Promise<unknown> } {
    const at = { ip: place.ip, port: place.port, frameworkId, taskId };
    const follower = { over: false, done: Promise.resolve() as Promise<unknown> };
    const copies = (["stdout", "stderr"] as const).map((file) =>
      new LogFollower(at, file, out, file).follow(() => follower.over).catch(() => {}),
    );
    follower.done = Promise.all(copies);
    return follower;
  }
}

const isAlive = (state: string): boolean => /STAGING|STARTING|RUNNING|KILLING/.test(state);

function sayEnd({ out }: Context, outcome: Outcome): void {
  if (out.format !== "table") {
    out.data(outcomeData(outcome));
    return;
  }
  if (exitOf(outcome) === exitCodes.ok) return;
  const { state, message, attempts } = outcome;
  const end = endText(outcome) === "" ? "" : ` with ${endText(outcome)}`;
  const words = message === undefined ? "" : `: ${message}`;
  out.note(`${outcome.key} ${state}${end} after ${count(attempts, "attempt")}${words}`);
}

/** Runs many tasks with a bar, and lists how each ended. */
async function runMany(context: Context, job: BatchJob, base: BatchOptions): Promise<BatchResult> {
  const { out } = context;
  const progress = new Progress(out);
  const impatient = sayWhenImpatient(context);
  const result = await runBatch(job, {
    ...base,
    onLaunch: () => clearTimeout(impatient),
    onUpdate: (_status, { finished, failed, live, items }) => {
      const words = [`done`, `${live} running`];
      if (failed > 0) words.push(`${failed} failed`);
      progress.show(finished + failed, items, words.join(", "));
    },
    onDisconnected: () => out.note("the master is gone; looking for one"),
    onCancel: (killed) => out.note(`cancelling: killing ${count(killed, "running task")}`),
  });
  clearTimeout(impatient);
  progress.end();
  out.list(
    [
      { title: "TASK", text: ({ key }) => key },
      { title: "STATE", text: ({ state }) => state.replace(/^TASK_/, "") },
      { title: "EXIT", text: endText, right: true },
      { title: "ATTEMPTS", text: ({ attempts }) => String(attempts), right: true },
      {
        title: "AGENT",
        text: ({ attempt }) =>
          attempt === undefined
            ? ""
            : `${attempt.place.hostname} ${shortId(attempt.place.agentId)}`,
      },
    ],
    result.outcomes,
    result.outcomes.map(outcomeData),
  );
  const { items, finished, failed, retries, reruns } = result.counts;
  out.note(
    `${count(items, "task")} in ${seconds(result.elapsedMs)}: ${finished} finished, ${failed} failed, ` +
      `${retries} retried, ${reruns} rerun`,
  );
  return result;
}

function sayWhenImpatient({ out }: Context): NodeJS.Timeout {
  return setTimeout(() => {
    out.warn("no offer fits yet; `tepui agents` shows what there is");
  }, PATIENCE_MS);
}

function outcomeData(outcome: Outcome): object {
  const { key, state, exitCode, signal, reason, message, attempts, attempt } = outcome;
  return {
    taskId: attempt?.taskId ?? key,
    key,
    state,
    status: exitOf(outcome),
    exitCode,
    signal,
    reason,
    message,
    attempts,
    agentId: attempt?.place.agentId,
    hostname: attempt?.place.hostname,
  };
}
