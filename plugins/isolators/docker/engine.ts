import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { errors, reasonOf, TepuiError } from "../../../contract/errors.ts";
import type { TerminalSize } from "../../../contract/exec-api.ts";
import type { Clock } from "../../../contract/ports/clock.ts";
import type { SessionStreams } from "../../../contract/ports/isolator.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import type { CommandInfo } from "../../../contract/schema/command.ts";
import { type EngineClient, isRefused, isUnreachable } from "./engine-client.ts";
import type {
  CreateBody,
  ExecState,
  HostConfig,
  Inspected,
  Listed,
  Stats,
} from "./engine-types.ts";

/** Waits between tries while the engine is away: they double from the first to the last. */
const RETRY_FIRST_MS = 50;
const RETRY_LAST_MS = 5_000;
/** An engine that is removing a container is asked again this often whether it has. */
const REMOVING_MS = 50;

/** How long a call may be tried again. */
export interface Patience {
  /** Absent: for ever. */
  readonly forMs?: number;
  readonly signal?: AbortSignal;
}

/** The calls of the Engine API that this isolator makes, and the patience with an absent engine. */
export class Engine {
  readonly client: EngineClient;
  readonly #clock: Clock;
  readonly #log: Logger;
  #isAway = false;

  constructor(client: EngineClient, clock: Clock, log: Logger) {
    this.client = client;
    this.#clock = clock;
    this.#log = log;
  }

