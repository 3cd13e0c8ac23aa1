import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";

/** Texts that are kept for one view; more kinds of queries than this are not worth keeping. */
const TEXTS_MAX = 16;

/**
 * Keeps what was built for a view until the cluster has changed, so that many who poll cost no more
 * than one.
 */
export class ViewCache {
  readonly #view: ClusterView;
  readonly #texts = new Map<string, string>();
  #revision = -1;

  constructor(view: ClusterView) {
    this.#view = view;
  }

  /** The text for a query, built when there is none of the present revision. */
  text(query: string, build: () => string): string {
    const revision = this.#view.revision();
    if (revision !== this.#revision || this.#texts.size >= TEXTS_MAX) this.#texts.clear();
    this.#revision = revision;
    const kept = this.#texts.get(query);
    if (kept !== undefined) return kept;
    const text = build();
    this.#texts.set(query, text);
    return text;
  }
}

/** JSON with nothing but ASCII in it (§3.3). */
export function jsonAscii(value: object): string {
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
