import { join } from "node:path";
import type { AgentMessage } from "../contract/agent-api.ts";
import type { AgentConfig } from "../contract/config/agent.ts";
import { reasonOf, TepuiError } from "../contract/errors.ts";
import type { ContainerId } from "../contract/ids.ts";
import type { Clock } from "../contract/ports/clock.ts";
import type { Isolator } from "../contract/ports/isolator.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { Metrics } from "../contract/ports/metrics.ts";
import type { Link, LinkHandlers, TransportServer } from "../contract/ports/transport.ts";
import type { CommandInfo } from "../contract/schema/command.ts";
import type { ContainerEvents } from "./containerizer/container.ts";
import { Containerizer } from "./containerizer/containerizer.ts";
import type { Effect } from "./core/effect.ts";
import type { AgentState, ContainerPlan } from "./core/state.ts";
import type { Fetcher } from "./fetcher/fetcher.ts";
import type { Images } from "./images/images.ts";
import { look } from "./io/checker.ts";
import type { Surroundings } from "./io/environment.ts";
import type { ExecutorDoor } from "./io/executors.ts";
import { inParts } from "./io/holdings.ts";
import { AgentLoop } from "./io/loop.ts";
import { masterHandlers } from "./io/master-link.ts";
import type { Sandboxes } from "./io/sandbox.ts";
import type { SandboxGc } from "./io/sandbox-gc.ts";
import type { CheckpointStore } from "./io/store.ts";
import type { Volumes } from "./io/volumes.ts";
import { Launcher } from "./launcher.ts";
import { type Left, takeUp } from "./recovery.ts";
import { endBound } from "./stopping.ts";

/** What an agent is put together from. */
export interface AgentParts {
  readonly config: AgentConfig;
  readonly state: AgentState;
  readonly store: CheckpointStore;
  readonly sandboxes: Sandboxes;
  readonly volumes: Volumes;
  readonly surroundings: Surroundings;
  readonly gc: SandboxGc;
  readonly fetcher: Fetcher;
  readonly images: Images;
  readonly workDir: string;
  readonly isolators: readonly Isolator[];
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** The agent is at its end by itself: it has left, was refused, or cannot go on. */
  onEnd(code: string, message: string): void;
}

