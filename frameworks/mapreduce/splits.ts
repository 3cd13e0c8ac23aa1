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

/** Pieces of one split, so that its description stays small. */
const PIECES_MAX = 4_000;

/**
 * Cuts large files and puts small ones together, so that each split has about `chunkBytes`. Every
 * byte is in exactly one split. Files with different places are not put together.
 */
export function splitInputs(files: readonly InputFile[], chunkBytes: number): readonly Split[] {
  const splits: Split[] = [];
  const open = new Map<string, { pieces: Piece[]; bytes: number; near: readonly string[] }>();
  for (const { path, bytes, near = [] } of files) {
    const place = near.join("\0");
    for (let start = 0; start < bytes; ) {
      let split = open.get(place);
      if (split === undefined) {
        split = { pieces: [], bytes: 0, near };
        open.set(place, split);
      }
      const end = Math.min(bytes, start + chunkBytes - split.bytes);
      split.pieces.push({ path, start, end });
      split.bytes += end - start;
      start = end;
      if (split.bytes < chunkBytes && split.pieces.length < PIECES_MAX) continue;
      splits.push(split);
      open.delete(place);
    }
  }
  return [...splits, ...open.values()];
}
