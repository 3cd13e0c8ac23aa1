import { Packr } from "msgpackr";
import type { ClusterSnapshot } from "../../core/snapshot.ts";
import { frameHeader } from "./frames.ts";
import { type Part, partsOf } from "./parts.ts";
import { FrameKind, type SegmentHeader } from "./records.ts";
import { TurnWriter } from "./turns.ts";

/** Bytes of snapshot that are written together. */
const SLICE_BYTES = 512 << 10;

const packed = { moreTypes: true } as const;

/** A frame of these pieces in one buffer. */
function framed(kind: number, pieces: readonly Uint8Array[]): Buffer {
  const payload = [Uint8Array.of(kind), ...pieces];
  return Buffer.concat([frameHeader(payload), ...payload]);
}

/**
 * One file of the journal as it is made: a header, then turns, and between them, a slice at a time,
 * the snapshot of the state before the first turn. Each of these is one frame and one write, so
 * that a crash tears the last frame and no other.
 */
export class Segment {
  readonly header: SegmentHeader;
  readonly turns = new TurnWriter();
  /** Digests of the policies that it carries. */
  readonly policies = new Set<string>();
  /** The program that it says is evaluated. */
  program: Uint8Array | undefined;
  /** Bytes of turns in it. */
  turnBytes = 0;
  readonly #packr = new Packr(packed);
  #parts: Generator<Part> | undefined;

  constructor(header: SegmentHeader, snapshot: ClusterSnapshot | undefined) {
    this.header = header;
    this.#parts = snapshot && partsOf(snapshot);
  }

  /** Parts of the snapshot are left to be written. */
  get isIncomplete(): boolean {
    return this.#parts !== undefined;
  }

  /** The first frame. */
  headerFrame(): Buffer {
    return framed(FrameKind.HEADER, [this.#packr.pack(this.header)]);
  }

  /** A frame of turns. */
  turnsFrame(turns: readonly Uint8Array[]): Buffer {
    const frame = framed(FrameKind.TURNS, turns);
    this.turnBytes += frame.length;
    return frame;
  }

  /** The next slice of the snapshot, or the frame that ends it. */
  snapshotFrame(): Buffer {
    const parts: Uint8Array[] = [];
    for (let bytes = 0; bytes < SLICE_BYTES; ) {
      const next = this.#parts?.next();
      if (next === undefined || next.done === true) break;
      const part = this.#packr.pack(next.value);
      bytes += part.length;
      parts.push(part);
    }
    if (parts.length > 0) return framed(FrameKind.SNAPSHOT, parts);
    this.#parts = undefined;
    return framed(FrameKind.SNAPSHOT_END, []);
  }
}
