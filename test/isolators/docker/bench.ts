import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { Containerizer } from "../../../agent/containerizer/containerizer.ts";
import { removeFolder } from "../../../conformance/isolator/remove-folder.ts";
import type { TepuiError } from "../../../contract/errors.ts";
import type { ContainerId } from "../../../contract/ids.ts";
import type {
  ContainerSpec,
  ExitStatus,
  Isolator,
  Limitation,
} from "../../../contract/ports/isolator.ts";
import { silentLog } from "../../../contract/ports/log.ts";
import { silentMetrics } from "../../../contract/ports/metrics.ts";
import { DATA_DIR } from "../../../contract/ports/plugin.ts";
import { fromScalars } from "../../../contract/resources.ts";
import type { ContainerInfo } from "../../../contract/schema/container.ts";
import { pluginConfig } from "../../../kernel/host/plugin-config.ts";
import type { DockerConfig } from "../../../plugins/isolators/docker/config.ts";
import { create } from "../../../plugins/isolators/docker/index.ts";
import { systemClock } from "../../../wire/system-clock.ts";
import type { Dockerd } from "../../support/dockerd.ts";
import { until } from "../../support/until.ts";

/** The image that every test container runs: busybox alone, without a working directory. */
export const IMAGE = "tepui/test";

const manifestUrl = new URL("../../../plugins/isolators/docker/plugin.json", import.meta.url);
const manifest = JSON.parse(readFileSync(manifestUrl, "utf8"));

/** How a container of a test came to its end. */
export interface Ended {
  readonly exit?: ExitStatus | undefined;
  readonly failure?: TepuiError;
  readonly limitation?: Limitation | undefined;
}

/** What a test says of a container beside its command. */
export interface Wish {
  readonly docker?: Partial<NonNullable<ContainerInfo["docker"]>>;
  readonly container?: Partial<ContainerInfo>;
  readonly spec?: Partial<ContainerSpec>;
}

let specs = 0;

/** Makes the isolator as an agent with this folder would. */
export function openDocker(
  dockerd: Dockerd,
  folder: string,
  given: Record<string, unknown> = {},
): { isolator: Isolator; stop: () => Promise<void> } {
  const config = pluginConfig("docker", manifest, {
    socket: dockerd.socket,
    ...given,
  }) as DockerConfig;
  const instance = create({
    name: "docker",
    config,
    log: silentLog,
    metrics: silentMetrics,
    clock: systemClock,
    use: <T>({ name }: { name: string }) => {
      expect(name).toBe(DATA_DIR.name);
      return folder as T;
    },
    useAll: () => [],
  }) as { ports: { isolator: Isolator }; stop: () => Promise<void> };
  return { isolator: instance.ports.isolator, stop: () => instance.stop() };
}

/** A real containerizer with the docker isolator and a real engine; restartable like an agent. */
export class DockerBench {
  readonly dockerd: Dockerd;
  readonly folder = mkdtempSync(join(tmpdir(), "tepui-docker-"));
  /** Ends are on record as soon as they are told, unless this is false. */
  forgets = true;
  readonly started = new Map<string, readonly string[]>();
  readonly #given: Record<string, unknown>;
  readonly #ended = new Map<string, (ended: Ended) => void>();
  readonly #limits = new Map<string, Limitation>();
  #isolator!: Isolator;
  #containerizer!: Containerizer;
  #stop!: () => Promise<void>;

  constructor(dockerd: Dockerd, given: Record<string, unknown> = {}) {
    this.dockerd = dockerd;
    this.#given = given;
    this.open();
  }

  get isolator(): Isolator {
    return this.#isolator;
  }

  get containerizer(): Containerizer {
    return this.#containerizer;
  }

