import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { errors, reasonOf } from "../../contract/errors.ts";

/** First and longest wait before a process is started again; a long life resets it. */
const RESTART_MS = { min: 200, max: 5_000 } as const;
const LONG_LIFE_MS = 10_000;

/** A program to keep running. */
export interface Program {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
}

/** Who is told what of a supervised process. */
export interface SupervisionEvents {
  /** It ended without having been told to, and will be started again after the wait. */
  onDeath(name: string, how: string, restartMs: number): void;
  /** It is up again. */
  onRestart(name: string, pid: number): void;
}

/**
 * Keeps one process running. The process holds the reading end of a pipe as its input: it ends by
 * itself when this process does, however this one ends. Its first line of output says that it is
 * ready; its error stream is its log.
 */
export class Supervised {
  readonly #program: Program;
  readonly #events: SupervisionEvents;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #restartMs: number = RESTART_MS.min;
  #isStopping = false;
  #wasStarted = false;

  constructor(program: Program, events: SupervisionEvents) {
    this.#program = program;
    this.#events = events;
  }

  get name(): string {
    return this.#program.name;
  }

  /** Whether it ever ran. */
  get wasStarted(): boolean {
    return this.#wasStarted;
  }

  /** Process id; 0 while it is down. */
  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /**
   * Starts it and waits until it is ready; from then on it is kept running. When somebody kills it
   * before that, it is started again.
   * @throws LOCAL_START_FAILED when it ends by itself or takes too long before that
   */
  async start(deadlineMs: number): Promise<void> {
    const { name, logFile } = this.#program;
    const failed = (reason: string) => errors.LOCAL_START_FAILED(name, reason, lastLines(logFile));
    const endMs = performance.now() + deadlineMs;
    for (;;) {
      let child: ChildProcess;
      try {
        child = this.#spawn();
      } catch (thrown) {
        throw failed(reasonOf(thrown));
      }
      const how = await readyOrEnd(child, endMs - performance.now());
      if (how === "ready") return this.#keep(child);
      if (how === "late") throw failed(`it was not ready within ${deadlineMs} ms`);
      if (child.pid === undefined) throw failed(how);
      if (child.signalCode === null || this.#isStopping) throw failed(`it ended with ${how}`);
      this.#events.onDeath(name, how, 0);
    }
  }

  /**
   * Ends it for good: SIGTERM, then SIGKILL after the grace period. False when it did not end in
   * order, or was down: it may have left something behind.
   */
  async stop(graceMs: number): Promise<boolean> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined || isOver(child)) return false;
    const gone = new Promise<void>((resolve) => whenOver(child, () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
    await gone;
    clearTimeout(timer);
    return child.exitCode === 0;
  }

  #spawn(): ChildProcess {
    this.#wasStarted = true;
    this.#child = spawnProgram(this.#program);
    return this.#child;
  }

  #keep(child: ChildProcess): void {
    const startedMs = performance.now();
    whenOver(child, (how) => {
      if (performance.now() - startedMs > LONG_LIFE_MS) this.#restartMs = RESTART_MS.min;
      this.#restartLater(how);
    });
  }

  #restartLater(how: string): void {
    this.#child = undefined;
    if (this.#isStopping) return;
    const waitMs = this.#restartMs;
    this.#restartMs = Math.min(RESTART_MS.max, waitMs * 2);
    this.#events.onDeath(this.name, how, waitMs);
    this.#timer = setTimeout(() => this.#restart(), waitMs);
  }

  #restart(): void {
    try {
      const child = this.#spawn();
      child.stdout?.once("data", () => this.#events.onRestart(this.name, child.pid ?? 0));
      this.#keep(child);
    } catch (thrown) {
      // Too many open files, for one: it may be better in a moment.
      this.#restartLater(reasonOf(thrown));
    }
  }
}

/** "ready" at its first output, "late" when that takes too long and it is killed, or its end. */
function readyOrEnd(child: ChildProcess, withinMs: number): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(
      () => {
        resolve("late");
        child.kill("SIGKILL");
      },
      Math.max(0, withinMs),
    );
    const tell = (how: string): void => {
      clearTimeout(timer);
      resolve(how);
    };
    child.stdout?.once("data", () => tell("ready"));
    whenOver(child, tell);
  });
}

/** Whether a child has ended, or could not be started at all: then it never had a process id. */
function isOver(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/**
 * Calls `act` once, with how it was, when a child has ended or could not be started. An error of a
 * child that runs, such as a signal that could not be sent, is no end.
 */
function whenOver(child: ChildProcess, act: (how: string) => void): void {
  let isTold = false;
  const tell = (how: string): void => {
    if (!isTold) act(how);
    isTold = true;
  };
  child.on("error", (error) => {
    if (child.pid === undefined) tell(error.message);
  });
  child.once("exit", (code, signal) => tell(howText(code, signal)));
  if (child.exitCode === null && child.signalCode === null) return;
  tell(howText(child.exitCode, child.signalCode));
}

function spawnProgram({ file, args, environment, logFile }: Program): ChildProcess {
  const log = openSync(logFile, "a", 0o600);
  try {
    const child = spawn(file, args, {
      stdio: ["pipe", "pipe", log],
      env: environment as NodeJS.ProcessEnv,
      // A session of its own: Ctrl-C at the terminal reaches the supervisor alone.
      detached: true,
    });
    child.stdin?.on("error", () => {});
    child.stdout?.resume();
    return child;
  } finally {
    closeSync(log);
  }
}

/** Runs a program that ends by itself; kills it when it does not in time. Says how it ended. */
export async function runToEnd(program: Program, deadlineMs: number): Promise<string> {
  let child: ChildProcess;
  try {
    child = spawnProgram(program);
  } catch (thrown) {
    return reasonOf(thrown);
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), deadlineMs);
  const how = await new Promise<string>((resolve) => whenOver(child, resolve));
  clearTimeout(timer);
  return how;
}

const LAST_LINES = 8;

/** The last lines of a log; none when it cannot be read. */
export function lastLines(logFile: string): readonly string[] {
  try {
    const lines = readFileSync(logFile, "utf8").trimEnd().split("\n");
    return lines.filter((line) => line !== "").slice(-LAST_LINES);
  } catch {
    return [];
  }
}

function howText(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ?? `status ${code}`;
}
