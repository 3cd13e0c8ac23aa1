import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { errors } from "../../contract/errors.ts";
import { Complaints } from "./complaints.ts";

/** What unzip says of every file; its complaints stand in between. */
const PROGRESS = /^\s*(Archive|inflating|extracting|creating|linking|finishing)\b/;

/** Whose rights a program has; absent means the agent's own. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** How a program of the system ended. */
export interface ProgramEnd {
  readonly code: number | null;
  /** What it complained of. */
  readonly text: string;
  /** The complaint that something in an archive leads elsewhere, if there was one. */
  readonly wayOut: string | undefined;
}

/**
 * Runs a program of the system with the rights of a task's user, so that nothing is read or written
 * that the task itself could not. `stdout` is an open file, if its output is wanted.
 * @throws FETCH_PROGRAM_MISSING, or the reason of the signal
 */
export function runAs(
  identity: Identity | undefined,
  words: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly signal: AbortSignal; readonly stdout?: number },
): Promise<ProgramEnd> {
  const [file, ...rest] = words;
  const { cwd, signal, stdout } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, {
      cwd,
      signal,
      killSignal: "SIGKILL",
      env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
      stdio: ["ignore", stdout ?? "pipe", "pipe"],
      ...identity,
    });
    const complaints = new Complaints();
    for (const input of [child.stdout, child.stderr]) {
      if (input === null) continue;
      createInterface({ input }).on("line", (line) => {
        if (!PROGRESS.test(line)) complaints.add(line);
      });
    }
    child.on("error", (cause: NodeJS.ErrnoException) => {
      if (signal.aborted) reject(signal.reason);
      else reject(cause.code === "ENOENT" ? errors.FETCH_PROGRAM_MISSING(file) : cause);
    });
    child.on("close", (code) => {
      const { text, wayOut } = complaints;
      resolve({ code, text, wayOut });
    });
  });
}
