import { execFile, spawnSync } from "node:child_process";
import { lstatSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";

/** Most that is kept of what `rm` complains. */
const COMPLAINT_BYTES_MAX = 4_096;
/**
 * `rm` goes from folder to folder and never names a whole path, so there is none that is too long.
 * What it complains of may be as much as the tree is large: the head is kept, the rest is let pass.
 */
const WORDS = [
  "-c",
  `rm -rf -- "$0" 2>&1 | { head -c ${COMPLAINT_BYTES_MAX}; cat >/dev/null; }`,
] as const;
const OPTIONS = { encoding: "utf8", env: { PATH: process.env["PATH"], LC_ALL: "C" } } as const;

/**
 * Removes a file, or a folder with all that is in it, if it is there; links are removed and never
 * followed. Node removes by whole paths, of which the system takes 4,096 bytes: whoever may write
 * to a folder can make a tree in it that cannot be removed so. What is left then goes by `rm`.
 * `maxRetries` is how often what others still write to, and is busy for that, is tried again.
 * @throws the error of the file system, or what `rm` says
 */
export async function removeTree(path: string, maxRetries = 0): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries });
  } catch (thrown) {
    if (!isTooLong(thrown)) throw thrown;
    const text = await new Promise<string>((resolve) => {
      execFile("/bin/sh", [...WORDS, path], OPTIONS, (cause, stdout) =>
        resolve(stdout || (cause?.message ?? "")),
      );
    });
    expectGone(path, text, thrown);
  }
}

/**
 * Does what `removeTree` does before it returns.
 * @throws the error of the file system, or what `rm` says
 */
export function removeTreeSync(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (thrown) {
    if (!isTooLong(thrown)) throw thrown;
    const { stdout, error } = spawnSync("/bin/sh", [...WORDS, path], OPTIONS);
    expectGone(path, stdout || (error?.message ?? ""), thrown);
  }
}

function isTooLong(thrown: unknown): boolean {
  // So deep a tree that there is no room for the calls below each other is too long as well.
  return thrown instanceof RangeError || (thrown as NodeJS.ErrnoException).code === "ENAMETOOLONG";
}

function expectGone(path: string, text: string, cause: unknown): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  const reason = text.split("\n")[0] || "it is still there after rm";
  throw new Error(`${path} cannot be removed: ${reason}`, { cause });
}
