import type { NaiveClient, NaiveCluster } from "./cluster.ts";

/** Turns of clients in a round: each is one grant more than all that came before the round. */
export class Turns {
  readonly #before: ReadonlyMap<number, number>;
  readonly #given = new Map<number, number>();
  readonly #areTaken: boolean;

  constructor({ clients }: NaiveCluster, areTaken: boolean) {
    this.#before = new Map(clients.map(({ name, grants }) => [name, grants]));
    this.#areTaken = areTaken;
  }

  /** Turns that a client has had. */
  of({ name }: NaiveClient): number {
    if (!this.#areTaken) return 0;
    return Math.floor((this.#given.get(name) ?? 0) / ((this.#before.get(name) ?? 0) + 1));
  }

  note({ name }: NaiveClient): void {
    this.#given.set(name, (this.#given.get(name) ?? 0) + 1);
  }
}
