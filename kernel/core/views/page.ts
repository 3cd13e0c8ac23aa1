import type { Resource, Resources } from "../../../contract/resources.ts";

/** Entries of a list when the question names no number. */
export const PAGE_DEFAULT = 100;

/** What a question may say about the part of a list that it wants. */
export interface Page {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
}

/** One page of a list, and whether more follow. */
export function pageOf<Item>(
  items: readonly Item[],
  { limit = PAGE_DEFAULT, offset = 0 }: Page,
): { readonly items: Item[]; readonly more: boolean } {
  return { items: items.slice(offset, offset + limit), more: items.length > offset + limit };
}

/** Resources as the operator API has them, which may be changed by whoever gets them. */
export function listed(resources: Resources): Resource[] {
  return [...resources];
}
