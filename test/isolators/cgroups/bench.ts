import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { removeFolder } from "../../../conformance/isolator/remove-folder.ts";
import { compileJsonSchema } from "../../../contract/check.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type {
  ContainerSpec,
  ExitStatus,
  Isolator,
  Limitation,
  ProcessIdentity,
} from "../../../contract/ports/isolator.ts";
import { type Logger, silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import { fromScalars } from "../../../contract/resources.ts";
import { CgroupDir } from "../../../plugins/isolators/cgroups/cgroup-dir.ts";
import {
  type CgroupsConfig,
  CgroupsConfigSchema,
} from "../../../plugins/isolators/cgroups/config.ts";
import { parseCgroupMounts } from "../../../plugins/isolators/cgroups/hosts.ts";
import { create } from "../../../plugins/isolators/cgroups/index.ts";
import { startTicksOf } from "../../../plugins/isolators/cgroups/processes.ts";
import { systemClock } from "../../../wire/system-clock.ts";
import { until } from "../../support/until.ts";

/** A config with the schema's defaults where `given` says nothing, as the host would make it. */
export function configOf(given: Record<string, unknown> = {}): CgroupsConfig {
  const { required: _, ...schema } = structuredClone(CgroupsConfigSchema) as unknown as Record<
    string,
    unknown
  >;
  const checked = compileJsonSchema(schema, "config of cgroups").check(given);
  assert.ok(checked.ok, checked.ok ? "" : JSON.stringify(checked.problems));
  return checked.value as CgroupsConfig;
}

/** A container to run; `mem` in MiB. */
export function specOf(
  id: string,
  amounts: Record<string, number> = { cpus: 0.5, mem: 64 },
  limits?: Record<string, number>,
): ContainerSpec {
  return {
    id: id as ContainerId,
    agentId: "agent" as ContainerSpec["agentId"],
    frameworkId: "framework" as ContainerSpec["frameworkId"],
    executorId: "executor" as ContainerSpec["executorId"],
    command: { value: "true" },
    resources: fromScalars(amounts),
    ...(limits === undefined ? {} : { limits }),
    sandbox: tmpdir(),
    environment: {},
  };
}

/** A process in a container, and what became of it. */
export interface Running {
  readonly process: ProcessIdentity;
  readonly exited: Promise<ExitStatus>;
  /** What it has written so far. */
  readonly output: () => string;
}

const never = new AbortController().signal;
let roots = 0;

/** Isolators over the real cgroups of this machine, below a root of the test's own. */
export class CgroupBench {
  readonly root: string;
  readonly folder = mkdtempSync(join(tmpdir(), "tepui-cgroups-"));
  /** What was written to the log as a warning, fields included. */
  readonly warnings: unknown[] = [];
  readonly #version: "v1" | "v2" | "auto";
  readonly #stops: (() => void)[] = [];

  constructor(version: "v1" | "v2" | "auto") {
    this.#version = version;
    roots += 1;
    this.root = `tepui-test-${process.pid}-${roots}`;
  }

  /** An isolator as an agent would have it; each call is an agent started anew. */
  open(given: Record<string, unknown> = {}): Isolator {
    const log: Logger = { ...silentLog, warn: (fields) => this.warnings.push(fields) };
    const instance = create({
      name: "cgroups",
      config: configOf({ root: this.root, version: this.#version, ...given }),
      log,
      metrics: silentMetrics,
      clock: systemClock,
      use: () => assert.fail("no port is used"),
      useAll: () => [],
    }) as { ports: { isolator: Isolator }; stop: () => void };
    this.#stops.push(() => instance.stop());
    return instance.ports.isolator;
  }

  /** This bench's root in the hierarchies that it may use. */
  rootDirs(): CgroupDir[] {
    const mounts = parseCgroupMounts(readFileSync("/proc/self/mountinfo", "utf8"));
    return mounts
      .filter(({ version }) => this.#version === "auto" || this.#version === `v${version}`)
      .map(({ mountPoint }) => new CgroupDir(join(mountPoint, this.root)))
      .filter((dir) => dir.exists());
  }

  /** Folders below the root that are a container's. */
  containerDirs(id: string): CgroupDir[] {
    return this.rootDirs()
      .map((dir) => dir.child(id))
      .filter((dir) => dir.exists());
  }

  /** Prepares, holds, isolates and releases a shell script, as a containerizer does. */
  async run(isolator: Isolator, spec: ContainerSpec, script: string): Promise<Running> {
    await isolator.prepare(spec, never);
    const child = holdShell(script, this.folder);
    const pid = child.pid as number;
    const process = { pid, startTicks: startTicksOf(pid) as number };
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (data: Buffer) => {
        output += data.toString();
      });
    }
    const exited = new Promise<ExitStatus>((resolve) => {
      child.on("exit", (code, signal) =>
        resolve(signal === null ? { code: code ?? 0 } : { signal }),
      );
    });
    await isolator.isolate(spec, process);
    const barrier = child.stdio[3] as Writable;
    barrier.on("error", () => {}); // Whoever is killed may reset it.
    barrier.end("go\n");
    return { process, exited, output: () => output };
  }

  /** Kills and removes everything, whatever the test left, and proves that it is gone. */
  async close(): Promise<void> {
    for (const stop of this.#stops) stop();
    try {
      const dirs = this.rootDirs();
      const isolator = dirs.length === 0 ? undefined : this.open({ required: [] });
      for (const id of (await isolator?.recover([])) ?? []) await isolator?.cleanup(id);
      for (const stop of this.#stops) stop();
      for (const dir of this.rootDirs()) {
        for (const pid of dir.children().flatMap((below) => below.pids())) process.kill(pid, 9);
        await until("the root is removed", () => dir.remove() === undefined);
      }
    } finally {
      await removeFolder(this.folder);
    }
  }
}

function holdShell(script: string, cwd: string): ChildProcess {
  const barrier = 'read -r _ <&3 && exec 3<&- && exec "$@"';
  return spawn("/bin/sh", ["-c", barrier, "held", "/bin/sh", "-c", script], {
    cwd,
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
}

/** True while a process, zombies apart, has this pid. */
export function lives(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Watches a container and keeps what is told. */
export function limitationsOf(
  isolator: Isolator,
  id: ContainerId,
): { readonly told: Limitation[]; readonly stop: () => void } {
  const told: Limitation[] = [];
  const stop = isolator.watch?.(id, (limitation) => told.push(limitation));
  assert.ok(stop !== undefined, "it watches");
  return { told, stop };
}
