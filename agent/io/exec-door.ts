import { randomBytes } from "node:crypto";
import { problemLine } from "../../contract/check.ts";
import { errors } from "../../contract/errors.ts";
import {
  EXEC_HEADER,
  EXEC_PATH,
  EXEC_SESSION_PATH,
  type ExecRequest,
  execRequestCheck,
} from "../../contract/exec-api.ts";
import type { ContainerId, FrameworkId, TaskId } from "../../contract/ids.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { HttpExchange, HttpRouter } from "../../contract/ports/http.ts";
import type { CommandSession, SessionStreams } from "../../contract/ports/isolator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";
import { isTerminal } from "../../contract/task-state.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { taskKey } from "../core/ids.ts";
import type { AgentState } from "../core/state.ts";
import type { ExecGate } from "./exec-gate.ts";
import { ExecSession } from "./exec-session.ts";

/** What the door to sessions works with. */
interface ExecDoorParts {
  readonly gate: ExecGate;
  readonly state: AgentState;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly sessions: {
    /** Begins a further command in a container. */
    open(id: ContainerId, command: CommandInfo, streams: SessionStreams): Promise<CommandSession>;
  };
}

/** Opens the door on these routers; answers what closes it. */
export function openExecDoor(
  routers: readonly HttpRouter[],
  parts: Omit<ExecDoorParts, "clock">,
): () => void {
  const door = new ExecDoor({ ...parts, clock: systemClock });
  for (const router of routers) door.route(router);
  return () => door.close();
}

/**
 * Lets people run further commands in tasks and talk to them (`tepui exec`). Who may is checked for
 * every request. Web pages also lack a header that they cannot send unasked, so neither a form nor
 * a name that was bound anew gets through.
 */
class ExecDoor {
  readonly #parts: ExecDoorParts;
  readonly #sessions = new Map<string, ExecSession>();
  #isClosed = false;
  readonly #started;

  constructor(parts: ExecDoorParts) {
    this.#parts = parts;
    this.#started = parts.metrics.counter({
      name: "exec_sessions_total",
      help: "Further commands in tasks that were begun for people.",
    });
  }

  /** Adds the two routes. */
  route(router: HttpRouter): void {
    router.route("POST", `${EXEC_PATH}/*`, (exchange) => this.#begin(exchange));
    router.route("POST", `${EXEC_SESSION_PATH}/*`, (exchange) => this.#hear(exchange));
  }

  /** Ends every session. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#sessions.values()) {
      session.fail(errors.EXEC_ENDED("the agent is stopping"));
    }
  }

  #admit(exchange: HttpExchange): void {
    if (exchange.headers[EXEC_HEADER] === undefined) {
      throw errors.EXEC_NOT_ALLOWED(`it takes the header ${EXEC_HEADER}`);
    }
    this.#parts.gate.admit(exchange);
  }

  async #begin(exchange: HttpExchange): Promise<void> {
    this.#admit(exchange);
    const [frameworkId = "", taskId = "", ...more] = exchange.rest.split("/");
    const body = await exchange.readBody(execLimits.requestBytesMax);
    if (more.length > 0) throw errors.EXEC_REQUEST_INVALID("the path is /exec/FRAMEWORK/TASK");
    const request = requestOf(body);
    const { containerId, where } = this.#find(frameworkId, taskId);
    this.#parts.gate.take(containerId, `task ${where}`);
    try {
      const { log } = this.#parts;
      const about = { task: where, remote: exchange.remote, program: request.command[0] };
      const session = await this.#open(containerId, request);
      log.info(about, "a session has begun");
      this.#started.add();
      await this.#serve(exchange, session);
      log.info(about, "a session has ended");
    } finally {
      this.#parts.gate.give(containerId);
    }
  }

  async #open(id: ContainerId, request: ExecRequest): Promise<CommandSession> {
    const { command, stdin = false, terminal, term } = request;
    const environment = terminal === undefined ? [] : [{ name: "TERM", value: term ?? "xterm" }];
    const words = { value: command[0] ?? "", shell: false, arguments: command, environment };
    const streams = { stdin, ...(terminal === undefined ? {} : { terminal }) };
    return await this.#parts.sessions.open(id, words, streams);
  }

  async #serve(exchange: HttpExchange, command: CommandSession): Promise<void> {
    if (exchange.isAnswered || exchange.isAborted || this.#isClosed) {
      command.close();
      throw errors.EXEC_ENDED("its client did not wait for it");
    }
    const type = { "content-type": "application/octet-stream", "cache-control": "no-store" };
    const session = new ExecSession(command, exchange.stream(200, type), this.#parts.clock);
    const id = randomBytes(16).toString("hex");
    this.#sessions.set(id, session);
    try {
      await session.run(id);
    } finally {
      this.#sessions.delete(id);
    }
  }

  async #hear(exchange: HttpExchange): Promise<void> {
    this.#admit(exchange);
    const session = this.#sessions.get(exchange.rest);
    const query = new URLSearchParams(exchange.query);
    const data = await exchange.readBody(execLimits.inputBytesMax);
    if (session === undefined) throw errors.EXEC_SESSION_UNKNOWN();
    const [columns, rows] = [query.get("columns"), query.get("rows")];
    const size =
      columns === null || rows === null
        ? {}
        : { size: { columns: cells(columns), rows: cells(rows) } };
    session.hear({
      ...{ offset: count(query, "offset"), taken: count(query, "taken"), data, ...size },
      isEnd: query.has("end"),
    });
    exchange.respond(204, {});
  }

  #find(
    frameworkId: string,
    taskId: string,
  ): { readonly containerId: ContainerId; readonly where: string } {
    const { state } = this.#parts;
    const where = `${frameworkId}/${taskId}`;
    const task = state.tasks.get(taskKey(frameworkId as FrameworkId, taskId as TaskId));
    if (task === undefined) throw errors.TASK_UNKNOWN_HERE(where);
    const { containerId } = task;
    const container = containerId === undefined ? undefined : state.containers.get(containerId);
    if (container?.phase !== "running" || isTerminal(task.state)) {
      throw errors.EXEC_TASK_NOT_RUNNING(where);
    }
    return { containerId: container.plan.id, where };
  }
}

function requestOf(body: Uint8Array): ExecRequest {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch {
    throw errors.EXEC_REQUEST_INVALID("its body is no JSON");
  }
  const checked = execRequestCheck.check(value);
  if (!checked.ok) throw errors.EXEC_REQUEST_INVALID(checked.problems.map(problemLine).join("; "));
  return checked.value;
}

function count(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? "0";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw errors.EXEC_INPUT_REFUSED(`${name} is no number of bytes`);
}

function cells(text: string): number {
  const number = Number(text);
  if (/^\d{1,5}$/.test(text) && number >= 1 && number <= execLimits.terminalMax) return number;
  throw errors.EXEC_INPUT_REFUSED(`"${text.slice(0, 20)}" is no size of a terminal`);
}
