import * as fs from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../../wire/index.ts";

/** What the journal asks of a file system. */
export interface Disk {
  /** Names of the files in a folder, which is made when it is not there. */
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<Buffer>;
  remove(path: string): Promise<void>;
  truncate(path: string, length: number): Promise<void>;
  /** A new file, for its owner alone. Its name is durable when this resolves. */
  create(folder: string, name: string): Promise<DiskFile>;
}

/** A file that grows. */
export interface DiskFile {
  /** Writes all of the bytes at the offset, and resolves when they are durable. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /** The same at once, for a process that is about to end. */
  writeNow(bytes: Uint8Array, offset: number): void;
  truncate(length: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * A file that is open with this has written durably when the call returns, which costs half of
 * what a write and a sync do. Not every system has it.
 */
const SYNCED: number | undefined = fs.constants.O_DSYNC;

/** The file system of this machine. */
export const realDisk: Disk = {
  async list(folder) {
    makeFolder(folder, 0o700);
    return fs.promises.readdir(folder);
  },
  read: (path) => fs.promises.readFile(path),
  remove: (path) => fs.promises.rm(path, { force: true }),
  truncate: (path, length) => fs.promises.truncate(path, length),
  async create(folder, name) {
    const { O_WRONLY, O_CREAT, O_EXCL } = fs.constants;
    const flags = O_WRONLY | O_CREAT | O_EXCL | (SYNCED ?? 0);
    const handle = await fs.promises.open(join(folder, name), flags, 0o600);
    const directory = await fs.promises.open(folder, "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
    return new RealFile(handle);
  },
};

class RealFile implements DiskFile {
  readonly #handle: fs.promises.FileHandle;

  constructor(handle: fs.promises.FileHandle) {
    this.#handle = handle;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const left = bytes.length - at;
      at += (await this.#handle.write(bytes, at, left, offset + at)).bytesWritten;
    }
    if (SYNCED === undefined) await this.#handle.datasync();
  }

  writeNow(bytes: Uint8Array, offset: number): void {
    const { fd } = this.#handle;
    for (let at = 0; at < bytes.length; ) {
      at += fs.writeSync(fd, bytes, at, bytes.length - at, offset + at);
    }
    if (SYNCED === undefined) fs.fdatasyncSync(fd);
  }

  async truncate(length: number): Promise<void> {
    await this.#handle.truncate(length);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
