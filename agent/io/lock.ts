import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errors } from "../../contract/errors.ts";

/**
 * Makes this process the only agent of a work directory, until the returned function is called.
 * `identityOf` gives a text that is the same for one process only, `undefined` for one that is
 * gone: a lock that `kill -9` left behind is taken over.
 * @throws WORK_DIR_LOCKED
 */
export function lockWorkDir(
  folder: string,
  pid: number,
  identityOf: (pid: number) => string | undefined,
): () => void {
  const path = join(folder, "agent.lock");
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
        throw errors.WORK_DIR_LOCKED(folder, holderPid);
      }
      rmSync(path, { force: true });
    }
    throw errors.WORK_DIR_LOCKED(folder, 0);
  } finally {
    rmSync(draft, { force: true });
  }
}
