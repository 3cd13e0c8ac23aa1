import type { TerminalSize } from "../exec-api.ts";
import type { CommandInfo } from "../schema/command.ts";
import type { HttpHeaders } from "./http.ts";
import type { ExitStatus } from "./isolator.ts";

/** The id of a nested container: that of a task or executor, then names, outermost first. */
export type NestedId = readonly string[];

/** What is to run in a nested container. */
export interface NestedLaunch {
  readonly command: CommandInfo;
  /**
   * Whether people talk to it: it gets input, and its output goes to whoever is attached. Otherwise
   * its output goes to files in a folder of its own, `containers/NAME` of the sandbox.
   */
  readonly isTalkedTo: boolean;
  /** A terminal of this size; only for one that is talked to. */
  readonly terminal?: TerminalSize;
}

/** Somebody who is told what a nested container writes. */
export interface OutputReader {
  /** Resolves when there is room for more; the container waits for that. Must not reject. */
  take(stream: "stdout" | "stderr", data: Uint8Array): Promise<void>;
  /** It has ended, and all it wrote was handed over. */
  end(): void;
}

/** The input of a nested container, for the one who is attached to it. */
export interface NestedInput {
  /** Resolves when the input is on its way; what is not read any more is dropped. */
  write(data: Uint8Array): Promise<void>;
  end(): void;
  resize(size: TerminalSize): void;
  /** Lets somebody else attach. */
  release(): void;
}

/** A nested container, to be shown. */
export interface NestedShown {
  readonly id: NestedId;
  readonly isRunning: boolean;
}

/**
 * Containers in the containers of tasks and executors: further commands that run as the same user,
 * within the same limits and namespaces. None outlives the container that it is in, or its agent.
 */
export interface NestedContainers {
  /**
   * Whether whoever sends such a request may run commands; `isKnown` when it has proven to be one
   * who may without the secret for that.
   * @throws EXEC_NOT_ALLOWED, EXEC_SECRET_WRONG
   */
  admit(
    request: { readonly headers: HttpHeaders; readonly remote: string },
    isKnown: boolean,
  ): void;
  /**
   * Launches one; false when there is, or was, one of this id. What is told to `reader` begins with
   * the first byte.
   * @throws NESTED_REFUSED, EXEC_SESSIONS_FULL, and why its command cannot be run
   */
  launch(id: NestedId, launch: NestedLaunch, reader?: OutputReader): Promise<boolean>;
  /**
   * Has a reader told what it writes from now on; answers how to stop that.
   * @throws NESTED_UNKNOWN, NESTED_SILENT
   */
  attachOutput(id: NestedId, reader: OutputReader): () => void;
  /**
   * Takes its input over.
   * @throws NESTED_UNKNOWN, NESTED_SILENT, NESTED_INPUT_TAKEN
   */
  attachInput(id: NestedId): NestedInput;
  /**
   * Calls `act` when it has ended, later also when it has already; answers how to stop that. An end
   * is remembered until it is removed, or what it is in has ended.
   * @throws NESTED_UNKNOWN
   */
  onEnded(id: NestedId, act: (exit: ExitStatus) => void): () => void;
  /**
   * Sends a signal to its command; SIGKILL ends all that it started.
   * @throws NESTED_UNKNOWN, NESTED_REFUSED
   */
  kill(id: NestedId, signal: number): void;
  /**
   * Forgets one that has ended.
   * @throws NESTED_UNKNOWN, NESTED_RUNNING
   */
  remove(id: NestedId): void;
  /** All that are remembered. */
  list(): Iterable<NestedShown>;
}
