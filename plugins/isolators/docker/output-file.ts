import { constants } from "node:fs";
import { type FileHandle, lstat, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { OutputRotation } from "../../../contract/ports/isolator.ts";

const { O_WRONLY, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;
const FLAGS = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;

/** Opens a file of the sandbox. A container may have put a link in its place, to reach the host. */
async function openPlain(path: string, flags: number): Promise<FileHandle> {
  const handle = await open(path, flags, 0o644);
  const found = await handle.stat();
  if (found.isFile() && found.nlink === 1) {
    const { uid, gid } = await stat(dirname(path));
    if (found.uid !== uid || found.gid !== gid) await handle.chown(uid, gid);
    return handle;
  }
  await handle.close();
  throw new Error(`${path} is not a plain file`);
}

/** One output of a container in its sandbox: the file that is written, and the older ones. */
export class OutputFile {
  readonly #path: string;
  readonly #rotation: OutputRotation | undefined;
  #handle: FileHandle;

  private constructor(path: string, rotation: OutputRotation | undefined, handle: FileHandle) {
    this.#path = path;
    this.#rotation = rotation;
    this.#handle = handle;
  }

  /** @throws Error for a sandbox that cannot be written to */
  static async open(path: string, rotation: OutputRotation | undefined): Promise<OutputFile> {
    return new OutputFile(path, rotation, await openPlain(path, FLAGS));
  }

  /** From how many bytes on it is to be rotated. */
  get bytesMax(): number {
    return this.#rotation?.bytes ?? Number.POSITIVE_INFINITY;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  append(data: Buffer): Promise<void> {
    return this.#handle.appendFile(data);
  }

  /**
   * `stdout` becomes `stdout.1`, that `stdout.2`, and an empty `stdout` is begun. Where something
   * is in the way that the container has put there, all stays as it is.
   */
  async rotate(): Promise<void> {
    const nameOf = (age: number) => (age === 0 ? this.#path : `${this.#path}.${age}`);
    // An agent that died at this has left a gap. It is closed, for readers stop at one.
    let oldest = 1;
    while (oldest < this.#filesMax - 1 && (await isThere(nameOf(oldest)))) oldest++;
    try {
      for (let age = oldest; age > 0; age--) await renameIfThere(nameOf(age - 1), nameOf(age));
      const next = await openPlain(this.#path, FLAGS | O_EXCL);
      await this.#handle.close();
      this.#handle = next;
    } catch {
      // It is tried again with what comes next.
    }
  }

  get #filesMax(): number {
    return this.#rotation?.files ?? 1;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function renameIfThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
}
