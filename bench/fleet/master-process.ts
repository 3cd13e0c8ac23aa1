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

/** A master in a process of its own, as `tepui master` runs it. */
export interface MasterProcess {
  readonly address: string;
  /** Its folder: the config file master.json, and all data. */
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

async function waitUntilReady(address: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 1_200; tries++) {
    if (child.exitCode !== null) throw new Error(`the master ended with status ${child.exitCode}`);
    try {
      const answer = await fetch(`http://${address}/ready`);
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the master was not ready after a minute");
}

/** Starts a master on loopback with the given settings beside its own address and directory. */
export async function startMasterProcess(config: object = {}): Promise<MasterProcess> {
  const directory = mkdtempSync(join(tmpdir(), "tepui-bench-"));
  const port = await freePort();
  const file = join(directory, "master.json");
  const listen = { host: "127.0.0.1", port };
  writeFileSync(file, JSON.stringify({ listen, dataDir: directory, ...config }));
  // The command as it was built, also when this file runs from its source.
  const top = import.meta.url.endsWith(".ts") ? "../../dist/" : "../../";
  const cli = fileURLToPath(new URL(`${top}cli/main.js`, import.meta.url));
  const child = spawn(process.execPath, [cli, "master", "--config", file], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const address = `127.0.0.1:${port}`;
  await waitUntilReady(address, child);
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
