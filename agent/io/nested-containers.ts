import { constants } from "node:os";
import { errors } from "../../contract/errors.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type { HttpHeaders } from "../../contract/ports/http.ts";
import type { CommandSession, ExitStatus, SessionStreams } from "../../contract/ports/isolator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type {
  NestedContainers,
  NestedId,
  NestedInput,
  NestedLaunch,
  NestedShown,
  OutputReader,
} from "../../contract/ports/nested-containers.ts";
import type { CommandInfo } from "../../contract/schema/command.ts";
import type { ExecGate } from "./exec-gate.ts";
import { NestedContainer, SIGKILL } from "./nested-container.ts";

/** What nested containers are made with. */
export interface NestedParts {
  readonly gate: ExecGate;
  readonly clock: Clock;
  readonly log: Logger;
  readonly containers: {
    /** True until a container of a task or executor has been cleaned up. */
    has(id: string): boolean;
    readonly sessions: {
      /** Begins a further command in a container. */
      open(id: string, command: CommandInfo, streams: SessionStreams): Promise<CommandSession>;
    };
  };
}

/** A shell that makes the folder of a nested container, and runs there what follows. */
const IN_FOLDER = 'mkdir -p "$0" && cd "$0" && exec "$@" >>stdout 2>>stderr';

/** The nested containers of an agent: sessions with a name. */
export class Nested implements NestedContainers {
  readonly #parts: NestedParts;
  readonly #all = new Map<string, NestedContainer>();

  constructor(parts: NestedParts) {
    this.#parts = parts;
  }

  admit(
    request: { readonly headers: HttpHeaders; readonly remote: string },
    isKnown: boolean,
  ): void {
    this.#parts.gate.admit(request, isKnown);
  }

