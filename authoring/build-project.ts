import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errors, reasonOf, type TepuiError } from "../contract/errors.ts";

/** Lines of a compiler that are kept; the first ones, because the others follow from them. */
const LINES_MAX = 60;

/** What compilers and shells say when something is not there, and how to get it. */
const missing: readonly (readonly [said: RegExp, tool: string, install: string])[] = [
  [
    /\bclang: (No such file|not found|command not found)/,
    "clang",
    "on Debian: apt-get install clang lld",
  ],
  [
    /\bwasm-ld(-\d+)?"?:? (doesn't exist|No such file|not found|command not found)/,
    "wasm-ld, the linker for WebAssembly,",
    "on Debian: apt-get install lld",
  ],
  [
    /\brustc: (No such file|not found|command not found)/,
    "rustc",
    "on Debian: apt-get install rustc libstd-rust-dev-wasm32 lld",
  ],
  [
    /linker `[^`]*lld[^`]*` not found/,
    "lld, the linker for WebAssembly,",
    "on Debian: apt-get install lld",
  ],
  [
    /can't find crate for `core`/,
    "Rust's library for WebAssembly",
    "on Debian: apt-get install libstd-rust-dev-wasm32; " +
      "with rustup: rustup target add wasm32-unknown-unknown",
  ],
  [
    /\b(asc|tsc): (No such file|not found|command not found)/,
    "what its package.json lists",
    "run `npm install` in its folder",
  ],
];

/**
 * Builds a project in its own way: `npm run build` where package.json has that script, else `make`
 * where there is a Makefile. Answers the command, or `undefined` when there is nothing to build.
 * @throws PLUGIN_TOOL_MISSING, PLUGIN_BUILD_FAILED with what the compiler said
 */
export async function buildProject(
  folder: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const command = commandOf(folder);
  if (command === undefined) return undefined;
  const [program, ...words] = command;
  const { status, said } = await run(folder, program, words, signal);
  signal?.throwIfAborted();
  if (status === 0) return command.join(" ");
  throw failureOf(folder, command.join(" "), said);
}

function commandOf(folder: string): readonly [string, ...string[]] | undefined {
  if (hasBuildScript(folder)) return ["npm", "run", "--silent", "build"];
  return existsSync(join(folder, "Makefile")) ? ["make"] : undefined;
}

function hasBuildScript(folder: string): boolean {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return false;
  try {
    const { scripts } = JSON.parse(readFileSync(file, "utf8")) as { scripts?: object };
    return scripts !== undefined && Object.hasOwn(scripts, "build");
  } catch (thrown) {
    throw errors.PLUGIN_BUILD_FAILED(folder, "npm run build", [`${file}: ${reasonOf(thrown)}`]);
  }
}

interface Outcome {
  readonly status: number | string;
  readonly said: string;
}

function run(
  folder: string,
  program: string,
  words: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
      ...(signal === undefined ? {} : { signal }),
    });
    let said = "";
    const gather = (chunk: Buffer): void => {
      said += chunk.toString("utf8");
    };
    child.stdout.on("data", gather);
    child.stderr.on("data", gather);
    child.on("error", (thrown: NodeJS.ErrnoException) => {
      const status = thrown.code === "ENOENT" ? `there is no ${program}` : thrown.message;
      resolve({ status, said: `${program}: not found` });
    });
    child.on("close", (code, signalName) => resolve({ status: code ?? signalName ?? "", said }));
  });
}

function failureOf(folder: string, command: string, said: string): TepuiError {
  if (said === "make: not found") {
    return errors.PLUGIN_TOOL_MISSING(folder, "make", "on Debian: apt-get install make");
  }
  if (said === "npm: not found") {
    return errors.PLUGIN_TOOL_MISSING(folder, "npm", "install Node with its package manager");
  }
  for (const [pattern, tool, install] of missing) {
    if (pattern.test(said)) return errors.PLUGIN_TOOL_MISSING(folder, tool, install);
  }
  const lines = said
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  return errors.PLUGIN_BUILD_FAILED(folder, command, lines.slice(0, LINES_MAX));
}
