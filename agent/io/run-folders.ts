import { readdirSync, readFileSync, readlinkSync, rmdirSync, unlinkSync } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";

// The folders of runs that have ended, as `sandbox-gc.ts` finds and leaves them.

/** What is in a folder; nothing when it is not there. */
export async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** The end of a run, as far as its folder tells: a task writes its output until it ends. */
export async function lastChangeMs(path: string): Promise<number | undefined> {
  const times = [path, join(path, "stdout"), join(path, "stderr")].map((each) =>
    lstat(each).then(({ mtimeMs }) => mtimeMs),
  );
  const known = (await Promise.allSettled(times)).flatMap((time) =>
    time.status === "fulfilled" ? [time.value] : [],
  );
  return known.length === 0 ? undefined : Math.max(...known);
}

/** Removes the link `latest` if it leads nowhere now, and the folders above that are empty. */
export function tidyUp(path: string): void {
  const runs = dirname(path);
  const latest = join(runs, "latest");
  if (targetOf(latest) === path) quietly(() => unlinkSync(latest));
  // runs, E, executors, F, frameworks: a folder that is not empty refuses to go.
  let folder = runs;
  for (let depth = 0; depth < 5 && isEmpty(folder); depth++) {
    const empty = folder;
    quietly(() => rmdirSync(empty));
    folder = dirname(folder);
  }
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch {
    return false;
  }
}

/** Where a link leads; `undefined` for what is none. */
export function targetOf(link: string): string | undefined {
  try {
    return join(dirname(link), readlinkSync(link));
  } catch {
    return undefined;
  }
}

/** What cannot be removed, or be written to, is in use again, or gone already. */
export function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing depends on it.
  }
}

/** Where something is mounted on this host. */
export function mountPoints(): string[] {
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return lines.flatMap((line) => {
    const point = line.split(" ")[4];
    if (point === undefined) return [];
    return [point.replace(/\\(\d{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)))];
  });
}
