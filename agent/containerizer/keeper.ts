import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { errors } from "../../contract/errors.ts";
import type { ExitStatus, OutputRotation } from "../../contract/ports/isolator.ts";
import { signalName } from "./tree.ts";

/** What is to be run, completely: nothing of the agent's own surroundings is added. */
export interface Launch {
  readonly directory: string;
  readonly stdout: string;
  readonly stderr: string;
  /** Default: what is printed goes into the files directly, however large they become. */
  readonly rotation?: OutputRotation;
  /** Looked up in the PATH of `environment` when it has no slash. */
  readonly file: string;
  /** argv, the program's own name included. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * How something that the keeper forked has ended. `abandoned`: it was never let past the barrier.
 * `failure`: it was, and could not run its command, for this reason.
 */
export interface KeeperExit extends ExitStatus {
  readonly abandoned?: true;
  readonly failure?: string;
}

/** Reads the words of an exit record; `undefined` when they are none. */
export function parseExit(words: string): KeeperExit | undefined {
  const text = words.trim();
  const space = text.indexOf(" ");
  const kind = space === -1 ? text : text.slice(0, space);
  const rest = space === -1 ? "" : text.slice(space + 1);
  if (kind === "exit" && /^\d+$/.test(rest)) return { code: Number(rest) };
  if (kind === "signal" && /^\d+$/.test(rest)) return { signal: signalName(Number(rest)) };
  if (kind === "abandoned") return { abandoned: true };
  if (kind === "failed") return { failure: rest };
  return undefined;
}

/** What a keeper tells about what it forked. */
export interface KeeperHandlers {
  /**
   * Each child's end, once; its record is on disk by then. `isAlone`: nothing is left of all that
   * it started.
   */
  onExit(id: string, exit: KeeperExit, isAlone: boolean): void;
  /** The keeper itself is gone: it will tell no more of what it forked. */
  onGone(): void;
}

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "keeper.pl");

/**
 * The perl that runs what Node cannot do.
 * @throws KEEPER_UNAVAILABLE
 */
export function perl(): string {
  const path = (process.env["PATH"] ?? "/usr/bin:/bin").split(delimiter);
  const found = path.map((folder) => join(folder, "perl")).find((file) => existsSync(file));
  if (found === undefined) throw errors.KEEPER_UNAVAILABLE("perl is not on the PATH");
  return found;
}

/**
 * The process that forks for the agent (`keeper.pl` says why there is one). It is in a session of
 * its own and outlives the agent until the last process that it forked has ended.
 */
export class Keeper {
  readonly #child: ChildProcess;
  readonly #input: Writable;
  readonly #handlers: KeeperHandlers;
  readonly #held = new Map<
    string,
    { resolve: (pid: number) => void; reject: (cause: unknown) => void }
  >();
  #text = "";
  #queue: string[] = [];
  #gone = false;

  /**
   * Starts a keeper that records exits in the folder `exits`.
   * @throws KEEPER_UNAVAILABLE when there is no perl
   */
  constructor(exits: string, log: string, handlers: KeeperHandlers) {
    this.#handlers = handlers;
    const errorFile = openSync(log, "a", 0o600);
    try {
      this.#child = spawn(perl(), [SCRIPT, exits], {
        detached: true,
        cwd: "/",
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin" },
        stdio: ["pipe", "pipe", errorFile],
      });
    } finally {
      closeSync(errorFile);
    }
    this.#input = this.#child.stdin as Writable;
    // Its death is told by "close"; a broken pipe says nothing more.
    this.#input.on("error", () => {});
    const output = this.#child.stdout as Readable;
    output.setEncoding("utf8");
    output.on("data", (text: string) => this.#read(text));
    this.#child.on("error", () => this.#lost());
    this.#child.on("close", () => this.#lost());
  }

  /** Its pid, for tests and metrics. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** False once it is gone; a new one must be started then. */
  get isThere(): boolean {
    return !this.#gone;
  }

  /**
   * Forks a child that waits at the barrier; resolves with its pid.
   * @throws KEEPER_UNAVAILABLE when it cannot fork or is gone
   */
  hold(id: string, launch: Launch): Promise<number> {
    if (this.#gone) return Promise.reject(errors.KEEPER_UNAVAILABLE("it has ended"));
    const environment = Object.entries(launch.environment).map(([key, value]) => `${key}=${value}`);
    const { directory, stdout, stderr, file, rotation } = launch;
    const rotated = rotation === undefined ? "" : `${rotation.bytes} ${rotation.files}`;
    const fields = [directory, stdout, stderr, rotated, file, `${launch.arguments.length}`];
    fields.push(...launch.arguments, ...environment);
    if (fields.some((field) => field.includes("\0"))) {
      return Promise.reject(errors.CONTAINER_LAUNCH_REFUSED("a NUL character in its command"));
    }
    const payload = `${fields.join("\0")}\0`;
    return new Promise((resolve, reject) => {
      this.#held.set(id, { resolve, reject });
      this.#write(`H ${id} ${Buffer.byteLength(payload)}\n${payload}`);
    });
  }

  /** Lets a held child run its command. */
  release(id: string): void {
    this.#write(`R ${id}\n`);
  }

  /** Makes a held child exit without having run anything. */
  abandon(id: string): void {
    this.#write(`A ${id}\n`);
  }

  /** Lets it go: it abandons what is held, and ends when nothing is left that it forked. */
  disconnect(): void {
    this.#gone = true;
    this.#input.end();
    (this.#child.stdout as Readable).destroy();
    this.#child.unref();
  }

  /** Requests of one turn leave in one write. */
  #write(text: string): void {
    this.#queue.push(text);
    if (this.#queue.length > 1) return;
    queueMicrotask(() => {
      const queued = this.#queue.join("");
      this.#queue = [];
      if (!this.#gone) this.#input.write(queued);
    });
  }

  #read(text: string): void {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const [, word, id, rest] = /^([PWX]) (\S+) (.*)$/.exec(line) ?? [];
    if (id === undefined || rest === undefined) return;
    const held = this.#held.get(id);
    if (word === "P") {
      this.#held.delete(id);
      held?.resolve(Number(rest));
      return;
    }
    const exit = parseExit(rest) ?? {};
    if (held !== undefined) {
      this.#held.delete(id);
      held.reject(errors.KEEPER_UNAVAILABLE(exit.failure ?? "it forked nothing"));
      return;
    }
    this.#handlers.onExit(id, exit, word === "W");
  }

  #lost(): void {
    if (this.#gone) return;
    this.#gone = true;
    for (const { reject } of this.#held.values()) {
      reject(errors.KEEPER_UNAVAILABLE("it ended unexpectedly"));
    }
    this.#held.clear();
    this.#handlers.onGone();
  }
}