  async launch(id: NestedId, launch: NestedLaunch, reader?: OutputReader): Promise<boolean> {
    const [root = ""] = id;
    this.#prune();
    checkId(id);
    if (this.#all.has(keyOf(id))) return false;
    this.#checkParent(id.slice(0, -1));
    this.#parts.gate.take(root, `container ${root}`);
    const one = new NestedContainer(id, launch.isTalkedTo, this.#parts.clock);
    this.#all.set(keyOf(id), one);
    if (reader !== undefined) one.addReader(reader);
    try {
      const { isTalkedTo, terminal, command } = launch;
      const streams = { stdin: isTalkedTo, ...(terminal === undefined ? {} : { terminal }) };
      const words = isTalkedTo ? withTerm(command, terminal !== undefined) : inFolder(id, command);
      one.begin(await this.#parts.containers.sessions.open(root, words, streams));
      this.#parts.log.info({ container: one.name }, "a nested container has begun");
    } catch (thrown) {
      this.#all.delete(keyOf(id));
      this.#parts.gate.give(root);
      one.fail();
      throw thrown;
    }
    one.onEnded(() => this.#over(one));
    return true;
  }

  #over(one: NestedContainer): void {
    const [root = ""] = one.id;
    this.#parts.gate.give(root);
    this.#parts.log.info({ container: one.name }, "a nested container has ended");
    for (const inner of this.#within(one.id)) inner.kill(SIGKILL);
    const ended = [...this.#all.values()].filter(({ id, exit }) => id[0] === root && exit);
    // Those that ended first come first.
    ended.sort((a, b) => a.endedMs - b.endedMs);
    for (const old of ended.slice(0, -execLimits.nestedEndedMax)) this.#all.delete(keyOf(old.id));
  }

  attachOutput(id: NestedId, reader: OutputReader): () => void {
    return this.#talkedTo(id).addReader(reader);
  }

  attachInput(id: NestedId): NestedInput {
    return this.#talkedTo(id).takeInput();
  }

  onEnded(id: NestedId, act: (exit: ExitStatus) => void): () => void {
    return this.#find(id).onEnded(act);
  }

  kill(id: NestedId, signal: number): void {
    const known: number[] = Object.values(constants.signals);
    if (!known.includes(signal)) throw errors.NESTED_REFUSED(`${signal} is no signal`);
    const one = this.#find(id);
    // As with Mesos, what has ended cannot be found by those who want to end it.
    if (one.exit !== undefined) throw errors.NESTED_UNKNOWN(one.name);
    one.kill(signal);
  }

  remove(id: NestedId): void {
    const one = this.#find(id);
    for (const some of [one, ...this.#within(id)]) {
      if (some.exit === undefined) throw errors.NESTED_RUNNING(some.name);
    }
    for (const some of [one, ...this.#within(id)]) this.#all.delete(keyOf(some.id));
  }

  list(): Iterable<NestedShown> {
    this.#prune();
    return Array.from(this.#all.values(), ({ id, exit }) => ({
      id,
      isRunning: exit === undefined,
    }));
  }

  #find(id: NestedId): NestedContainer {
    this.#prune();
    const one = this.#all.get(keyOf(id));
    if (one === undefined) throw errors.NESTED_UNKNOWN(id.join("."));
    return one;
  }

  /**
   * Containers of tasks have no input, and write to files. As with Mesos, only a container in what
   * is not there cannot be found: clients take it that one which nobody can talk to has ended.
   */
  #talkedTo(id: NestedId): NestedContainer {
    const [root = ""] = id;
    const one = this.#all.get(keyOf(id));
    if (one?.isTalkedTo && one.exit === undefined) return one;
    const name = id.join(".");
    throw this.#parts.containers.has(root)
      ? errors.NESTED_SILENT(name)
      : errors.NESTED_UNKNOWN(name);
  }

  #checkParent(parent: NestedId): void {
    const [root = ""] = parent;
    const isThere =
      parent.length === 1
        ? this.#parts.containers.has(root)
        : this.#all.get(keyOf(parent))?.exit === undefined && this.#all.has(keyOf(parent));
    if (!isThere)
      throw errors.NESTED_REFUSED(`Parent container ${parent.join(".")} does not exist`);
  }

  /** Containers nested in this one, however deep. */
  #within(id: NestedId): NestedContainer[] {
    const start = `${keyOf(id)}.`;
    return [...this.#all.values()].filter((one) => keyOf(one.id).startsWith(start));
  }

  /** What was in a container that is gone is forgotten with it. */
  #prune(): void {
    for (const [key, { id, exit }] of this.#all) {
      const [root = ""] = id;
      if (exit !== undefined && !this.#parts.containers.has(root)) this.#all.delete(key);
    }
  }
}

const keyOf = (id: NestedId): string => id.join(".");

/**
 * Names end up in paths, and are written one after the other.
 * @throws NESTED_REFUSED
 */
function checkId(id: NestedId): void {
  const { nestedDepthMax, nestedNameMax } = execLimits;
  if (id.length < 2) throw errors.NESTED_REFUSED("Expecting 'container_id.parent' to be present");
  if (id.length > nestedDepthMax) {
    throw errors.NESTED_REFUSED(`'container_id' is more than ${nestedDepthMax} deep`);
  }
  for (const name of id) {
    const isGood = /^[^\s./\\\p{Cc}]+$/u.test(name) && name.length <= nestedNameMax;
    if (isGood) continue;
    const shown = name.slice(0, nestedNameMax);
    throw errors.NESTED_REFUSED(
      `'ContainerID.value' must be 1 to ${nestedNameMax} characters without '.', '/' and spaces, ` +
        `not '${shown}'`,
    );
  }
}

/** Programs want to know what a terminal can do. */
function withTerm(command: CommandInfo, hasTerminal: boolean): CommandInfo {
  const { environment = [] } = command;
  if (!hasTerminal || environment.some(({ name }) => name === "TERM")) return command;
  return { ...command, environment: [{ name: "TERM", value: "xterm" }, ...environment] };
}

/** The command's own user makes the folder and opens the files: no link of a task leads us out. */
function inFolder([, ...names]: NestedId, command: CommandInfo): CommandInfo {
  const { value = "", shell = true, arguments: argv = [] } = command;
  const folder = names.map((name) => `containers/${name}`).join("/");
  const words = shell ? ["/bin/sh", "-c", value] : [value, ...argv.slice(1)];
  const inside = ["sh", "-c", IN_FOLDER, folder, ...words];
  return { ...command, value: "/bin/sh", shell: false, arguments: inside };
}
