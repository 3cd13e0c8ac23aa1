import { errors, reasonOf } from "../../../contract/errors.ts";
import type {
  CommandSession,
  ContainerSpec,
  ExitStatus,
  ExternalContainer,
  SessionStreams,
  StartedContainer,
} from "../../../contract/ports/isolator.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import type { CommandInfo } from "../../../contract/schema/command.ts";
import { within } from "../../../wire/within.ts";
import type { Engine } from "./engine.ts";
import { isRefused, refusalOf } from "./engine-client.ts";
import type { EngineState, Inspected } from "./engine-types.ts";
import type { LogCopier } from "./log-copier.ts";
import { addressesOf } from "./networks.ts";
import { EngineSession } from "./session.ts";

/** Pause before an engine is asked again that said something ended which it says runs. */
const AGAIN_MS = 100;
/** Between two looks at whether a further command has ended. */
const EXEC_LOOK_MS = 50;
/** Exit codes of a first process that a signal ended. */
const SIGNAL_BASE = 128;
const signalNumbers = { SIGTERM: 15, SIGKILL: 9 } as const;

/** What a container works with. */
export interface ContainerParts {
  readonly engine: Engine;
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly copier: LogCopier;
  readonly log: Logger;
  /** How long a start waits for an engine that is away. */
  readonly engineTimeoutMs: number;
  /** Tells that it ran out of memory; may be told again. */
  onOutOfMemory(): void;
}

/** True once a container has been started, whatever became of it. */
export function wasStarted({ StartedAt }: EngineState): boolean {
  return !StartedAt.startsWith("0001-");
}

function isRunning({ Status }: EngineState): boolean {
  return Status === "running" || Status === "paused" || Status === "restarting";
}

/** A container in the engine, started by this agent or by the one before it. */
export class EngineContainer implements ExternalContainer {
  readonly #parts: ContainerParts;
  readonly #closing = new AbortController();
  #started: Promise<StartedContainer> | undefined;
  /** As it was asked for last. */
  spec: ContainerSpec;
  #sent: keyof typeof signalNumbers | undefined;

  constructor(parts: ContainerParts) {
    this.#parts = parts;
    this.spec = parts.spec;
  }

  get name(): string {
    return this.#parts.name;
  }

  get copier(): LogCopier {
    return this.#parts.copier;
  }

