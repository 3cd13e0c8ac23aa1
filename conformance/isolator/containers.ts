import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerizerOptions } from "../../agent/containerizer/container.ts";
import { Containerizer } from "../../agent/containerizer/containerizer.ts";
import type { KeeperExit } from "../../agent/containerizer/keeper.ts";
import { listPids, readEnvironment } from "../../agent/containerizer/proc.ts";
import type { TepuiError } from "../../contract/errors.ts";
import type { ContainerId } from "../../contract/ids.ts";
import type {
  ContainerSpec,
  Isolator,
  Limitation,
  ProcessIdentity,
} from "../../contract/ports/isolator.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { removeFolder } from "./remove-folder.ts";

/** How a container of a test came to its end. */
export interface Ended {
  readonly exit?: KeeperExit | undefined;
  readonly failure?: TepuiError;
  /** Limits that had been told by then. */
  readonly limits?: readonly Limitation[];
}

/** Ids are never used again: a container may still be cleaned up when the next test runs. */
let next = 0;

/** A real containerizer in a temporary folder. */
export class ContainerBench {
  readonly folder: string;
  readonly containerizer: Containerizer;
  readonly held = new Map<string, ProcessIdentity | undefined>();
  readonly #limits = new Map<string, Limitation[]>();
  readonly #ended = new Map<string, (ended: Ended) => void>();
  /** Containers are let run as soon as they are held, unless this is false. */
  releases = true;

  constructor(
    isolators: readonly Isolator[] = [],
    folder?: string,
    images?: ContainerizerOptions["images"],
  ) {
    this.folder = folder ?? mkdtempSync(join(tmpdir(), "tepui-agent-"));
    this.containerizer = new Containerizer({
      isolators,
      ...(images === undefined ? {} : { images }),
      runDir: join(this.folder, "run"),
      sandboxRoot: this.folder,
      clock: systemClock,
      log: silentLog,
      events: {
        onHeld: (id, process) => {
          this.held.set(id, process);
          if (this.releases) this.containerizer.release(id);
        },
        onStarted: () => {},
        onFailed: (id, failure) => this.#ended.get(id)?.({ failure }),
        onExited: (id, exit) => {
          const limits = this.#limits.get(id);
          this.#ended.get(id)?.({ exit, ...(limits === undefined ? {} : { limits }) });
          // As an agent does once it is on record.
          this.containerizer.forget(id);
        },
        onLimit: (id, limit) => {
          this.#limits.set(id, [...(this.#limits.get(id) ?? []), limit]);
        },
      },
    });
  }

  spec(value: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
    const id = `c${process.pid}-${next++}` as ContainerId;
    const sandbox = join(this.folder, id);
    mkdirSync(sandbox, { recursive: true });
    return {
      id,
      agentId: "a1" as ContainerSpec["agentId"],
      frameworkId: "f1" as ContainerSpec["frameworkId"],
      executorId: "e1" as ContainerSpec["executorId"],
      command: { value },
      resources: [],
      sandbox,
      environment: { PATH: "/usr/bin:/bin" },
      ...more,
    };
  }

  run(spec: ContainerSpec): Promise<Ended> {
    const ended = new Promise<Ended>((resolve) => this.#ended.set(spec.id, resolve));
    this.containerizer.launch(spec);
    return ended;
  }

  /** The end of a container that was not launched here but adopted. */
  waitFor(spec: ContainerSpec): Promise<Ended> {
    return new Promise((resolve) => this.#ended.set(spec.id, resolve));
  }

  output(spec: ContainerSpec, file = "stdout"): string {
    return readFileSync(join(spec.sandbox, file), "utf8");
  }

  /** True once the container has made a file in its sandbox. */
  has(spec: ContainerSpec, file: string): boolean {
    return existsSync(join(spec.sandbox, file));
  }

  /** Processes at work in the container's sandbox, or marked as its own. */
  processesOf(spec: ContainerSpec): number[] {
    return listPids().filter((pid) => {
      if (readEnvironment(pid)?.split("\0").includes(`TEPUI_CONTAINER_ID=${spec.id}`)) return true;
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === spec.sandbox;
      } catch {
        return false;
      }
    });
  }

  async close(): Promise<void> {
    for (const pid of listPids()) {
      // Whatever a failed test has left, it leaves no processes behind.
      try {
        if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${this.folder}/`)) process.kill(pid, 9);
      } catch {
        // Gone already, or not ours.
      }
    }
    this.containerizer.close();
    await removeFolder(this.folder);
  }
}
