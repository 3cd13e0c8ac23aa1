import { errors, reasonOf, remoteError, TepuiError } from "../contract/errors.ts";
import {
  EXEC_SESSION_PATH,
  type ExecFrame,
  ExecFrames,
  type ExecMessage,
  type TerminalSize,
} from "../contract/exec-api.ts";
import { execLimits } from "../contract/limits/exec.ts";
import { within } from "../wire/within.ts";
import { askAgent } from "./exec-ask.ts";

/** A piece of what a command wrote; on a terminal all of it is `stdout`. */
export interface ExecOutput {
  readonly stream: "stdout" | "stderr";
  readonly data: Uint8Array;
}

/** How a command ended; exactly one of them is present. */
export interface ExecEnd {
  readonly code?: number;
  /** Name of the signal that ended it. */
  readonly signal?: string;
}

/** How often the same is said again when the connection broke under it. */
const TRIES = 3;

/** Where a session is, and how its agent is asked. */
export interface ExecConnection {
  readonly agent: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Breaks it off. */
  readonly end: AbortController;
  readonly signal: AbortSignal;
}

/** A command that runs in a task. What it writes must be read, or it waits. */
export class ExecSession {
  readonly #connection: ExecConnection;
  readonly #frames = new ExecFrames();
  /** Frames that came and are next. */
  readonly #next: ExecFrame[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #id = "";
  /** Of the input: what may be sent, what was, and what waits. */
  #upTo = 0;
  #sent = 0;
  #queue: Uint8Array[] = [];
  #queued = 0;
  #isEndDue = false;
  #isEndSent = false;
  #isInputClosed = false;
  /** Of the output: what its reader has taken, and what the agent was told of that. */
  #taken = 0;
  #toldTaken = 0;
  #size: TerminalSize | undefined;
  #isSaying = false;
  /** Nothing can be told any more; what still comes is read. */
  #isMute = false;
  #isOver = false;
  #problem: TepuiError | undefined;
  #waiting: (() => void)[] = [];
  readonly #pulse: NodeJS.Timeout;

  private constructor(stream: ReadableStream<Uint8Array>, connection: ExecConnection) {
    this.#connection = connection;
    this.#reader = stream.getReader();
    this.#pulse = setInterval(() => this.#say(true), execLimits.signOfLifeMs);
  }

  /** A session whose stream has begun. */
  static async over(
    stream: ReadableStream<Uint8Array>,
    connection: ExecConnection,
  ): Promise<ExecSession> {
    const session = new ExecSession(stream, connection);
    try {
      await session.#begin();
      return session;
    } catch (thrown) {
      session.close();
      throw thrown;
    }
  }

  /** True once the command reads no more: what is still sent is dropped. */
  get isInputClosed(): boolean {
    return this.#isInputClosed || this.#isOver || this.#isMute;
  }

  /**
   * What the command writes, once; when it has ended, so has this, and returns how.
   * @throws EXEC_LOST when the connection breaks first, and the reason for which a session was
   * ended
   */
  async *output(): AsyncGenerator<ExecOutput, ExecEnd> {
    try {
      for (;;) {
        for (let frame = this.#next.shift(); frame !== undefined; frame = this.#next.shift()) {
          if (frame.type === "output") {
            yield frame;
            this.#took(frame.data.length);
            continue;
          }
          const end = this.#hear(frame.message);
          if (end !== undefined) return end;
        }
        this.#next.push(...this.#frames.push(await this.#read()));
      }
    } finally {
      this.close();
    }
  }

