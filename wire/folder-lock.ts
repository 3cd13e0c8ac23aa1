import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors, reasonOf, type TepuiError } from "../contract/errors.ts";

/**
 * Pid and start time: the number alone may have been given to another process since. `undefined`
 * when there is no such process.
 */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A killed process that nobody has waited for holds nothing any more.
    return fields[0] === "Z" ? undefined : `${pid} ${fields[19]}`;
  } catch {
    if (existsSync("/proc/self/stat")) return undefined;
    // No /proc on this platform: signal 0 tells whether there is such a process.
    try {
      process.kill(pid, 0);
      return String(pid);
    } catch {
      return undefined;
    }
  }
}

/** Puts a draft in its place, whole or not at all; false when something is there. */
function place(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw cause;
  }
}

/** What a lock says, or `undefined` when it was given back meanwhile. */
function holderOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw cause;
  }
}

/**
 * Takes a lock away that a process left behind. Another one may have done so first and put its own
 * there: that is put back.
 */
function takeAway(path: string, left: string, aside: string): void {
  try {
    renameSync(path, aside);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return;
    throw cause;
  }
  if (holderOf(aside) !== left) place(aside, path);
  rmSync(aside, { force: true });
}

/** How often a lock that is left behind, or given back meanwhile, is tried for again. */
const ATTEMPTS = 5;

/**
 * Makes this process the only one that uses a folder in the way that `name`, the file of the lock,
 * stands for, until the returned function is called. A lock that `kill -9` left behind is taken
 * over.
 * @throws what `refusal` makes of the process that holds it; DISK_FULL
 */
export function lockFolder(
  folder: string,
  name: string,
  refusal: (pid: number) => TepuiError,
): () => void {
  const path = join(folder, name);
  const { pid } = process;
  const mine = identityOf(pid) ?? String(pid);
  const draft = `${path}.${pid}`;
  let holderPid = 0;
  try {
    writeFileSync(draft, mine, { mode: 0o600 });
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (place(draft, path)) return () => rmSync(path, { force: true });
      const holder = holderOf(path);
      if (holder === undefined) continue;
      holderPid = Number.parseInt(holder, 10);
      if (holder !== mine && identityOf(holderPid) === holder) break;
      takeAway(path, holder, `${draft}.left`);
    }
    throw refusal(holderPid);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    throw isFull ? errors.DISK_FULL(folder, reasonOf(thrown), thrown) : thrown;
  } finally {
    rmSync(draft, { force: true });
  }
}
