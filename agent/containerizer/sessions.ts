import { errors } from "../../contract/errors.ts";
import type {
  CommandSession,
  ContainerSpec,
  Isolator,
  SessionStreams,
} from "../../contract/ports/isolator.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";
import { findProgram, guarded, wordsOf } from "./command.ts";
import { entered } from "./compose.ts";
import type { Container } from "./container.ts";
import { readStat } from "./proc.ts";
import { SessionProcess } from "./session-process.ts";
import { markFor, type Sweeper } from "./sweeper.ts";
import type { TreeRoot } from "./tree.ts";

/** What sessions work with. */
export interface SessionsParts {
  readonly isolators: readonly Isolator[];
  readonly sweeper: Sweeper;
  /** A container of this agent. */
  find(id: string): Container | undefined;
}

interface Open {
  readonly container: string;
  root: TreeRoot;
  session?: CommandSession;
  isEnded: boolean;
}

/**
 * Further commands of containers that somebody talks to. Each runs as the user and within the
 * limits of its container, sees its environment and its sandbox, and has a mark of its own by which
 * all that it started is found when it ends. None outlives its container or this agent.
 */
export class Sessions {
  readonly #parts: SessionsParts;
  readonly #open = new Set<Open>();
  #count = 0;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /**
   * Runs a command in a running container; resolves when it runs.
   * @throws EXEC_TASK_NOT_RUNNING, EXEC_REQUEST_INVALID for another user than the container's,
   * COMMAND_NOT_FOUND, EXEC_FAILED, and what an isolator refuses
   */
  async open(id: string, command: CommandInfo, streams: SessionStreams): Promise<CommandSession> {
    const container = this.#parts.find(id);
    if (container?.phase !== "running") throw errors.EXEC_TASK_NOT_RUNNING(id);
    if (command.user !== undefined && command.user !== container.spec.user) {
      throw errors.EXEC_REQUEST_INVALID(`it runs as its container does, not as ${command.user}`);
    }
    const mark = `${id}${SESSION_MARK}${this.#count++}`;
    const open: Open = { container: id, root: { id: mark }, isEnded: false };
    this.#open.add(open);
    try {
      const session = await this.#start(open, container, command, streams);
      open.session = session;
      if (open.isEnded) throw errors.EXEC_TASK_NOT_RUNNING(id);
      const over = (): void => void this.#sweep(open);
      session.wait().then(over, over);
      return session;
    } catch (cause) {
      await this.#giveUp(open);
      throw cause;
    }
  }

  async #start(
    open: Open,
    { spec, external }: Container,
    command: CommandInfo,
    streams: SessionStreams,
  ): Promise<CommandSession> {
    const mark = markFor(open.root.id);
    if (external === undefined) return await this.#run(open, spec, command, streams);
    if (external.open === undefined) {
      throw errors.EXEC_FAILED("what runs the container runs no further commands");
    }
    const marks = Object.entries(mark).map(([name, value]) => ({ name, value }));
    const environment = [...(command.environment ?? []), ...marks];
    return await external.open({ ...command, environment }, streams);
  }

  async #run(
    open: Open,
    spec: ContainerSpec,
    command: CommandInfo,
    streams: SessionStreams,
  ): Promise<CommandSession> {
    const { isolators } = this.#parts;
    const environment: Record<string, string> = { ...spec.environment, ...markFor(open.root.id) };
    for (const { name, value = "" } of command.environment ?? []) environment[name] = value;
    const words = wordsOf(command);
    const hasOwnRoot = spec.rootfs !== undefined;
    if (!hasOwnRoot) findProgram(words.file, spec.sandbox, environment["PATH"]);
    const wrap = await entered(isolators, spec);
    if (open.isEnded) throw errors.EXEC_TASK_NOT_RUNNING(open.container);
    const session = new SessionProcess(surroundings(spec, open));
    // From here on whoever ends the container ends this too.
    open.session = session;
    const stat = session.pid === undefined ? undefined : readStat(session.pid);
    if (stat === undefined) throw errors.EXEC_FAILED("its process died while held");
    const process = { pid: stat.pid, startTicks: stat.startTicks };
    open.root = { id: open.root.id, process };
    for (const isolator of isolators) await isolator.join?.(spec, process);
    await session.run({
      ...streams,
      ...(spec.user === undefined ? {} : { user: spec.user }),
      directory: spec.sandbox,
      ...guarded(words, wrap, environment, hasOwnRoot),
    });
    return session;
  }

  /** Ends those of a container, or all; resolves when nothing of them is left. */
  async end(container?: string): Promise<void> {
    const doomed = [...this.#open].filter(
      (open) => container === undefined || open.container === container,
    );
    const reason = container === undefined ? "its agent is stopping" : "its task has ended";
    await Promise.all(doomed.map((open) => this.#giveUp(open, reason)));
  }

  async #giveUp(open: Open, reason?: string): Promise<void> {
    open.isEnded = true;
    open.session?.close(reason);
    await this.#sweep(open);
  }

  /** Whatever a command left behind ends with it; what it wrote can still be read. */
  async #sweep(open: Open): Promise<void> {
    await this.#parts.sweeper.end(open.root);
    this.#open.delete(open);
  }
}

/**
 * What is known of the process in between. The rest of the command's environment is not for it: it
 * runs as the agent's user, and a variable of a task must not tell a program of root what to load.
 */
function surroundings(spec: ContainerSpec, open: Open): Record<string, string> {
  return { ...markFor(open.root.id), MESOS_DIRECTORY: spec.sandbox };
}

/** Between the id of a container and the number of a session in the mark of that session. */
const SESSION_MARK = ".exec";

/** The container that a mark stands for, also that of a session in it. */
export function containerOfMark(mark: string): string {
  const at = mark.indexOf(SESSION_MARK);
  return at < 0 ? mark : mark.slice(0, at);
}
