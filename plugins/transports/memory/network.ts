import type { PipeEnd } from "./pipe.ts";

/** What a listening server does with a connection; answers false when it takes no more. */
export type Accept = (end: PipeEnd, remote: string) => boolean;

/**
 * Addresses that exist in one process only. Servers and dialling sides that share a network can
 * meet.
 */
export class MemoryNetwork {
  readonly #listening = new Map<string, Accept>();
  #lastPort = 50_000;

  /**
   * Takes an address, a free port for 0; answers the real port, or `undefined` when it is taken.
   */
  listen(host: string, port: number, accept: Accept): number | undefined {
    const real = port === 0 ? ++this.#lastPort : port;
    const key = `${host}:${real}`;
    if (this.#listening.has(key)) return undefined;
    this.#listening.set(key, accept);
    return real;
  }

  /** Gives an address back. */
  unlisten(host: string, port: number): void {
    this.#listening.delete(`${host}:${port}`);
  }

  /** Who listens at `host:port`. */
  at(address: string): Accept | undefined {
    return this.#listening.get(address);
  }
}

/** The network that plugins of this process share unless they are given another. */
export const processNetwork = new MemoryNetwork();
