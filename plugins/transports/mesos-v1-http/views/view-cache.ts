import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "../../../../contract/ports/clock.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { KeptBody } from "../http/answers.ts";

const zip = promisify(gzip);

/** Texts that are kept for one view; more kinds of queries than this are not worth keeping. */
const TEXTS_MAX = 16;
/** A text is made for so long at a time; then whatever else waits in this process has its turn. */
const SLICE_MS = 3;
/** Pieces are put together up to this many characters, which are bytes, since they are ASCII. */
const CHUNK_CHARS = 64 * 1024;

/** The text of a view, in parts of which some are those of an earlier text. */
export class ViewText implements KeptBody {
  readonly parts: readonly Uint8Array[];
  readonly length: number;
  /** What of the cluster it shows: all that had happened by then. */
  readonly revision: number;
  #packed: Promise<Buffer> | undefined;

  constructor(parts: readonly Uint8Array[], revision = 0) {
    this.parts = parts;
    this.length = parts.reduce((sum, { length }) => sum + length, 0);
    this.revision = revision;
  }

  /** All of it in one. */
  whole(): Buffer {
    return Buffer.concat(this.parts, this.length);
  }

  packed(): Promise<Buffer> {
    this.#packed ??= zip(this.whole());
    return this.#packed;
  }
}

/**
 * A text in pieces; what is not ASCII comes as bytes. Bytes are not copied: nobody may change them.
 */
export type TextPieces = Iterable<string | Uint8Array>;

/** A text that was made or is being made, and what of the cluster it shows. */
interface Made {
  readonly revision: number;
  readonly text: Promise<ViewText>;
}

/**
 * Makes the texts of a view, each at most once for what the cluster is at the moment: many who poll
 * cost no more than one. Whoever asks gets a text that was begun after that, or one that would not
 * be any different.
 */
export class ViewCache {
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #onHit: () => void;
  readonly #made = new Map<string, Made>();
  /** Those who wait until the text that is being made is finished, to begin the next. */
  readonly #next = new Map<string, Promise<ViewText>>();

  /** `onHit` is called for each text that is had without being made for it. */
  constructor(view: ClusterView, clock: Clock, onHit: () => void = () => {}) {
    this.#view = view;
    this.#clock = clock;
    this.#onHit = onHit;
  }

  /** The text for a query. */
  text(query: string, make: () => TextPieces): Promise<ViewText> {
    const made = this.#made.get(query);
    const waiting = this.#next.get(query);
    const shared = made?.revision === this.#view.revision() ? made.text : waiting;
    if (shared !== undefined) {
      this.#onHit();
      return shared;
    }
    const next = (made?.text ?? Promise.resolve()).then(
      () => this.#begin(query, make),
      () => this.#begin(query, make),
    );
    this.#next.set(query, next);
    return next;
  }

  #begin(query: string, make: () => TextPieces): Promise<ViewText> {
    this.#next.delete(query);
    const revision = this.#view.revision();
    const text = this.#assemble(make, revision);
    if (!this.#made.has(query) && this.#made.size >= TEXTS_MAX) this.#made.clear();
    this.#made.set(query, { revision, text });
    return text;
  }

  async #assemble(make: () => TextPieces, revision: number): Promise<ViewText> {
    return new ViewText(await inSlices(make, this.#clock), revision);
  }
}

/** Puts pieces together, in slices between which others have their turn. */
async function inSlices(make: () => TextPieces, clock: Clock): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  let chunk = "";
  let endMs = clock.monotonicMs() + SLICE_MS;
  const flush = (): void => {
    if (chunk !== "") parts.push(Buffer.from(chunk, "latin1"));
    chunk = "";
  };
  for (const piece of make()) {
    if (typeof piece === "string") {
      chunk += piece;
      if (chunk.length > CHUNK_CHARS) flush();
    } else {
      flush();
      parts.push(piece);
    }
    if (clock.monotonicMs() < endMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    endMs = clock.monotonicMs() + SLICE_MS;
  }
  flush();
  return parts;
}
