import { Packr } from "msgpackr";
import type { ClusterSnapshot } from "../../core/snapshot.ts";
import { FRAME_HEADER_BYTES, sealed } from "./frames.ts";
import { type Part, partsOf } from "./parts.ts";
import { FrameKind, type SegmentHeader } from "./records.ts";
import { TurnWriter } from "./turns.ts";

/** Bytes of snapshot that are written together. */
const SLICE_BYTES = 512 << 10;

const packed = { moreTypes: true } as const;

/** What stands before the content of a frame: its header, and what it holds. */
const BEFORE_BYTES = FRAME_HEADER_BYTES + 1;

/** A frame with these pieces in it. */
function framed(kind: number, pieces: readonly Uint8Array[]): Buffer {
  return finished(Buffer.concat([Buffer.alloc(BEFORE_BYTES), ...pieces]), kind);
}

function finished(frame: Buffer, kind: number): Buffer {
  frame[FRAME_HEADER_BYTES] = kind;
  return sealed(frame);
}

/**
 * One file of the journal as it is made: a header, then turns, and between them, a slice at a time,
 * the snapshot of the state before the first turn. Each of these is one frame and one write, so
 * that a crash tears the last frame and no other.
 */
export class Segment {
  readonly header: SegmentHeader;
  readonly turns = new TurnWriter(BEFORE_BYTES);
  /** Digests of the policies that it carries. */
  readonly policies = new Set<string>();
  /** The program that it says is evaluated. */
  program: Uint8Array | undefined;
  #turnBytes = 0;
  #openingBytes = 0;
  #hasInstance = false;
  readonly #packr = new Packr(packed);
  #parts: Generator<Part> | undefined;

  constructor(header: SegmentHeader, snapshot: ClusterSnapshot | undefined) {
    this.header = header;
    this.#parts = snapshot && partsOf(snapshot);
  }

  /**
   * Bytes of turns that fill it. What any segment begins with, which is the policy that runs, its
   * private state and its program, is not among them: large ones would fill every segment at once.
   */
  get fillingBytes(): number {
    return this.#turnBytes - this.#openingBytes;
  }

  /** An instance begins, which takes so many bytes. */
  instanceBegins(bytes: number): void {
    if (!this.#hasInstance) this.#openingBytes += bytes;
    this.#hasInstance = true;
  }

  /** Another program is evaluated. */
  evaluates(program: Uint8Array): void {
    if (this.program === undefined) this.#openingBytes += program.length;
    this.program = program;
  }

  /** Parts of the snapshot are left to be written. */
  get isIncomplete(): boolean {
    return this.#parts !== undefined;
  }

  /** The first frame. */
  headerFrame(): Buffer {
    return framed(FrameKind.HEADER, [this.#packr.pack(this.header)]);
  }

  /** A frame of all turns that have ended since the last one, good until the next one. */
  turnsFrame(): Buffer {
    const frame = finished(this.turns.take(), FrameKind.TURNS);
    this.#turnBytes += frame.length;
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