/** The core, its loop, and all that its effects act on. */
export class Agent {
  readonly loop: AgentLoop;
  readonly containerizer: Containerizer;
  readonly #parts: AgentParts;
  readonly #launches;
  readonly #failures;
  readonly #launcher: Launcher;
  /** Containers that are reached under an address of their own. */
  readonly #addresses = new Map<string, string | undefined>();
  #door: ExecutorDoor | undefined;
  #servers: readonly TransportServer[] = [];
  #link: Link | undefined;
  #recoverySecs = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    const { state, store, clock, log, metrics, isolators, workDir, sandboxes } = parts;
    this.#launches = metrics.counter({
      name: "containers_launched_total",
      help: "Containers that were started to be launched.",
    });
    this.#failures = metrics.counter({
      name: "container_launch_failures_total",
      help: "Containers that could not be launched, by coded reason.",
      labels: ["code"],
    });
    this.#launcher = new Launcher({
      ...parts,
      onVolume: (change, volume) => this.loop.enqueue({ type: "volume-changed", change, volume }),
    });
    this.containerizer = new Containerizer({
      isolators,
      runDir: join(workDir, "run"),
      sandboxRoot: sandboxes.root,
      clock,
      log,
      events: this.#containerEvents(),
      ...(parts.images.isOn ? { images: parts.images } : {}),
      fetch: (spec, signal) => parts.fetcher.fetch(spec, signal),
    });
    this.loop = new AgentLoop({
      state,
      clock,
      checkpoint: (changes) => store.write(changes),
      perform: (effect) => this.#perform(effect),
      flush: () => {
        for (const server of this.#servers) server.flushAll();
        this.#link?.flush();
      },
      fail: (cause) => {
        const code = cause instanceof TepuiError ? cause.code : "AGENT_FAILED";
        log.error({ code, err: cause }, "the agent cannot go on");
        parts.onEnd(code, reasonOf(cause));
      },
    });
  }

  /** What it knows; changed by its loop alone. */
  get state(): AgentState {
    return this.#parts.state;
  }

  /** Lets the agent answer executors. */
  serve(servers: readonly TransportServer[], door: ExecutorDoor): void {
    this.#servers = servers;
    this.#door = door;
  }

  /** Dials the master; what the link tells goes into the inbox. */
  connect(dial: (handlers: LinkHandlers) => Link): void {
    this.#link = dial(masterHandlers(this.loop, this.#parts.log));
  }

  #containerEvents(): ContainerEvents {
    const id = (text: string): ContainerId => text as ContainerId;
    return {
      onHeld: (container, process) =>
        this.loop.enqueue({
          type: "container-held",
          containerId: id(container),
          ...(process === undefined ? {} : { process }),
        }),
      onStarted: (container, { ipAddresses = [] }) => {
        this.#addresses.set(container, ipAddresses[0]);
        this.loop.enqueue({ type: "container-started", containerId: id(container), ipAddresses });
      },
      onFailed: (container, cause) => this.#launchFailed(id(container), cause),
      onExited: (container, exit) =>
        this.loop.enqueue({
          type: "container-exited",
          containerId: id(container),
          ...(exit === undefined ? {} : { exit }),
        }),
      onLimit: (container, limitation) =>
        this.loop.enqueue({ type: "container-limit", containerId: id(container), limitation }),
    };
  }

  #launchFailed(containerId: ContainerId, cause: TepuiError): void {
    const { code } = cause;
    if (code === "CONTAINER_ABANDONED") {
      this.loop.enqueue({ type: "container-never-ran", containerId });
      return;
    }
    this.#failures.add(1, { code });
    this.#parts.log.warn({ container: containerId, code }, cause.message);
    this.loop.enqueue({ type: "container-failed", containerId, message: reasonOf(cause) });
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case "checkpoint":
        return;
      case "send-master":
        this.#tell(effect.message);
        return;
      case "start-container":
        this.#start(effect.plan);
        return;
      case "release-container":
        this.containerizer.release(effect.containerId);
        return;
      case "update-container":
        this.containerizer.update(effect.containerId, effect.resources);
        return;
      case "kill-container":
        this.containerizer.kill(effect.containerId, effect.signal);
        return;
      case "forget-container":
        this.containerizer.forget(effect.plan.id);
        this.#addresses.delete(effect.plan.id);
        this.#sandboxesEnded(effect.plan);
        return;
      case "send-executor":
        this.#sendExecutor(effect);
        return;
      case "cut-executor":
        this.#door?.cut(effect.containerId, effect.connection);
        return;
      case "run-check":
        this.#check(effect);
        return;
      case "make-volume":
      case "remove-volume":
        this.#launcher.changeVolume(effect.type, effect.volume);
        return;
      case "shutdown-process":
        this.#parts.log.warn({ code: effect.code }, effect.message);
        this.#parts.onEnd(effect.code, effect.message);
        return;
    }
  }

  /**
   * That of its group's executor is kept as long as any container shares it, and ends anew then.
   */
  #sandboxesEnded(plan: ContainerPlan): void {
    this.#parts.gc.ended(plan);
    if (plan.parent !== undefined) this.#parts.gc.ended({ ...plan, id: plan.parent.id });
  }

  #check({ containerId, kind, check, timeoutMs }: Extract<Effect, { type: "run-check" }>): void {
    const container = {
      address: this.#addresses.get(containerId) ?? "127.0.0.1",
      exec: (command: CommandInfo, limitMs: number) =>
        this.containerizer.exec(containerId, command, limitMs),
    };
    void look(container, check, timeoutMs).then((result) =>
      this.loop.enqueue({ type: "check-done", containerId, kind, result }),
    );
  }

  /** A message that fits no frame must not end the agent: what matters is told again, or asked. */
  #tell(message: AgentMessage): void {
    try {
      for (const part of inParts(message)) this.#link?.send(part);
    } catch (thrown) {
      const code = thrown instanceof TepuiError ? thrown.code : "INTERNAL";
      this.#parts.log.error({ code, type: message.type }, reasonOf(thrown));
    }
  }

  #sendExecutor(effect: Extract<Effect, { type: "send-executor" }>): void {
    const { containerId, connection, event } = effect;
    const plan = this.#parts.state.containers.get(containerId)?.plan;
    const tasks =
      event.type === "launch" ? [event.task] : event.type === "launch-group" ? event.tasks : [];
    if (plan !== undefined) {
      for (const { taskId } of tasks) this.#parts.sandboxes.linkTask(plan, taskId);
    }
    this.#door?.send(containerId, connection, event);
  }

  #start(plan: ContainerPlan): void {
    this.#launches.add();
    try {
      this.containerizer.launch(this.#launcher.ready(plan));
    } catch (cause) {
      // A full disk, a secret nobody resolves: the launch fails, and the agent goes on (D16).
      const message = reasonOf(cause);
      this.#parts.log.warn({ container: plan.id, reason: message }, "a sandbox cannot be made");
      this.loop.enqueue({ type: "container-failed", containerId: plan.id, message });
    }
  }

  /**
   * Takes up what an earlier agent in this folder left: what runs is adopted and watched, what has
   * ended is told of truly, what never ran is told to be lost (F2, F3).
   */
  async recover(left: Left): Promise<void> {
    const { state, log, store, clock } = this.#parts;
    const began = clock.monotonicMs();
    const specOf = (plan: ContainerPlan) => this.#launcher.specOf(plan);
    const onEnded = (plan: ContainerPlan) => this.#sandboxesEnded(plan);
    const { containerizer, loop } = this;
    for (const { change, volume } of state.volumeChanges.values()) {
      this.#launcher.changeVolume(change, volume);
    }
    await takeUp({ state, log, store, containerizer, loop, specOf, onEnded }, left);
    this.#recoverySecs = (clock.monotonicMs() - began) / 1_000;
  }

  /** What it counts beside its core, under Mesos' names (H8). */
  figures(): Record<string, number> {
    return {
      "slave/recovery_time_secs": this.#recoverySecs,
      "containerizer/mesos/container_destroy_errors": this.containerizer.destroyErrors,
      ...this.#parts.gc.figures(),
      ...this.#parts.fetcher.figures(),
    };
  }

  /** Ends what does not outlive this process (F5), while executors are still answered. */
  endBound(): Promise<void> {
    const { state, log, clock } = this.#parts;
    const { containerizer, loop } = this;
    const disconnect = async () => this.#link?.close("the agent is stopping");
    return endBound({ state, log, clock, containerizer, loop, disconnect });
  }

  /** Stops; what runs by now, runs on (F5). */
  async stop(): Promise<void> {
    await this.loop.stop();
    await this.#link?.close("the agent is stopping");
    this.containerizer.close();
  }
}
