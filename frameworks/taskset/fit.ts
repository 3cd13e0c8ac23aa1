import { type Resources, trySubtract } from "../../sdk/index.ts";
import type { OfferView, WorkItem } from "./model.ts";

/** The resources of an offer that the tasks planned for it have not used. */
export class Room {
  #left: Resources;
  /** Needs that did not fit once do not fit later, as room only shrinks. */
  readonly #tooBig = new Set<Resources>();

  constructor(resources: Resources) {
    this.#left = resources;
  }

  /** Takes the need out of the room; false, and nothing taken, when it does not fit. */
  take(need: Resources): boolean {
    if (this.#tooBig.has(need)) return false;
    const left = trySubtract(this.#left, need);
    if (left === undefined) {
      this.#tooBig.add(need);
      return false;
    }
    this.#left = left;
    return true;
  }
}

/** Most tasks in one answer, far below what a master takes in one call: others want a turn. */
const ANSWER_TASKS_MAX = 1_000;
/** Most bytes of them, of which a frame holds four times as many. */
const ANSWER_BYTES_MAX = 1 << 20;

/** What an answer to an offer carries, whatever there is room for on the agent. */
export class Load {
  #tasks = 0;
  #bytes = 0;

  /** Takes a task of so many bytes, alone if need be; false, and nothing taken, when it is full. */
  take(bytes: number): boolean {
    if (this.#tasks >= ANSWER_TASKS_MAX) return false;
    if (this.#tasks > 0 && this.#bytes + bytes > ANSWER_BYTES_MAX) return false;
    this.#tasks += 1;
    this.#bytes += bytes;
    return true;
  }
}

/** The printed value of an attribute of an offer. */
export function attributeOf(offer: OfferView, name: string): string | undefined {
  const attribute = offer.attributes?.find((one) => one.name === name);
  if (attribute === undefined) return undefined;
  if (attribute.text !== undefined) return attribute.text;
  return attribute.scalar === undefined ? undefined : String(attribute.scalar / 1000);
}

/** Whether the offer's agent has every attribute that the item requires. */
export function meetsRequirements(offer: OfferView, item: WorkItem): boolean {
  return Object.entries(item.requires ?? {}).every(
    ([name, value]) => attributeOf(offer, name) === value,
  );
}

/** Whether the offer's agent is one that the item prefers; `undefined` when it prefers none. */
export function isPreferred(offer: OfferView, item: WorkItem): boolean | undefined {
  if (item.prefers === undefined || item.prefers.values.length === 0) return undefined;
  const value = attributeOf(offer, item.prefers.attribute);
  return value !== undefined && item.prefers.values.includes(value);
}

/**
 * Keys of items: those that prefer the offer's agent come first; the rest keep their order. One
 * after the other, as there may be very many, and an offer has room for few; none of them prefers
 * anything where `hasWishes` is false.
 */
export function* inOrder(
  offer: OfferView,
  keys: ReadonlySet<string>,
  itemOf: (key: string) => WorkItem,
  hasWishes: boolean,
): Generator<string, void, undefined> {
  const isFirst = (key: string): boolean => isPreferred(offer, itemOf(key)) === true;
  if (hasWishes) for (const key of keys) if (isFirst(key)) yield key;
  for (const key of keys) if (!hasWishes || !isFirst(key)) yield key;
}
