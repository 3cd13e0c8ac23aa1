import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** CPU time and memory of a process, as the system accounts for it. */
export interface ProcessFigures {
  readonly cpuMs: number;
  readonly rssMib: number;
}

/** A master or an agent in a process of its own, as `tepui master` and `tepui agent` run them. */
export interface DaemonProcess {
  readonly address: string;
  /** Its folder: the config file, and all data. */
  readonly directory: string;
  readonly pid: number;
  figures(): ProcessFigures;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

function figuresOf(pid: number): ProcessFigures {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const rssKib = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  return { cpuMs: ticks * 10, rssMib: rssKib / 1024 };
}

async function waitUntilReady(url: string, child: ChildProcess, kind: string): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (child.exitCode !== null) throw new Error(`the ${kind} ended with ${child.exitCode}`);
    try {
      const answer = await fetch(url);
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the ${kind} was not ready after a minute`);
}

/** Settings in variables would lead the processes of a benchmark to somebody's own cluster. */
function plainEnvironment(): NodeJS.ProcessEnv {
  const { env } = process;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("TEPUI_")));
}

/**
 * Starts a daemon on loopback. `config` is beside its own address, and is given its folder;
 * `readyPath` answers once it is of use.
 */
export async function startDaemon(
  kind: "master" | "agent",
  config: (directory: string) => object,
  readyPath: string,
): Promise<DaemonProcess> {
  const directory = mkdtempSync(join(tmpdir(), `tepui-bench-${kind}-`));
  const port = await freePort();
  const file = join(directory, `${kind}.json`);
  const listen = { host: "127.0.0.1", port };
  writeFileSync(file, JSON.stringify({ listen, ...config(directory) }));
  const child = spawn(process.execPath, [builtFile("cli/main.js"), kind, "--config", file], {
    stdio: ["ignore", "ignore", "inherit"],
    env: plainEnvironment(),
  });
  const address = `127.0.0.1:${port}`;
  await waitUntilReady(`http://${address}${readyPath}`, child, kind);
  return {
    address,
    directory,
    pid: child.pid ?? 0,
    figures: () => figuresOf(child.pid ?? 0),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Starts a master with the given settings beside its own address and folder. */
export function startMasterProcess(config: object = {}): Promise<DaemonProcess> {
  return startDaemon("master", (dataDir) => ({ dataDir, ...config }), "/ready");
}

/** Starts an agent of that master, which runs real tasks, with the given settings beside. */
export function startAgentProcess(master: string, config: object = {}): Promise<DaemonProcess> {
  return startDaemon("agent", (workDir) => ({ master, workDir, ...config }), "/health");
}

/** A file of the project as it was built, also when this one runs from its source. */
export function builtFile(path: string): string {
  const top = import.meta.url.endsWith(".ts") ? "../../dist/" : "../../";
  return fileURLToPath(new URL(top + path, import.meta.url));
}
