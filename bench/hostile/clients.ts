import { connect, type Socket } from "node:net";
import { type Attack, attacks, type Line } from "./attacks.ts";

/** What came of one kind of hostile client. */
export interface HostileTally {
  /** Connections that were opened. */
  connections: number;
  /** How often each status was answered; `closed` are connections that ended without one. */
  readonly answers: Record<string, number>;
}

/** What came of each kind. */
export type HostileTallies = Readonly<Record<string, HostileTally>>;

/** Hostile clients that are at work in this process. */
export interface HostileClients {
  /** Ends them all and their connections. */
  stop(): Promise<HostileTallies>;
}

class HostileLine implements Line {
  readonly number: number;
  readonly #socket: Socket;
  readonly #tally: HostileTally;
  readonly #over: Promise<void>;
  readonly #answered: Promise<void>;

  constructor(port: number, number: number, isDeaf: boolean, tally: HostileTally) {
    this.number = number;
    this.#tally = tally;
    this.#socket = connect({ port, host: "127.0.0.1" });
    tally.connections += 1;
    let isAnswered = false;
    this.#over = new Promise((resolve) => {
      this.#socket.on("close", () => {
        if (!isAnswered && !isDeaf) this.#count("closed");
        resolve();
      });
    });
    this.#socket.on("error", () => this.#socket.destroy());
    this.#answered = new Promise((resolve) => {
      if (isDeaf) {
        this.#socket.pause();
        return;
      }
      this.#socket.on("data", (bytes: Buffer) => {
        const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(bytes.toString("latin1", 0, 16)) ?? [];
        if (status === undefined || isAnswered) return;
        isAnswered = true;
        this.#count(status);
        resolve();
      });
    });
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed;
  }

  async send(bytes: string | Uint8Array): Promise<void> {
    if (!this.isOpen) return;
    const taken = new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
    await Promise.race([taken, this.#over]);
  }

  async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const passed = new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([passed, this.#over]);
    clearTimeout(timer);
  }

  async answer(): Promise<void> {
    await Promise.race([this.#answered, this.#over]);
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  /** Resolves when the connection is over. */
  async end(): Promise<void> {
    this.#socket.destroy();
    await this.#over;
  }

  #count(what: string): void {
    this.#tally.answers[what] = (this.#tally.answers[what] ?? 0) + 1;
  }
}

/** Sets so many hostile clients, of all kinds alike, at a port of this machine. */
export function startClients(port: number, count: number): HostileClients {
  const kinds = Object.entries(attacks);
  const tallies: Record<string, HostileTally> = {};
  for (const [kind] of kinds) tallies[kind] = { connections: 0, answers: {} };
  const lines = new Set<HostileLine>();
  let isStopped = false;
  let number = 0;
  const work = async (kind: string, { run, isDeaf = false }: Attack): Promise<void> => {
    while (!isStopped) {
      const line = new HostileLine(port, number++, isDeaf, tallies[kind] as HostileTally);
      lines.add(line);
      await run(line);
      // A machine that is slow to take connections is not asked for more of them at once.
      await line.pause(50);
      lines.delete(line);
      await line.end();
    }
  };
  const all = Array.from({ length: count }, (_, at) => work(...pick(kinds, at)));
  return {
    stop: async () => {
      isStopped = true;
      await Promise.all([...lines].map((line) => line.end()));
      await Promise.all(all);
      return tallies;
    },
  };
}

function pick<T>(list: readonly T[], at: number): T {
  return list[at % list.length] as T;
}
