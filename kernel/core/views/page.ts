import { limits } from "../../../contract/limits.ts";
import type { Resource, Resources } from "../../../contract/resources.ts";
import { encodedBytes } from "../../../contract/size.ts";

/** Entries of a list when the question names no number. */
export const PAGE_DEFAULT = 100;

/** What a question may say about the part of a list that it wants. */
export interface Page {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/**
 * One page of a list, and whether more follow: as many entries as were asked for, or as fit an
 * answer, but one at least.
 */
export function pageOf<Item, View>(
  items: readonly Item[],
  view: (item: Item) => View,
  { limit = PAGE_DEFAULT, offset = 0 }: Page,
): { readonly views: View[]; readonly more: boolean } {
  const views: View[] = [];
  let bytes = 0;
  for (const item of items.slice(offset, offset + limit)) {
    const next = view(item);
    bytes += encodedBytes(next);
    if (bytes > limits.pageBytesMax && views.length > 0) break;
    views.push(next);
  }
  return { views, more: items.length > offset + views.length };
}

/** Resources as the operator API has them, which may be changed by whoever gets them. */
export function listed(resources: Resources): Resource[] {
  return [...resources];
}