  /** An agent started anew in this folder. */
  open(given: Record<string, unknown> = {}): void {
    const { isolator, stop } = openDocker(this.dockerd, this.folder, { ...this.#given, ...given });
    this.#isolator = isolator;
    this.#stop = stop;
    this.#containerizer = new Containerizer({
      isolators: [isolator],
      runDir: join(this.folder, "run"),
      sandboxRoot: this.folder,
      clock: systemClock,
      log: silentLog,
      events: {
        onHeld: (id) => this.#containerizer.release(id),
        onStarted: (id, { ipAddresses = [] }) => this.started.set(id, ipAddresses),
        onFailed: (id, failure) => this.#ended.get(id)?.({ failure }),
        onExited: (id, exit) => {
          this.#ended.get(id)?.({ exit, limitation: this.#limits.get(id) });
          if (this.forgets) this.#containerizer.forget(id);
        },
        onLimit: (id, limitation) => {
          this.#limits.set(id, limitation);
          this.#containerizer.kill(id, "SIGKILL");
        },
      },
    });
  }

  /** Ends the agent, and starts the next one, which knows of these containers. */
  async restart(...known: readonly ContainerSpec[]): Promise<void> {
    await this.leave();
    this.open();
    await this.#containerizer.recover(known.map((spec) => ({ spec })));
    for (const spec of known) this.#containerizer.adopt({ spec });
  }

  /** Ends the agent; containers run on. */
  async leave(): Promise<void> {
    this.#containerizer.close();
    await this.#stop();
  }

  spec(command: string | ContainerSpec["command"], wish: Wish = {}): ContainerSpec {
    const id = `t${process.pid}-${specs++}` as ContainerId;
    const sandbox = join(this.folder, id);
    mkdirSync(sandbox, { recursive: true });
    const { docker, container, spec } = wish;
    return {
      id,
      agentId: "a1" as ContainerSpec["agentId"],
      frameworkId: "f1" as ContainerSpec["frameworkId"],
      executorId: "e1" as ContainerSpec["executorId"],
      taskId: "t1" as NonNullable<ContainerSpec["taskId"]>,
      command: typeof command === "string" ? { value: command } : command,
      resources: fromScalars({ cpus: 0.5, mem: 64 }),
      container: {
        type: "DOCKER",
        docker: { image: IMAGE, network: "NONE", ...docker },
        ...container,
      },
      sandbox,
      environment: { PATH: "/host/bin", MESOS_SANDBOX: sandbox },
      ...spec,
    };
  }

  run(spec: ContainerSpec): Promise<Ended> {
    const ended = this.waitFor(spec);
    this.containerizer.launch(spec);
    return ended;
  }

  /** The end of a container that was launched or adopted elsewhere. */
  waitFor(spec: ContainerSpec): Promise<Ended> {
    return new Promise((resolve) => this.#ended.set(spec.id, resolve));
  }

  output(spec: ContainerSpec, file = "stdout"): string {
    try {
      return readFileSync(join(spec.sandbox, file), "utf8");
    } catch {
      return "";
    }
  }

  /** Makes a file in a container's sandbox, for which its script waits. */
  give(spec: ContainerSpec, file: string): void {
    writeFileSync(join(spec.sandbox, file), "");
  }

  /** Waits until a container has written this to its standard output. */
  async hasWritten(spec: ContainerSpec, text: string | RegExp): Promise<void> {
    await until(`${spec.id} writes ${text}`, () =>
      typeof text === "string" ? this.output(spec).includes(text) : text.test(this.output(spec)),
    );
  }

  /** True while the engine has the container, running or not. */
  isThere(spec: ContainerSpec): boolean {
    const name = `name=^/tepui-${spec.id}$`;
    return this.dockerd.docker("ps", "--all", "--quiet", "--filter", name) !== "";
  }

  /** The part of a container's time in which it had used up its share of the CPUs. */
  heldBack(spec: ContainerSpec): number {
    const files = "/sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat";
    const stat = this.dockerd.docker("exec", `tepui-${spec.id}`, "sh", "-c", `cat ${files} || :`);
    const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1]);
    return count("nr_throttled") / count("nr_periods");
  }

  /** Kills a container and waits for its end. */
  async end(spec: ContainerSpec, ended: Promise<Ended>): Promise<Ended> {
    this.containerizer.kill(spec.id, "SIGKILL");
    return await ended;
  }

  async close(): Promise<void> {
    await this.leave();
    await removeFolder(this.folder);
  }
}
