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

/** Keys of items: those that prefer the offer's agent come first; the rest keep their order. */
export function inOrder(
  offer: OfferView,
  keys: Iterable<string>,
  itemOf: (key: string) => WorkItem,
): readonly string[] {
  const all = [...keys];
  const isFirst = (key: string): boolean => isPreferred(offer, itemOf(key)) === true;
  const first = all.filter(isFirst);
  return first.length === 0 ? all : [...first, ...all.filter((key) => !isFirst(key))];
}