  /**
   * Starts it, unless it has been started before: then it only tells of it, so that nothing runs
   * twice, whenever agent or engine went away.
   * @throws the coded reason for which it cannot run
   */
  start(): Promise<StartedContainer> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<StartedContainer> {
    const { engine, name, copier, engineTimeoutMs } = this.#parts;
    const patience = { forMs: engineTimeoutMs, signal: this.#closing.signal };
    const inspected = await engine.patiently(async () => {
      const before = await engine.inspect(name);
      // `wait` tells of a container that is gone.
      if (before === undefined || wasStarted(before.State)) return before;
      try {
        await engine.start(name);
      } catch (thrown) {
        throw startFault(this.spec, thrown);
      }
      return await engine.inspect(name);
    }, patience);
    copier.follow();
    if (inspected === undefined) return {};
    const { Pid } = inspected.State;
    return { ...(Pid === 0 ? {} : { pid: Pid }), ipAddresses: addressesOf(inspected) };
  }

  /**
   * Resolves when it has ended and all its output is in the sandbox. An engine that is away is
   * waited for: the container may run on without it.
   * @throws DOCKER_CONTAINER_UNKNOWN when the engine has lost it
   */
  async wait(): Promise<ExitStatus> {
    const { copier } = this.#parts;
    const state = await this.#ended();
    if (state === undefined) {
      await copier.close();
      throw errors.DOCKER_CONTAINER_UNKNOWN(this.spec.id);
    }
    if (state.OOMKilled) this.#parts.onOutOfMemory();
    await copier.finish();
    if (this.#closing.signal.aborted) return new Promise(() => {});
    return this.#exitOf(state);
  }

  async #ended(): Promise<EngineState | undefined> {
    const { engine, name } = this.#parts;
    const { signal } = this.#closing;
    for (;;) {
      const inspected = await engine.patiently(() => this.#waitOnce(), { signal });
      if (inspected === undefined || !isRunning(inspected.State)) return inspected?.State;
      this.#parts.log.debug({ container: name }, "the engine says that it runs after all");
      await engine.pause(AGAIN_MS, signal);
    }
  }

  async #waitOnce(): Promise<Inspected | undefined> {
    const { engine, name } = this.#parts;
    try {
      await engine.waitUntilStopped(name, this.#closing.signal);
    } catch (thrown) {
      // An engine that is being stopped answers with all kinds of errors; what is true is asked
      // for again below and, once it is back, by the next round.
      if (!isRefused(thrown, 404, 409, 500, 503)) throw thrown;
    }
    return await engine.inspect(name);
  }

  /**
   * The engine tells a code alone, and 137 may be said by a program as well as be SIGKILL. So it is
   * a signal only where it is known that one was sent.
   */
  #exitOf({ ExitCode, OOMKilled }: EngineState): ExitStatus {
    const sent = OOMKilled ? "SIGKILL" : this.#sent;
    for (const signal of [sent, this.#sent]) {
      if (signal !== undefined && ExitCode === SIGNAL_BASE + signalNumbers[signal]) {
        return { signal };
      }
    }
    return { code: ExitCode };
  }

  /**
   * SIGTERM is the image's own stop signal where it has one. Waits for a start that is under way,
   * and for an engine that is away: a kill may come late, and must not be lost.
   */
  async signal(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const { engine, name } = this.#parts;
    await this.#started?.catch(() => {});
    this.#sent = signal;
    await engine.patiently(
      async () => {
        const stopSignal =
          signal === "SIGTERM" ? (await engine.inspect(name))?.Config.StopSignal : undefined;
        await engine.kill(name, stopSignal ?? signal);
      },
      { signal: this.#closing.signal },
    );
  }

  /**
   * Runs a further command inside. The engine cannot end it: one that is late runs on until it ends
   * by itself, or the container does.
   * @throws CHECK_UNAVAILABLE
   */
  async exec(command: CommandInfo, timeoutMs: number): Promise<number> {
    const closing = this.#closing.signal;
    if (timeoutMs <= 0) return await this.#codeOf(command, timeoutMs, closing);
    return await within(timeoutMs, closing, (signal) => this.#codeOf(command, timeoutMs, signal));
  }

  async #codeOf(command: CommandInfo, timeoutMs: number, signal: AbortSignal): Promise<number> {
    const { engine, name } = this.#parts;
    try {
      const id = await engine.exec(name, command);
      for (;;) {
        signal.throwIfAborted();
        const code = await engine.execExit(id);
        if (code !== undefined) return code;
        await engine.pause(EXEC_LOOK_MS, signal);
      }
    } catch (thrown) {
      if (signal.aborted) throw errors.CHECK_UNAVAILABLE(`no answer in ${timeoutMs} ms`);
      throw errors.CHECK_UNAVAILABLE(refusalOf(thrown) ?? reasonOf(thrown));
    }
  }

  /**
   * Runs a further command inside that is talked to.
   * @throws COMMAND_NOT_FOUND, EXEC_FAILED
   */
  async open(command: CommandInfo, streams: SessionStreams): Promise<CommandSession> {
    const { engine, name } = this.#parts;
    return await EngineSession.open(engine, name, command, streams);
  }

  /** Lets go of it; it runs on. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.copier.close();
  }
}

/** The coded reason for which the engine could not start a container. */
function startFault(spec: ContainerSpec, thrown: unknown): unknown {
  const reason = refusalOf(thrown);
  if (reason === undefined) return thrown;
  if (/port is already allocated|address already in use/i.test(reason)) {
    return errors.DOCKER_PORT_TAKEN(reason);
  }
  if (/executable file not found|exec: .*no such file|stat .*no such file/i.test(reason)) {
    const { value = "", shell = true } = spec.command;
    return errors.COMMAND_NOT_FOUND(shell ? "/bin/sh" : value, `the image: ${reason}`);
  }
  if (/unable to find (user|group)/i.test(reason)) return errors.DOCKER_USER_UNKNOWN(reason);
  const network = /network (\S+) not found/i.exec(reason)?.[1];
  if (network !== undefined) return errors.DOCKER_NETWORK_MISSING(network);
  if (/no space left/i.test(reason)) return errors.DOCKER_DISK_FULL(reason);
  return thrown;
}
