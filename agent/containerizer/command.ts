import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { errors } from "../../contract/errors.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";

/** A program with its whole argv. */
export interface Words {
  readonly file: string;
  readonly arguments: readonly string[];
}

/**
 * What a command runs (F21): `/bin/sh -c value`, or `value` with `arguments` as its whole argv.
 * @throws COMMAND_MISSING
 */
export function wordsOf(command: CommandInfo): Words {
  const { value, shell = true, arguments: argv = [] } = command;
  if (value === undefined || value === "") throw errors.COMMAND_MISSING();
  if (shell) return { file: "/bin/sh", arguments: ["sh", "-c", value] };
  return { file: value, arguments: argv.length > 0 ? argv : [value] };
}

/**
 * What steers any program, or perl, by the environment: with the words of isolators it would run
 * what a task brings with the rights that these words are there to give up.
 */
const STEERS = /^(LD_|PERL|GLIBC_TUNABLES$|GCONV_PATH$|LOCPATH$|MALLOC_)/;

/**
 * Puts words before a command, outermost first; its own argv[0] gives way to its file. What would
 * steer the words is set behind them, by `env`, which a root of its own may lack and does without.
 */
export function guarded(
  words: Words,
  wrap: readonly string[],
  environment: Readonly<Record<string, string>>,
  hasOwnRoot: boolean,
): Words & { readonly environment: Readonly<Record<string, string>> } {
  const [first] = wrap;
  if (first === undefined) return { ...words, environment };
  const entries = Object.entries(environment);
  const steering = entries.filter(([name]) => STEERS.test(name));
  const rest = Object.fromEntries(entries.filter(([name]) => !STEERS.test(name)));
  const late = steering.map(([name, value]) => `${name}=${value}`);
  const env = late.length === 0 || hasOwnRoot ? late : ["/usr/bin/env", ...late];
  const all = [...wrap, ...env, words.file, ...words.arguments.slice(1)];
  return { file: first, arguments: all, environment: rest };
}

function isProgram(path: string): boolean {
  try {
    // Most folders of a PATH do not have it, and an error for each would cost more than the look.
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Finds the program as the launcher would, so that a missing one is refused with its name before
 * anything runs.
 * @throws COMMAND_NOT_FOUND
 */
export function findProgram(file: string, directory: string, path: string | undefined): string {
  if (file.includes("/")) {
    const full = isAbsolute(file) ? file : join(directory, file);
    if (isProgram(full)) return full;
    throw errors.COMMAND_NOT_FOUND(file, full);
  }
  const folders = (path ?? "/usr/local/bin:/usr/bin:/bin").split(":");
  for (const folder of folders) {
    const full = join(isAbsolute(folder) ? folder : join(directory, folder), file);
    if (isProgram(full)) return full;
  }
  throw errors.COMMAND_NOT_FOUND(file, folders.join(", "));
}
