import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AgentView, OperatorParams } from "../../../contract/operator-api.ts";
import type { TaskRecord } from "../../../contract/schema/task.ts";
import { type ListItem, type ListMethod, OperatorClient, TepuiError } from "../../../sdk/index.ts";
import { until } from "../../support/until.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** The command as it was built: what users run, not the sources. */
export const CLI = join(ROOT, "dist", "cli", "main.js");

/** How a command ended and what it printed. */
export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is still running. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly result: Promise<CommandResult>;
  /** Everything printed on the output stream so far. */
  output(): string;
  errors(): string;
}

/** Runs the built command as a user would. */
export function tepui(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const result = new Promise<CommandResult>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { child, result, output: () => stdout, errors: () => stderr };
}

/** Pids of a process's children, with their command lines. */
export function childrenOf(pid: number): { pid: number; command: string }[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text
    .split(" ")
    .filter((word) => word.trim() !== "")
    .map((word) => {
      const child = Number(word);
      try {
        const command = readFileSync(`/proc/${child}/cmdline`, "utf8").replaceAll("\0", " ");
        return { pid: child, command };
      } catch {
        return { pid: child, command: "" };
      }
    });
}

/** A local cluster of real processes, on free ports and in a directory of its own. */
export interface LocalCluster {
  readonly address: string;
  readonly dataDir: string;
  /** Runs a command against this cluster to its end. */
  run(...args: string[]): Promise<CommandResult>;
  start(...args: string[]): RunningCommand;
  /** What the master says of its agents; none where there is no master at the moment. */
  agents(): Promise<AgentView[]>;
  /** Tasks that have not ended; none where there is no master at the moment. */
  liveTasks(): Promise<TaskRecord[]>;
  masterPid(): number;
  agentPids(): number[];
  stop(): Promise<void>;
}

/**
 * Asks a master from here: who waits for something asks often, and each command would be a process
 * that takes the cluster its time.
 */
async function listOf<Name extends ListMethod>(
  masters: string,
  method: Name,
  params: OperatorParams<Name>,
): Promise<ListItem<Name>[]> {
  let client: OperatorClient | undefined;
  try {
    client = await OperatorClient.connect({ masters, connectMs: 3_000, requestMs: 3_000 });
    const items: ListItem<Name>[] = [];
    for await (const item of client.all(method, params)) items.push(item);
    return items;
  } catch (thrown) {
    if (thrown instanceof TepuiError) return [];
    throw thrown;
  } finally {
    await client?.close();
  }
}

/** Starts `tepui local`, with more options, and waits until its agents are registered. */
export async function startLocalCluster(
  agents = 2,
  options: readonly string[] = [],
): Promise<LocalCluster> {
  const dataDir = mkdtempSync(join(tmpdir(), "tepui-e2e-"));
  const args = ["local", "--agents", String(agents), "--port", "0", "--data-dir", dataDir];
  const local = tepui([...args, ...options, "-o", "json"]);
  const ended = local.result.then(({ stdout, stderr }) => {
    throw new Error(`tepui local ended:\n${stdout}\n${stderr}`);
  });
  const ready = await Promise.race([
    ended,
    until("the ready line", () => {
      const [line, ...rest] = local.output().split("\n");
      // Without an end of line it may be a part of it.
      if (rest.length === 0 || !line?.startsWith("{")) return undefined;
      return JSON.parse(line) as { master: { address: string } };
    }),
  ]);
  ended.catch(() => {});
  const { address } = ready.master;
  const env = { TEPUI_MASTER: address };
  const run = (...words: string[]): Promise<CommandResult> => tepui(words, env).result;
  const started: RunningCommand[] = [];
  const pid = local.child.pid ?? 0;
  const pidsOf = (role: string): number[] =>
    childrenOf(pid)
      .filter(({ command }) => command.includes(`main.js ${role} `))
      .map((child) => child.pid);
  await until("agents", async () => (await listOf(address, "agents", {})).length === agents);
  return {
    address,
    dataDir,
    run,
    start: (...words) => {
      const command = tepui(words, env);
      started.push(command);
      return command;
    },
    agents: () => listOf(address, "agents", {}),
    liveTasks: async () =>
      (await listOf(address, "tasks", { completed: false })).map(({ task }) => task),
    masterPid: () => pidsOf("master")[0] ?? 0,
    agentPids: () => pidsOf("agent"),
    stop: async () => {
      local.child.kill("SIGTERM");
      await local.result;
      // A command that waits for its master would outlive the tests.
      for (const { child } of started) if (child.exitCode === null) child.kill("SIGKILL");
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
