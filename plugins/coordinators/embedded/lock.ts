import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../../../contract/errors.ts";

/** Pid and start time: a pid alone may have been given to another process since. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A killed process that nobody has waited for holds nothing any more.
    return fields[0] === "Z" ? undefined : `${pid} ${fields[19]}`;
  } catch {
    if (existsSync("/proc/self/stat")) return undefined;
    // No /proc on this platform: signal 0 tells whether there is such a process.
    try {
      process.kill(pid, 0);
      return `${pid}`;
    } catch {
      return undefined;
    }
  }
}

/**
 * Makes this process the only user of a directory, until the returned function is called. A lock
 * that was left by a process which is gone is taken over, since `kill -9` leaves one behind.
 * @throws REGISTRY_LOCKED when a live process holds it.
 */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, "master.lock");
  const mine = identityOf(process.pid) ?? `${process.pid}`;
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, mine, { flag: "wx", mode: 0o600 });
      return () => rmSync(path, { force: true });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST" || attempt === 3) throw cause;
    }
    const holder = readFileSync(path, "utf8");
    const pid = Number.parseInt(holder, 10);
    if (holder !== mine && pid > 0 && identityOf(pid) === holder) {
      throw errors.REGISTRY_LOCKED(directory, pid);
    }
    rmSync(path, { force: true });
  }
}
