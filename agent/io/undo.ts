/** What has to be undone, last first, when a start fails or the agent stops. */
export class Undo {
  readonly #acts: (() => unknown)[] = [];

  /** Adds something to undo before everything that was added so far. */
  add(act: () => unknown): void {
    this.#acts.push(act);
  }

  /** Undoes everything, once; what fails keeps nothing else from it, and is thrown at the end. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let act = this.#acts.pop(); act !== undefined; act = this.#acts.pop()) {
      try {
        await act();
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
