import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TepuiError } from "../../contract/errors.ts";

/** Pid and start time: the number alone may have been given to another process since. */
function identityOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

/**
 * Makes this process the only one that uses a folder in the way that `name`, the file of the lock,
 * stands for, until the returned function is called. A lock that `kill -9` left behind is taken
 * over.
 * @throws what `refusal` makes of the process that holds it
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
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        // A link appears whole or not at all, with its content in place.
        linkSync(draft, path);
        return () => rmSync(path, { force: true });
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
      }
      const holder = readFileSync(path, "utf8");
      const holderPid = Number.parseInt(holder, 10);
      if (holder !== mine && identityOf(holderPid) === holder) {
        throw refusal(holderPid);
      }
      rmSync(path, { force: true });
    }
    throw refusal(0);
  } finally {
    rmSync(draft, { force: true });
  }
}
