import { setTimeout as sleep } from "node:timers/promises";
import { readSandboxFile, type SandboxPlace, type TaskView } from "../sdk/index.ts";

const POLL_MS = 200;
/** A sandbox that cannot be read this long after its task ended is not going to be. */
const GONE_AFTER_READS = 5;

/** Where a task's files are served; `undefined` when the master does not know its agent. */
export function placeOf({ task, agentIp, agentPort }: TaskView): SandboxPlace | undefined {
  if (agentIp === undefined || agentPort === undefined) return undefined;
  const { frameworkId, taskId, executorId } = task;
  return { ip: agentIp, port: agentPort, frameworkId, executorId: executorId ?? taskId };
}

/** What is followed, and to where. */
export interface FollowOptions {
  readonly place: SandboxPlace;
  readonly file: "stdout" | "stderr";
  /** Whether nothing more will be written. Asked before each look, so that no end is missed. */
  readonly ended: () => boolean | Promise<boolean>;
  readonly print: (chunk: string) => void;
  readonly signal: AbortSignal;
}

/**
 * Prints a sandbox file as it grows, until its task has ended and all is printed. A file that is
 * not there yet is waited for; an agent that went away with its task is not an error.
 */
export async function followFile(options: FollowOptions): Promise<void> {
  const { place, file, ended, print, signal } = options;
  let offset = 0;
  let failures = 0;
  while (!signal.aborted) {
    const isEnded = await ended();
    try {
      for (;;) {
        const { data } = await readSandboxFile(place, file, offset, undefined, signal);
        const whole = isEnded ? data : withoutCutCharacter(data);
        if (whole === "") break;
        offset += Buffer.byteLength(whole);
        print(whole);
      }
      failures = 0;
      if (isEnded) return;
    } catch {
      if (signal.aborted) return;
      failures = isEnded ? failures + 1 : 0;
      if (failures >= GONE_AFTER_READS) return;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** A read may end within a character; its first bytes then read as replacement characters. */
function withoutCutCharacter(data: string): string {
  return data.replace(/\uFFFD{1,3}$/, "");
}
