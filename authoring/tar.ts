import { gzipSync } from "node:zlib";

/** A file of an archive. */
export interface TarFile {
  /** With forward slashes, at most 100 bytes. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const BLOCK = 512;

/**
 * The files as a gzipped ustar archive. It says nothing of time, user or machine: the same files
 * always give the same bytes.
 */
export function tarball(files: readonly TarFile[]): Uint8Array {
  const blocks = files.flatMap(({ path, bytes }) => [
    header(path, bytes.length),
    bytes,
    new Uint8Array(padding(bytes.length)),
  ]);
  return gzipSync(Buffer.concat([...blocks, new Uint8Array(2 * BLOCK)]), { level: 9 });
}

function padding(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}

/** POSIX.1-1988, with the extension of ustar: fields of text and octal digits at fixed places. */
function header(path: string, length: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`a path of more than 100 bytes: ${path}`);
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(length, 12), 124);
  block.write(octal(0, 12), 136);
  block.fill(" ", 148, 156); // The checksum counts itself as spaces.
  block.write("0", 156);
  block.write("ustar\0" + "00", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 7)} `, 148);
  return block;
}

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}