  /** True while calls find nobody at the socket. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /**
   * Acts, and again with growing pauses while the engine is away.
   * @throws whatever else `act` throws; DOCKER_ENGINE_UNREACHABLE once the time is over
   */
  async patiently<T>(act: () => Promise<T>, { forMs, signal }: Patience = {}): Promise<T> {
    const endMs = this.#clock.monotonicMs() + (forMs ?? Number.POSITIVE_INFINITY);
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_LAST_MS)) {
      signal?.throwIfAborted();
      try {
        const result = await act();
        if (this.#isAway) this.#log.info({ socket: this.client.socket }, "the engine is back");
        this.#isAway = false;
        return result;
      } catch (thrown) {
        if (!isUnreachable(thrown)) throw thrown;
        if (!this.#isAway) this.#log.warn({ err: thrown }, "the engine is away; trying again");
        this.#isAway = true;
        const leftMs = endMs - this.#clock.monotonicMs();
        if (leftMs <= 0) throw thrown;
        await this.pause(Math.min(waitMs, leftMs), signal);
      }
    }
  }

  /** Resolves after a while, at once when `signal` aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(ms, () => {
        signal?.removeEventListener("abort", early);
        resolve();
      });
      const early = () => {
        timer.cancel();
        resolve();
      };
      if (signal?.aborted === true) early();
      else signal?.addEventListener("abort", early, { once: true });
    });
  }

  create(name: string, body: CreateBody): Promise<{ Id: string }> {
    return this.client.call("POST", "/containers/create", { query: { name }, body });
  }

  /** `undefined` when there is no such container. */
  async inspect(name: string): Promise<Inspected | undefined> {
    try {
      return await this.client.call<Inspected>("GET", `/containers/${name}/json`);
    } catch (thrown) {
      if (isRefused(thrown, 404)) return undefined;
      throw thrown;
    }
  }

  /** A file of a container in the form of tar; empty when there is none, or it is too long. */
  async archive(name: string, path: string, bytesMax: number): Promise<Buffer> {
    try {
      const query = { path };
      const stream = await this.client.stream("GET", `/containers/${name}/archive`, { query });
      const parts: Buffer[] = [];
      let size = 0;
      for await (const part of stream as AsyncIterable<Buffer>) {
        parts.push(part);
        size += part.length;
        if (size > bytesMax) return Buffer.alloc(0);
      }
      return Buffer.concat(parts);
    } catch (thrown) {
      if (isRefused(thrown, 404)) return Buffer.alloc(0);
      if (thrown instanceof TepuiError) throw thrown;
      throw errors.DOCKER_ENGINE_UNREACHABLE(this.client.socket, reasonOf(thrown), thrown);
    }
  }

  start(name: string): Promise<void> {
    return this.client.call("POST", `/containers/${name}/start`);
  }

  /** Resolves when it does not run any more; the engine is silent until then. */
  waitUntilStopped(name: string, signal: AbortSignal): Promise<{ StatusCode: number }> {
    return this.client.call("POST", `/containers/${name}/wait`, { timeoutMs: 0, signal });
  }

  /** Signals the first process. Answers false when it does not run. */
  async kill(name: string, signal: string): Promise<boolean> {
    try {
      await this.client.call("POST", `/containers/${name}/kill`, { query: { signal } });
      return true;
    } catch (thrown) {
      if (isRefused(thrown, 404, 409)) return false;
      throw thrown;
    }
  }

  /** Asks it to end, and kills it after `graceMs`, rounded up to seconds. */
  async stop(name: string, graceMs: number): Promise<void> {
    const t = Math.ceil(graceMs / 1000);
    try {
      const timeoutMs = graceMs + 60_000;
      await this.client.call("POST", `/containers/${name}/stop`, { query: { t }, timeoutMs });
    } catch (thrown) {
      if (!isRefused(thrown, 404)) throw thrown;
    }
  }

  /** Kills and removes it with its anonymous volumes; resolves when it is gone. */
  async remove(name: string): Promise<void> {
    for (;;) {
      try {
        await this.client.call("DELETE", `/containers/${name}`, {
          query: { force: true, v: true },
        });
        return;
      } catch (thrown) {
        if (isRefused(thrown, 404)) return;
        // Somebody else is removing it.
        if (!isRefused(thrown, 409)) throw thrown;
      }
      await this.pause(REMOVING_MS);
    }
  }

  list(label: string): Promise<readonly Listed[]> {
    const filters = JSON.stringify({ label: [label] });
    return this.client.call("GET", "/containers/json", { query: { all: true, filters } });
  }

  update(name: string, limits: HostConfig): Promise<void> {
    return this.client.call("POST", `/containers/${name}/update`, { body: limits });
  }

  stats(name: string): Promise<Stats> {
    const query = { stream: false, "one-shot": true };
    return this.client.call("GET", `/containers/${name}/stats`, { query });
  }

  /** Begins a further command in a running container; answers the engine's id of it. */
  async exec(name: string, command: CommandInfo): Promise<string> {
    const id = await this.#makeExec(name, command, {});
    await this.client.call("POST", `/exec/${id}/start`, { body: { Detach: true } });
    return id;
  }

  /** The same, and the connection over which it is talked to. */
  async execOpen(
    name: string,
    command: CommandInfo,
    { stdin, terminal }: SessionStreams,
  ): Promise<{ readonly id: string; readonly socket: Socket }> {
    const Tty = terminal !== undefined;
    const attached = { AttachStdin: stdin, AttachStdout: true, AttachStderr: true, Tty };
    const id = await this.#makeExec(name, command, attached);
    const body = { Detach: false, Tty };
    return { id, socket: await this.client.takeOver("POST", `/exec/${id}/start`, body) };
  }

  async #makeExec(name: string, command: CommandInfo, how: object): Promise<string> {
    const { value = "", shell = true, arguments: argv = [], environment = [], user } = command;
    const body = {
      ...how,
      Cmd: shell ? ["/bin/sh", "-c", value] : [value, ...argv.slice(1)],
      Env: environment.map((variable) => `${variable.name}=${variable.value ?? ""}`),
      ...(user === undefined ? {} : { User: user }),
    };
    const path = `/containers/${name}/exec`;
    return (await this.client.call<{ Id: string }>("POST", path, { body })).Id;
  }

  /** The size of the terminal of such a command. */
  execResize(id: string, { columns, rows }: TerminalSize): Promise<void> {
    const query = { w: columns, h: rows };
    return this.client.call("POST", `/exec/${id}/resize`, { query });
  }

  /** How such a command is. */
  execState(id: string): Promise<ExecState> {
    return this.client.call<ExecState>("GET", `/exec/${id}/json`);
  }

  /** How such a command ended; `undefined` while it runs. */
  async execExit(id: string): Promise<number | undefined> {
    const { Running, ExitCode } = await this.execState(id);
    return Running ? undefined : (ExitCode ?? undefined);
  }

  /** Output so far and, while it runs and `follow` is set, from now on; `since` in seconds. */
  logs(
    name: string,
    follow: boolean,
    since: string | undefined,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const query = { follow, stdout: true, stderr: true, timestamps: true, since };
    return this.client.stream("GET", `/containers/${name}/logs`, {
      query,
      signal,
      ...(follow ? { timeoutMs: 0 } : {}),
    });
  }
}
