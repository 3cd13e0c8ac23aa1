import { type ChildProcess, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import type { Duplex, Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { errors, reasonOf, type TepuiError } from "../../contract/errors.ts";
import type { TerminalSize } from "../../contract/exec-api.ts";
import type { CommandSession, ExitStatus, SessionStreams } from "../../contract/ports/isolator.ts";
import { perl } from "./keeper.ts";
import { signalName } from "./tree.ts";

/** What is to be run, completely. */
export interface SessionLaunch extends SessionStreams {
  readonly directory: string;
  readonly file: string;
  /** argv, the program's own name included. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whoever it runs as, where that is not the agent's own user: the owner of its terminal. */
  readonly user?: string;
}

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "session.pl");

/**
 * A further command of a container, run by `session.pl`, which says why there is one. It is held
 * until `run`: whoever contains it puts its process where the container's are before.
 */
export class SessionProcess implements CommandSession {
  readonly #child: ChildProcess;
  readonly #orders: Writable;
  readonly #runs: Promise<void>;
  readonly #exit: Promise<ExitStatus>;
  #settleRuns: (problem?: TepuiError) => void = () => {};
  #settleExit: (exit: ExitStatus | TepuiError) => void = () => {};
  #isInputClosed = false;
  #text = "";

  /**
   * Starts the process in between; `environment` is its own.
   * @throws KEEPER_UNAVAILABLE when there is no perl
   */
  constructor(environment: Readonly<Record<string, string>>) {
    this.#runs = new Promise((resolve, reject) => {
      this.#settleRuns = (problem) => (problem === undefined ? resolve() : reject(problem));
    });
    this.#exit = new Promise((resolve, reject) => {
      this.#settleExit = (exit) => ("status" in exit ? reject(exit) : resolve(exit));
    });
    // Who asks is told; nobody has to ask.
    this.#runs.catch(() => {});
    this.#exit.catch(() => {});
    this.#child = spawn(perl(), [SCRIPT], {
      detached: true,
      cwd: "/",
      env: { ...environment },
      stdio: ["pipe", "pipe", "pipe", "pipe", "pipe"],
    });
    this.#orders = this.#child.stdio[3] as Duplex;
    const answers = this.#child.stdio[4] as Duplex;
    answers.setEncoding("utf8");
    answers.on("data", (text: string) => this.#read(text));
    // A broken pipe says no more than "close" does.
    for (const stream of this.#child.stdio) stream?.on("error", () => {});
    this.#child.on("error", (cause) => this.#over(reasonOf(cause)));
    this.#child.on("close", () => this.#over("what talks to it was killed"));
  }

  /** Pid of the process in between; absent when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get stdout(): AsyncIterable<Uint8Array> {
    return this.#child.stdout as Readable;
  }

  get stderr(): AsyncIterable<Uint8Array> {
    return this.#child.stderr as Readable;
  }

  /**
   * Runs the command; resolves when it does.
   * @throws EXEC_FAILED
   */
  run(launch: SessionLaunch): Promise<void> {
    const { terminal, user = "", stdin, directory, file } = launch;
    const size = terminal === undefined ? "" : `${terminal.columns} ${terminal.rows}`;
    const fields = [size, user, stdin ? "1" : "0", directory, file];
    fields.push(`${launch.arguments.length}`, ...launch.arguments);
    for (const [name, value] of Object.entries(launch.environment)) fields.push(`${name}=${value}`);
    if (fields.some((field) => field.includes("\0"))) {
      return Promise.reject(errors.EXEC_FAILED("a NUL character in its words"));
    }
    const payload = `${fields.join("\0")}\0`;
    this.#orders.write(`S ${Buffer.byteLength(payload)}\n${payload}`);
    if (!stdin) this.endInput();
    return this.#runs;
  }

  write(data: Uint8Array): Promise<void> {
    if (this.#isInputClosed) return Promise.reject(errors.EXEC_ENDED("it reads no more"));
    return new Promise((resolve, reject) => {
      (this.#child.stdin as Writable).write(data, (cause) => {
        if (cause) reject(errors.EXEC_ENDED("it reads no more"));
        else resolve();
      });
    });
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  resize({ columns, rows }: TerminalSize): void {
    if (this.#orders.writable) this.#orders.write(`W ${columns} ${rows}\n`);
  }

  signal(number: number): void {
    if (this.#orders.writable) this.#orders.write(`K ${number}\n`);
  }

  wait(): Promise<ExitStatus> {
    return this.#exit;
  }

  /** Ends the process in between, which kills the command; the rest is its opener's to find. */
  close(reason = "it was given up"): void {
    const problem = errors.EXEC_ENDED(reason);
    this.#settleRuns(problem);
    this.#settleExit(problem);
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  #read(text: string): void {
    const lines = (this.#text + text).split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    const space = line.indexOf(" ");
    const word = space < 0 ? line : line.slice(0, space);
    const rest = space < 0 ? "" : line.slice(space + 1);
    if (word === "running") this.#settleRuns();
    else if (word === "failed") this.#settleRuns(errors.EXEC_FAILED(rest));
    else if (word === "exit") this.#settleExit({ code: Number(rest) });
    else if (word === "signal") this.#settleExit({ signal: signalName(Number(rest)) });
    else if (word === "input-closed") {
      this.#isInputClosed = true;
      // What waits to be written is never read: its writers are told.
      this.#child.stdin?.destroy();
    }
  }

  #over(reason: string): void {
    this.#settleRuns(errors.EXEC_FAILED(reason));
    this.#settleExit(errors.EXEC_ENDED(reason));
  }
}
