import { errors, TepuiError } from "../../contract/errors.ts";
import {
  type ExecMessage,
  execFrame,
  execFrames,
  execMessageFrame,
  type TerminalSize,
} from "../../contract/exec-api.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { HttpStream } from "../../contract/ports/http.ts";
import type { CommandSession } from "../../contract/ports/isolator.ts";

/** What the client of a session says besides its input; see `EXEC_PATH`. */
export interface ClientWord {
  /** Where in its input what it sends begins, in bytes. */
  readonly offset: number;
  readonly data: Uint8Array;
  readonly isEnd: boolean;
  /** How many bytes of output it has taken so far. */
  readonly taken: number;
  readonly size?: TerminalSize;
}

/**
 * One session between a command and its client. What either has sent and the other has not taken is
 * bounded; a client that says nothing for too long is gone.
 */
export class ExecSession {
  readonly #session: CommandSession;
  readonly #stream: HttpStream;
  readonly #clock: Clock;
  readonly #timers: Timer[];
  #heardMs: number;
  /** Input that came, that the command has been given, and that is waiting. */
  #received = 0;
  #given = 0;
  #granted: number = execLimits.inputBytesMax;
  #queue: Uint8Array[] = [];
  #isGiving = false;
  #isInputEnded = false;
  #isInputClosed = false;
  /** Output that was sent, and that the client has taken. */
  #sent = 0;
  #taken = 0;
  #wake: (() => void)[] = [];
  #isOver = false;

  constructor(session: CommandSession, stream: HttpStream, clock: Clock) {
    this.#session = session;
    this.#stream = stream;
    this.#clock = clock;
    this.#heardMs = clock.monotonicMs();
    const { signOfLifeMs, silenceMs } = execLimits;
    this.#timers = [
      clock.every(signOfLifeMs, () => {
        stream.write(execFrame(execFrames.alive, new Uint8Array(0)));
        if (clock.monotonicMs() - this.#heardMs < silenceMs) return;
        this.fail(errors.EXEC_CLIENT_SILENT(silenceMs));
      }),
    ];
    stream.onDrained(() => this.#awake());
    stream.onEnd(() => this.#over());
  }

  /** Sends what the command writes, and then how it ended; resolves when that is done. */
  async run(id: string): Promise<void> {
    this.#say({ type: "started", session: id, inputUpTo: this.#granted });
    try {
      await Promise.all([
        this.#relay(this.#session.stdout, execFrames.stdout),
        this.#relay(this.#session.stderr, execFrames.stderr),
      ]);
      const exit = await this.#session.wait();
      this.#say({ type: "exited", ...exit });
      this.#over();
    } catch {
      // Its streams break when it is given up; why it was is told by its end.
      this.#session.close();
      await this.#session.wait().catch((thrown: unknown) => this.fail(thrown));
    }
  }

  /**
   * Takes what the client says.
   * @throws EXEC_INPUT_REFUSED for input that leaves a gap or is more than was granted
   */
  hear({ offset, data, isEnd, taken, size }: ClientWord): void {
    this.#heardMs = this.#clock.monotonicMs();
    if (taken > this.#sent) throw errors.EXEC_INPUT_REFUSED("nobody sent what it says it took");
    if (offset > this.#received) throw errors.EXEC_INPUT_REFUSED("what comes before is missing");
    const end = offset + data.length;
    if (end > this.#granted) throw errors.EXEC_INPUT_REFUSED(`${this.#granted} bytes are granted`);
    this.#taken = Math.max(this.#taken, taken);
    this.#awake();
    if (size !== undefined) this.#session.resize(size);
    // What came before may come again: the answer to it was lost.
    if (end > this.#received && !this.#isInputEnded) {
      this.#queue.push(data.subarray(this.#received - offset));
      this.#received = end;
    }
    this.#isInputEnded ||= isEnd;
    void this.#give();
  }

  /** Ends it, and says why. */
  fail(thrown: unknown): void {
    if (this.#isOver) return;
    const { code, message, status, where, hint } =
      thrown instanceof TepuiError ? thrown : errors.HANDLER_FAILED();
    const error = { code, message, status };
    this.#say({
      type: "failed",
      error: { ...error, ...(where && { where }), ...(hint && { hint }) },
    });
    this.#over();
  }

  async #give(): Promise<void> {
    if (this.#isGiving) return;
    this.#isGiving = true;
    for (let data = this.#queue.shift(); data !== undefined; data = this.#queue.shift()) {
      const { length } = data;
      if (!this.#isInputClosed) await this.#session.write(data).catch(() => this.#closeInput());
      this.#given += length;
      this.#grant();
    }
    this.#isGiving = false;
    if (this.#isInputEnded) this.#session.endInput();
  }

  /** Not every byte that is taken is worth a message. */
  #grant(): void {
    const { inputBytesMax } = execLimits;
    if (this.#given + inputBytesMax < this.#granted + inputBytesMax / 4) return;
    this.#granted = this.#given + inputBytesMax;
    this.#say({ type: "input", upTo: this.#granted });
  }

  #closeInput(): void {
    if (this.#isInputClosed) return;
    this.#isInputClosed = true;
    this.#say({ type: "input-closed" });
  }

  async #relay(
    from: AsyncIterable<Uint8Array>,
    kind: typeof execFrames.stdout | typeof execFrames.stderr,
  ): Promise<void> {
    const { frameBytesMax, outputBytesMax } = execLimits;
    for await (const chunk of from) {
      for (let at = 0; at < chunk.length && !this.#isOver; ) {
        const room = Math.min(frameBytesMax, this.#taken + outputBytesMax - this.#sent);
        if (room <= 0) {
          await this.#waking();
          continue;
        }
        const piece = chunk.subarray(at, at + room);
        at += piece.length;
        this.#sent += piece.length;
        if (!this.#stream.write(execFrame(kind, piece))) await this.#waking();
      }
      if (this.#isOver) return;
    }
  }

  #say(message: ExecMessage): void {
    this.#stream.write(execMessageFrame(message));
  }

  #waking(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => this.#wake.push(resolve));
  }

  #awake(): void {
    for (const resolve of this.#wake.splice(0)) resolve();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const timer of this.#timers) timer.cancel();
    this.#queue = [];
    this.#stream.end();
    this.#session.close();
    this.#awake();
  }
}