  /** Sends input; resolves when there is room for more. After its end it is dropped. */
  async send(data: Uint8Array): Promise<void> {
    if (this.isInputClosed || this.#isEndDue) return;
    this.#queue.push(data);
    this.#queued += data.length;
    this.#say();
    while (this.#queued >= execLimits.inputBytesMax && !this.isInputClosed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** There is no more input. */
  endInput(): void {
    this.#isEndDue = true;
    this.#say();
  }

  /** The terminal has another size. */
  resize(size: TerminalSize): void {
    this.#size = size;
    this.#say();
  }

  /** Ends the session: the agent ends the command and all that it started. */
  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearInterval(this.#pulse);
    this.#connection.end.abort(new Error("the session was closed"));
    this.#reader.cancel().catch(() => {});
    this.#awake();
  }

  async #begin(): Promise<void> {
    while (this.#next.length === 0) this.#next.push(...this.#frames.push(await this.#read()));
    const first = this.#next.shift();
    if (first?.type === "message") this.#hear(first.message);
    if (this.#id === "") throw errors.EXEC_FRAME_INVALID("it is not the beginning of a session");
  }

  /** Reads what comes next, and gives up an agent that is silent. */
  async #read(): Promise<Uint8Array> {
    const { agent, end, signal } = this.#connection;
    const { silenceMs } = execLimits;
    const silence = new Error(`nothing came for ${silenceMs} ms`);
    const timer = setTimeout(() => end.abort(silence), silenceMs);
    try {
      const { done, value } = await this.#reader.read();
      if (!done) return value;
    } catch (thrown) {
      if (this.#problem !== undefined) throw this.#problem;
      throw errors.EXEC_LOST(agent, reasonOf(signal.reason ?? thrown));
    } finally {
      clearTimeout(timer);
    }
    throw this.#problem ?? errors.EXEC_LOST(agent, "the connection ended");
  }

  #hear(message: ExecMessage): ExecEnd | undefined {
    switch (message.type) {
      case "started":
        this.#id = message.session;
        this.#upTo = message.inputUpTo;
        return undefined;
      case "input":
        this.#upTo = message.upTo;
        this.#say();
        return undefined;
      case "input-closed":
        this.#isInputClosed = true;
        this.#queue = [];
        this.#queued = 0;
        this.#awake();
        return undefined;
      case "exited": {
        const { code, signal } = message;
        return signal === undefined ? { code: code ?? 0 } : { signal };
      }
      case "failed":
        throw remoteError(message.error);
    }
  }

  #took(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken - this.#toldTaken >= execLimits.outputBytesMax / 4) this.#say();
  }

  #awake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Tells the agent what there is to tell, one request after the other. */
  #say(isPulse = false): void {
    if (this.#isSaying || this.#isOver || this.#isMute || this.#id === "") return;
    this.#isSaying = true;
    void this.#sayAll(isPulse).then(() => {
      this.#isSaying = false;
      if (this.#hasNews) this.#say();
    });
  }

  async #sayAll(isPulse: boolean): Promise<void> {
    try {
      for (let isFirst = isPulse; isFirst || this.#hasNews; isFirst = false) await this.#sayOnce();
    } catch (thrown) {
      this.#isMute = true;
      this.#awake();
      // A session that is over has said so in its stream.
      if (this.#isOver || !(thrown instanceof TepuiError)) return;
      if (thrown.code === "EXEC_SESSION_UNKNOWN") return;
      this.#problem = thrown;
      this.#connection.end.abort(thrown);
    }
  }

  get #hasNews(): boolean {
    if (this.#isOver || this.#isMute) return false;
    const hasInput = this.#queued > 0 && this.#sent < this.#upTo;
    const hasEnd = this.#isEndDue && !this.#isEndSent && this.#queued === 0;
    const hasTaken = this.#taken - this.#toldTaken >= execLimits.outputBytesMax / 4;
    return hasInput || hasEnd || hasTaken || this.#size !== undefined;
  }

  async #sayOnce(): Promise<void> {
    const { agent, headers, signal } = this.#connection;
    const data = this.#nextInput();
    const isEnd = this.#isEndDue && this.#queued === 0;
    const taken = this.#taken;
    const size = this.#size;
    this.#size = undefined;
    const query = new URLSearchParams({ offset: `${this.#sent}`, taken: `${taken}` });
    if (isEnd) query.set("end", "");
    if (size !== undefined) {
      query.set("columns", `${size.columns}`);
      query.set("rows", `${size.rows}`);
    }
    const url = `http://${agent}${EXEC_SESSION_PATH}/${this.#id}?${query}`;
    for (let tries = 1; ; tries++) {
      try {
        await within(execLimits.silenceMs, signal, (either) =>
          askAgent(agent, url, { headers, body: data, signal: either }),
        );
        break;
      } catch (thrown) {
        const isBroken = thrown instanceof TepuiError && thrown.code === "EXEC_UNREACHABLE";
        if (!isBroken || tries === TRIES || this.#isOver) throw thrown;
      }
    }
    this.#sent += data.length;
    this.#toldTaken = taken;
    this.#isEndSent ||= isEnd;
    this.#awake();
  }

  /** As much of what waits as the agent takes. */
  #nextInput(): Uint8Array {
    const room = this.#upTo - this.#sent;
    const whole = this.#queue.length === 1 ? this.#queue[0] : Buffer.concat(this.#queue);
    const data = (whole ?? Buffer.alloc(0)).subarray(0, room);
    const rest = (whole ?? Buffer.alloc(0)).subarray(data.length);
    this.#queue = rest.length > 0 ? [rest] : [];
    this.#queued = rest.length;
    return data;
  }
}
