import { type SpawnOptionsWithoutStdio, spawn } from "node:child_process";

/** What a script printed, and the status that it ended with. */
export interface ShellResult {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** Runs a program with arguments to its end, without any input, and gathers what it prints. */
export function runShell(
  file: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio,
): Promise<ShellResult> {
  const child = spawn(file, [...args], options);
  child.stdin.end();
  let [out, error] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    error += text;
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, error })));
}
