import { constants, existsSync, mkdirSync, readFileSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";

/** All that is kept: the last term, and the registry. */
interface Contents {
  readonly epoch: number;
  readonly entries: ReadonlyMap<string, unknown>;
}

/** One file that is replaced as a whole, so that a crash leaves either the old one or the new one. */
export class Store {
  readonly #folder: string;
  readonly #file: string;
  #contents: Contents = { epoch: 0, entries: new Map() };

  /** Reads what is there; throws when that is not such a file. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
    this.#file = join(folder, "registry");
    if (existsSync(this.#file)) this.#contents = deserialize(readFileSync(this.#file)) as Contents;
  }

  get epoch(): number {
    return this.#contents.epoch;
  }

  get entries(): ReadonlyMap<string, unknown> {
    return this.#contents.entries;
  }

  /** Durable when it resolves; when it rejects, nothing has changed. */
  async replace(contents: Contents): Promise<void> {
    const draft = `${this.#file}.new`;
    await withFile(draft, "w", async (handle) => {
      await handle.writeFile(serialize(contents));
      await handle.sync();
    });
    await rename(draft, this.#file);
    // The rename is durable only once the folder is.
    await withFile(this.#folder, constants.O_RDONLY, (handle) => handle.sync());
    this.#contents = contents;
  }
}

async function withFile(
  path: string,
  flags: string | number,
  act: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  const handle = await open(path, flags, 0o600);
  try {
    await act(handle);
  } finally {
    await handle.close();
  }
}
