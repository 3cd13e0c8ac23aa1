/** Most that is kept of what a program complains. */
const BYTES_MAX = 4_096;

/**
 * What tar and unzip say when a name in an archive leads elsewhere; they leave it out or bend it.
 */
const ESCAPES =
  /Removing leading|contains '\.\.'|skipped "\.\.\/" path|stripped absolute path|\.\.\/: mapname/;

/** What a program of the system complains of, line by line: an archive can have it say much. */
export class Complaints {
  #text = "";
  #wayOut: string | undefined;

  /** Takes another line. */
  add(line: string): void {
    if (ESCAPES.test(line)) this.#wayOut ??= line.slice(0, BYTES_MAX);
    if (this.#text.length < BYTES_MAX) this.#text = `${this.#text}${line}\n`.slice(0, BYTES_MAX);
  }

  /** What it said first. */
  get text(): string {
    return this.#text.trim();
  }

  /** The line in which it said that something leads elsewhere, however late it came. */
  get wayOut(): string | undefined {
    return this.#wayOut;
  }
}
