import type { Cut } from "./log-position.ts";

/** What came over one of the streams of a container. */
export interface StreamPiece {
  readonly stream: "stdout" | "stderr";
  readonly data: Buffer;
}

/** One record of a container's log. */
export interface LogRecord extends StreamPiece {
  /** When the engine read it; of one width, so that text order is time order. */
  readonly time: string;
}

const HEADER_BYTES = 8;
/** The engine cuts records at 16 KiB. */
const PIECE_BYTES_MAX = 1 << 20;
const SYSTEM_ERROR = 3;
const SPACE = 0x20;

/**
 * Takes the engine's multiplexed stream apart: a byte that says which stream, three of zero, the
 * length, then the bytes that were written.
 */
export class StreamFrames {
  #rest: Buffer = Buffer.alloc(0);

  /** Pieces that are complete with this chunk. @throws Error for what is not such a stream */
  push(chunk: Buffer): StreamPiece[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const pieces: StreamPiece[] = [];
    while (rest.length >= HEADER_BYTES) {
      const size = rest.readUInt32BE(4);
      if (size > PIECE_BYTES_MAX) throw new Error(`a record of ${size} bytes`);
      if (rest.length < HEADER_BYTES + size) break;
      pieces.push(pieceOf(rest[0] ?? 0, rest.subarray(HEADER_BYTES, HEADER_BYTES + size)));
      rest = rest.subarray(HEADER_BYTES + size);
    }
    this.#rest = rest;
    return pieces;
  }
}

function pieceOf(kind: number, data: Buffer): StreamPiece {
  if (kind === SYSTEM_ERROR) throw new Error(`the engine says: ${data.toString("utf8")}`);
  return { stream: kind === 2 ? "stderr" : "stdout", data };
}

/** Takes a log apart, each of whose pieces begins with its time and a space. */
export class LogFrames {
  readonly #frames = new StreamFrames();

  /** Records that are complete with this chunk. @throws Error for what is not such a stream */
  push(chunk: Buffer): LogRecord[] {
    return this.#frames.push(chunk).map(({ stream, data }) => {
      const space = data.indexOf(SPACE);
      if (space < 0) throw new Error("a log record without a time");
      const time = data.toString("latin1", 0, space);
      return { stream, time, data: data.subarray(space + 1) };
    });
  }
}

/** The engine cuts lines into pieces of this length. */
const PIECE_BYTES = 16_384;
const NEWLINE = 0x0a;

/**
 * What a record is, after what the one before it in its stream was. The engine loses the newline of
 * a line that it cut: such an `end` gets it back, when the next record comes or when there is none.
 */
export function cutOf(data: Buffer, before: Cut): Cut {
  if (data.at(-1) === NEWLINE) return "whole";
  if (data.length === PIECE_BYTES) return "piece";
  return before === "piece" ? "end" : "whole";
}
