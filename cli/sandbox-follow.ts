import { setTimeout as sleep } from "node:timers/promises";
import { hostPort } from "../contract/address.ts";
import { errors, reasonOf, TepuiError } from "../contract/errors.ts";
import { readSandboxPart, type SandboxPlace, type TaskView } from "../sdk/index.ts";
import { RotatedReader } from "./rotated-reader.ts";

const POLL_MS = 200;
const READ_BYTES = 1 << 20;
/** A sandbox that cannot be read this long after its task ended is not going to be. */
const GONE_AFTER_READS = 5;

/**
 * Where a task's files are served.
 * @throws SANDBOX_UNREADABLE when the master does not know its agent
 */
export function placeOf({ task, agentIp, agentPort }: TaskView): SandboxPlace {
  const { frameworkId, taskId } = task;
  if (agentIp === undefined || agentPort === undefined) {
    throw errors.SANDBOX_UNREADABLE(`the sandbox of ${taskId}`, "its agent is not known");
  }
  return { ip: agentIp, port: agentPort, frameworkId, taskId };
}

/** What is followed, and to where. */
export interface FollowOptions {
  readonly place: SandboxPlace;
  readonly file: "stdout" | "stderr";
  /** Whether nothing more will be written. Asked before each look, so that no end is missed. */
  readonly ended: () => boolean | Promise<boolean>;
  readonly print: (chunk: Uint8Array) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Prints a sandbox file as it grows, and over its rotations, until its task has ended and all is
 * printed. A file that is not there yet is waited for; an agent that went away with its task is not
 * an error. Answers why something is missing, if so.
 * @throws AGENT_CREDENTIALS
 */
export async function followFile(options: FollowOptions): Promise<string | undefined> {
  const { place, file, ended, print, signal } = options;
  const reader = new RotatedReader(file, (name, offset) => part(place, name, offset, signal));
  let failures = 0;
  let reason: string | undefined;
  while (!signal.aborted) {
    const isEnded = await ended();
    try {
      for (let chunk = await reader.next(); chunk !== undefined; chunk = await reader.next()) {
        await print(chunk);
      }
      failures = 0;
      reason = undefined;
      if (isEnded) return undefined;
    } catch (thrown) {
      // Asking again changes nothing.
      if (thrown instanceof TepuiError && thrown.code === "AGENT_CREDENTIALS") throw thrown;
      reason = briefly(thrown);
      failures = isEnded ? failures + 1 : 0;
      if (failures >= GONE_AFTER_READS) return reason;
    }
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
  return reason;
}

/** What to say of a task whose output is missing, or the rest of it where some has been printed. */
export function unreadWords({ taskId, ip, port }: SandboxPlace, reason: string, hasSome: boolean) {
  const what = `${hasSome ? "the rest of " : ""}what ${taskId} printed`;
  return `${what} could not be read from ${hostPort(ip, port)}: ${reason}`;
}

/** The reason alone: whoever is told of it is told of the place, too. */
function briefly(thrown: unknown): string {
  const { SANDBOX_UNREADABLE } = errors;
  const place = thrown instanceof TepuiError ? thrown.where : undefined;
  const text = reasonOf(thrown);
  return place === undefined ? text : text.replace(SANDBOX_UNREADABLE(place, "").message, "");
}

async function part(place: SandboxPlace, name: string, offset: number, signal: AbortSignal) {
  try {
    return await readSandboxPart(place, name, { offset, length: READ_BYTES }, signal);
  } catch (thrown) {
    // Of the others, one after the other is asked for until there is none.
    if (signal.aborted || !name.includes(".")) throw thrown;
    return undefined;
  }
}
