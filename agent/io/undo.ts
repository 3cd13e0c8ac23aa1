/** What has to be undone, last first, when a start fails or the agent stops. */
export class Undo {
  readonly #acts: (() => unknown)[] = [];

  /** Adds something to undo before everything that was added so far. */
  add(act: () => unknown): void {
    this.#acts.push(act);
  }

  /** Undoes everything, once. */
  async run(): Promise<void> {
    for (let act = this.#acts.pop(); act !== undefined; act = this.#acts.pop()) await act();
  }
}
