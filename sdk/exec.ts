import { hostPort } from "../contract/address.ts";
import { errors } from "../contract/errors.ts";
import { EXEC_HEADER, EXEC_PATH, type ExecRequest } from "../contract/exec-api.ts";
import { askAgent } from "./exec-ask.ts";
import { ExecSession } from "./exec-session.ts";
import type { SandboxPlace } from "./sandbox.ts";

/** A further command in a task. */
export interface ExecOptions extends ExecRequest {
  /** What agents that want a secret are shown. */
  readonly secret?: string;
  /** Ends the session. */
  readonly signal?: AbortSignal;
}

/** Beginning a command may take a while where an engine is busy. */
const BEGIN_MS = 60_000;

/**
 * Runs a further command in a running task, as its user and within its limits, and talks to it;
 * resolves when it runs.
 * @throws EXEC_UNREACHABLE, and what the agent refuses: EXEC_NOT_ALLOWED, EXEC_SECRET_WRONG,
 * TASK_UNKNOWN_HERE, EXEC_TASK_NOT_RUNNING, COMMAND_NOT_FOUND, EXEC_SESSIONS_FULL, EXEC_FAILED
 */
export async function openExec(
  place: SandboxPlace,
  { secret, signal, ...request }: ExecOptions,
): Promise<ExecSession> {
  const agent = hostPort(place.ip, place.port);
  const names = [place.frameworkId, place.taskId].map(encodeURIComponent).join("/");
  const end = new AbortController();
  const both = signal === undefined ? end.signal : AbortSignal.any([end.signal, signal]);
  const headers: Record<string, string> = { [EXEC_HEADER]: "1" };
  if (secret !== undefined) headers["authorization"] = `Bearer ${secret}`;
  const late = setTimeout(() => end.abort(new Error(`no answer in ${BEGIN_MS} ms`)), BEGIN_MS);
  try {
    const body = JSON.stringify(request);
    const url = `http://${agent}${EXEC_PATH}/${names}`;
    const response = await askAgent(agent, url, { headers, body, signal: both });
    if (response.body === null) throw errors.EXEC_UNREACHABLE(agent, "its answer is empty");
    return await ExecSession.over(response.body, { agent, headers, end, signal: both });
  } finally {
    clearTimeout(late);
  }
}
