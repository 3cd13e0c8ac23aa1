import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** Programs of the system that this isolator works with. */
export interface Programs {
  readonly setpriv?: string;
  readonly prlimit?: string;
  readonly unshare?: string;
  readonly perl?: string;
  readonly getent?: string;
}

const folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];

function pathOf(program: string): string | undefined {
  return folders
    .map((folder) => join(folder, program))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Where the programs are. By their paths, since they are run with the environment of a task: its
 * PATH may name other folders, such as those of an image.
 */
export function findPrograms(): Programs {
  const names = ["setpriv", "prlimit", "unshare", "perl", "getent"] as const;
  return Object.fromEntries(
    names.flatMap((name) => {
      const path = pathOf(name);
      return path === undefined ? [] : [[name, path]];
    }),
  );
}
