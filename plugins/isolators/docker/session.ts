import type { Socket } from "node:net";
import { PassThrough, type Readable } from "node:stream";
import { errors, reasonOf, type TepuiError } from "../../../contract/errors.ts";
import type { TerminalSize } from "../../../contract/exec-api.ts";
import type {
  CommandSession,
  ExitStatus,
  SessionStreams,
} from "../../../contract/ports/isolator.ts";
import type { CommandInfo } from "../../../contract/schema/command.ts";
import type { Engine } from "./engine.ts";
import { refusalOf } from "./engine-client.ts";
import type { ExecState } from "./engine-types.ts";
import { StreamFrames } from "./log-frames.ts";

/** Between two looks at whether a command has begun, or has ended. */
const LOOK_MS = 20;
/** The engine closes the connection a moment before it knows the exit status, or after. */
const EXIT_LOOKS_MAX = 500;
/** The character that stands for the end of the input on a terminal. */
const END_OF_TRANSMISSION = Buffer.from([4]);
const NOT_FOUND = /executable file not found|no such file or directory/i;

/** A further command in an engine's container, over a connection that was taken over. */
export class EngineSession implements CommandSession {
  readonly #engine: Engine;
  readonly #id: string;
  readonly #socket: Socket;
  readonly #streams: SessionStreams;
  readonly #out = new PassThrough();
  readonly #error = new PassThrough();
  readonly #exit: Promise<ExitStatus>;
  #settle: (exit: ExitStatus | TepuiError) => void = () => {};
  #isClosed = false;

  private constructor(engine: Engine, id: string, socket: Socket, streams: SessionStreams) {
    this.#engine = engine;
    this.#id = id;
    this.#socket = socket;
    this.#streams = streams;
    this.#exit = new Promise((resolve, reject) => {
      this.#settle = (exit) => ("status" in exit ? reject(exit) : resolve(exit));
    });
    this.#exit.catch(() => {});
    for (const stream of [socket, this.#out, this.#error]) stream.on("error", () => {});
  }

  /**
   * Begins a command; resolves when it runs.
   * @throws COMMAND_NOT_FOUND, EXEC_FAILED
   */
  static async open(
    engine: Engine,
    name: string,
    command: CommandInfo,
    streams: SessionStreams,
  ): Promise<EngineSession> {
    let opened: { readonly id: string; readonly socket: Socket };
    try {
      opened = await engine.execOpen(name, command, streams);
    } catch (thrown) {
      throw errors.EXEC_FAILED(refusalOf(thrown) ?? reasonOf(thrown));
    }
    const session = new EngineSession(engine, opened.id, opened.socket, streams);
    try {
      await session.#begun(command);
      if (streams.terminal !== undefined) session.resize(streams.terminal);
      if (!streams.stdin && streams.terminal === undefined) opened.socket.end();
      void session.#relay();
      return session;
    } catch (thrown) {
      session.close();
      throw thrown;
    }
  }

  /** The engine takes the connection before it tries; what it cannot run never has a process. */
  async #begun({ value = "" }: CommandInfo): Promise<void> {
    for (;;) {
      const { Running, ExitCode, Pid = 0 } = await this.#state();
      if (Pid > 0) return;
      if (!Running && ExitCode !== null) break;
      await this.#engine.pause(LOOK_MS);
    }
    let said = "";
    for await (const chunk of this.#socket as AsyncIterable<Buffer>) said += chunk.toString("utf8");
    const reason = said.replace(/^[^O]*(?=OCI)/, "").trim();
    throw NOT_FOUND.test(reason)
      ? errors.COMMAND_NOT_FOUND(value, `the image: ${reason}`)
      : errors.EXEC_FAILED(reason);
  }

  async #state(): Promise<ExecState> {
    try {
      return await this.#engine.execState(this.#id);
    } catch (thrown) {
      throw errors.EXEC_FAILED(refusalOf(thrown) ?? reasonOf(thrown));
    }
  }

  get stdout(): AsyncIterable<Uint8Array> {
    return this.#out;
  }

  get stderr(): AsyncIterable<Uint8Array> {
    return this.#error;
  }

  /** Hands on what comes, at the pace of whoever reads; then tells how it ended. */
  async #relay(): Promise<void> {
    try {
      const frames = this.#streams.terminal === undefined ? new StreamFrames() : undefined;
      for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
        const pieces = frames?.push(chunk) ?? [{ stream: "stdout", data: chunk } as const];
        for (const { stream, data } of pieces) {
          await hand(data, stream === "stdout" ? this.#out : this.#error);
        }
      }
      this.#settle(await this.#ended());
    } catch (thrown) {
      this.#settle(errors.EXEC_ENDED(reasonOf(thrown)));
    }
    this.#out.end();
    this.#error.end();
  }

  async #ended(): Promise<ExitStatus> {
    for (let looks = 0; looks < EXIT_LOOKS_MAX && !this.#isClosed; looks++) {
      const { Running, ExitCode } = await this.#state();
      if (!Running && ExitCode !== null) return { code: ExitCode };
      await this.#engine.pause(LOOK_MS);
    }
    throw errors.EXEC_ENDED("the engine does not say how");
  }

  write(data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (cause) => {
        if (cause) reject(errors.EXEC_ENDED("it reads no more"));
        else resolve();
      });
    });
  }

  endInput(): void {
    if (this.#streams.terminal === undefined) this.#socket.end();
    else if (this.#streams.stdin) this.#socket.write(END_OF_TRANSMISSION);
  }

  resize(size: TerminalSize): void {
    // One that has ended has no size; that is told by its end.
    void this.#engine.execResize(this.#id, size).catch(() => {});
  }

  wait(): Promise<ExitStatus> {
    return this.#exit;
  }

  close(reason = "it was given up"): void {
    this.#isClosed = true;
    this.#settle(errors.EXEC_ENDED(reason));
    this.#socket.destroy();
    this.#out.destroy();
    this.#error.destroy();
  }
}

/** Hands a piece on, and waits until there is room for the next. */
function hand(data: Buffer, to: PassThrough & Readable): Promise<void> {
  if (to.destroyed || to.write(data)) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      to.off("drain", over);
      to.off("close", over);
      resolve();
    };
    to.on("drain", over);
    to.on("close", over);
  });
}
