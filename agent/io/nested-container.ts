import { constants } from "node:os";
import { errors } from "../../contract/errors.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import type { Clock, Timer } from "../../contract/ports/clock.ts";
import type { CommandSession, ExitStatus } from "../../contract/ports/isolator.ts";
import type {
  NestedId,
  NestedInput,
  OutputReader,
} from "../../contract/ports/nested-containers.ts";

/** The signal that ends everything. */
export const SIGKILL = constants.signals.SIGKILL;

/** One nested container, from before it runs until it is forgotten. */
export class NestedContainer {
  readonly id: NestedId;
  readonly isTalkedTo: boolean;
  readonly #clock: Clock;
  readonly #readers = new Set<OutputReader>();
  /** Whoever wants to know its end. */
  readonly #waiting = new Set<(exit: ExitStatus) => void>();
  #session: CommandSession | undefined;
  #exit: ExitStatus | undefined;
  #endedMs = 0;
  #hasInput = false;
  /** Nobody is waited for any more. */
  #isKilled = false;
  /** Readers that hold it up. */
  readonly #held = new Set<() => void>();
  #late: Timer | undefined;

  constructor(id: NestedId, isTalkedTo: boolean, clock: Clock) {
    this.id = id;
    this.isTalkedTo = isTalkedTo;
    this.#clock = clock;
  }

  /** As people read it. */
  get name(): string {
    return this.id.join(".");
  }

  /** How it ended; absent while it runs. */
  get exit(): ExitStatus | undefined {
    return this.#exit;
  }

  /** When it ended, by the monotonic clock. */
  get endedMs(): number {
    return this.#endedMs;
  }

  /** It runs. */
  begin(session: CommandSession): void {
    this.#session = session;
    if (this.#isKilled) this.#end(SIGKILL);
    void this.#run(session).then((exit) => this.#over(exit));
  }

  /** It could not be run. */
  fail(): void {
    this.#over({ signal: "SIGKILL" });
  }

  async #run(session: CommandSession): Promise<ExitStatus> {
    try {
      await Promise.all([
        this.#relay(session.stdout, "stdout"),
        this.#relay(session.stderr, "stderr"),
      ]);
    } catch {
      // Its streams break when it is given up, which its end tells.
    }
    // Nobody saw how it ended when it went with its task or its agent: then it was killed.
    return await session.wait().catch(() => ({ signal: "SIGKILL" }));
  }

  /** Hands on what comes, at the pace of the slowest reader. */
  async #relay(from: AsyncIterable<Uint8Array>, stream: "stdout" | "stderr"): Promise<void> {
    for await (const data of from) {
      if (this.#isKilled) continue;
      const takes = Array.from(this.#readers, (reader) => reader.take(stream, data));
      await new Promise<void>((resolve) => {
        const go = (): void => {
          this.#held.delete(go);
          resolve();
        };
        this.#held.add(go);
        void Promise.all(takes).then(go);
      });
    }
  }

  #over(exit: ExitStatus): void {
    this.#late?.cancel();
    this.#exit = exit;
    this.#endedMs = this.#clock.monotonicMs();
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    for (const act of this.#waiting) act(exit);
    this.#waiting.clear();
  }

  /** Calls `act` when it has ended and what it wrote was handed over; answers how to stop that. */
  onEnded(act: (exit: ExitStatus) => void): () => void {
    const exit = this.#exit;
    if (exit !== undefined) queueMicrotask(() => act(exit));
    else this.#waiting.add(act);
    return () => this.#waiting.delete(act);
  }

  /** Tells a reader from now on; answers how to stop that. */
  addReader(reader: OutputReader): () => void {
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /**
   * Takes the input over.
   * @throws NESTED_INPUT_TAKEN
   */
  takeInput(): NestedInput {
    if (this.#hasInput) throw errors.NESTED_INPUT_TAKEN(this.name);
    this.#hasInput = true;
    let isClosed = false;
    return {
      write: async (data) => {
        if (isClosed || this.#session === undefined) return;
        await this.#session.write(data).catch(() => {
          isClosed = true;
        });
      },
      end: () => {
        isClosed = true;
        this.#session?.endInput();
      },
      resize: (size) => this.#session?.resize(size),
      release: () => {
        this.#hasInput = false;
      },
    };
  }

  /** Sends it a signal; after SIGKILL nobody who reads slowly is waited for. */
  kill(signal: number): void {
    if (signal === SIGKILL) {
      this.#isKilled = true;
      for (const go of [...this.#held]) go();
    }
    if (this.#session !== undefined) this.#end(signal);
  }

  #end(signal: number): void {
    const session = this.#session;
    if (session === undefined || this.#exit !== undefined) return;
    if (session.signal !== undefined) session.signal(signal);
    else if (signal !== SIGKILL) {
      throw errors.NESTED_REFUSED("what runs this container sends no other signal than SIGKILL");
    }
    if (signal !== SIGKILL) return;
    if (session.signal === undefined) session.close();
    // What does not even end by this, or holds its output open, is not waited for.
    else this.#late ??= this.#clock.after(execLimits.nestedKillMs, () => session.close());
  }
}
