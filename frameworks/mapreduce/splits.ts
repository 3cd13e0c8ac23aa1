/** A file to read, by its path below the root of the inputs. */
export interface InputFile {
  readonly path: string;
  readonly bytes: number;
  /** Values of the job's locality attribute on whose agents the file is near. */
  readonly near?: readonly string[];
}

/** A part of a file, from `start` to before `end`. */
export interface Piece {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** What one map task reads. */
export interface Split {
  readonly pieces: readonly Piece[];
  readonly bytes: number;
  readonly near: readonly string[];
}

/** Pieces of one split, and bytes that describe them: a task has 1 MiB at most. */
const PIECES_MAX = 4_000;
const PIECES_BYTES_MAX = 512 << 10;

const CHUNK_BYTES = 4_000_000;
/** Maps of inputs so large that they get larger chunks. */
const MAPS_AIM = 50_000;

/** Bytes of all files together. */
export function bytesOf(files: readonly InputFile[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0);
}

/** Input of one map task, where a job does not say. */
export function chunkBytesFor(files: readonly InputFile[]): number {
  return Math.max(CHUNK_BYTES, Math.ceil(bytesOf(files) / MAPS_AIM));
}

interface OpenSplit {
  readonly pieces: Piece[];
  readonly near: readonly string[];
  bytes: number;
  /** Bytes that describe the pieces. */
  described: number;
}

/**
 * Cuts large files and puts small ones together, so that each split has about `chunkBytes`. Every
 * byte is in exactly one split. Files with different places are not put together.
 */
export function splitInputs(files: readonly InputFile[], chunkBytes: number): readonly Split[] {
  const splits: Split[] = [];
  const open = new Map<string, OpenSplit>();
  for (const { path, bytes, near = [] } of files) {
    const place = near.join("\0");
    for (let start = 0; start < bytes; ) {
      let split = open.get(place);
      if (split === undefined) {
        split = { pieces: [], bytes: 0, described: 0, near };
        open.set(place, split);
      }
      const end = Math.min(bytes, start + chunkBytes - split.bytes);
      const piece = { path, start, end };
      split.pieces.push(piece);
      split.bytes += end - start;
      split.described += Buffer.byteLength(JSON.stringify(piece));
      start = end;
      if (split.bytes < chunkBytes && !isFull(split)) continue;
      splits.push(split);
      open.delete(place);
    }
  }
  return [...splits, ...open.values()];
}

function isFull({ pieces, described }: OpenSplit): boolean {
  return pieces.length >= PIECES_MAX || described >= PIECES_BYTES_MAX;
}
