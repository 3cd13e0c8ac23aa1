/** A file, folder or link of an archive; `path` without a leading slash. */
export interface CpioEntry {
  readonly path: string;
  /** Type and permission bits, as stat has them: 0o100755, 0o040755, 0o120777. */
  readonly mode: number;
  /** The file's bytes, or the target of a link. */
  readonly bytes: Uint8Array;
}

const MAGIC = "070701";
const TRAILER = "TRAILER!!!";

const padding = (length: number): Buffer => Buffer.alloc((4 - (length % 4)) % 4);

function record(entry: CpioEntry, inode: number): Buffer[] {
  const name = Buffer.from(`${entry.path}\0`);
  // inode mode uid gid links mtime size, device numbers four times, size of the name, checksum.
  const { mode, bytes } = entry;
  const fields = [inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, name.length, 0];
  const text = MAGIC + fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  const head = Buffer.concat([Buffer.from(text), name]);
  return [head, padding(head.length), Buffer.from(bytes), padding(bytes.length)];
}

/**
 * An archive in the form "newc", which the kernel unpacks as its first root file system
 * (Documentation/driver-api/early-userspace/buffer-format.rst). Folders must come before what is
 * in them.
 */
export function cpioArchive(entries: readonly CpioEntry[]): Buffer {
  const trailer: CpioEntry = { path: TRAILER, mode: 0, bytes: new Uint8Array() };
  return Buffer.concat([...entries, trailer].flatMap((entry, at) => record(entry, at + 1)));
}
