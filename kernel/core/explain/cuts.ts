import type { ClusterState } from "../state.ts";
import { KINDS } from "../tables/shape.ts";
import type { Headroom } from "./headroom.ts";
import type { Cut } from "./portion.ts";
import { amountsText, countText, namedAmounts } from "./words.ts";

/** How much of a role's limit is consumed. */
export function limitText({ tables }: ClusterState, role: number, kind: number): string {
  const { names, consumed, limit } = tables.roles;
  const at = role * KINDS + kind;
  const figures = `${(consumed[at] as number) / 1_000} of ${(limit[at] as number) / 1_000}`;
  return `of the ${tables.kindNames[kind]} of role ${names[role]} ${figures} are consumed`;
}

/** What helps against a limit, and against what guarantees hold back. */
export function limitChange({ tables }: ClusterState, role: number): string {
  const name = tables.roles.names[role];
  return `raise the limit of role ${name} (\`tepui quota set\`), or end tasks in it`;
}

/** See `limitChange`. */
export const headroomChange = "lower the guarantees (`tepui quota set`), or add agents";

/** What roles lack to their guarantees. */
export function owedText({ tables }: ClusterState, headroom: Headroom | undefined): string {
  const owed = [...(headroom?.lacking ?? [])];
  const some = owed.slice(0, 3).map(([role, lack]) => {
    return `${tables.roles.names[role]} lacks ${amountsText(namedAmounts(tables, lack))}`;
  });
  const others = owed.length - some.length;
  return [...some, ...(others > 0 ? [`and ${countText(others, "other role")}`] : [])].join(", ");
}

/** What quotas leave out of an offer, and why. */
export function cutsText(
  state: ClusterState,
  cuts: readonly Cut[],
  headroom: Headroom | undefined,
): string {
  const texts = cuts.map(({ kind, most, limitOf }) => {
    if (limitOf !== undefined) {
      const rest = most > 0 ? `, so that no more than ${most / 1_000} may be offered` : "";
      return `${limitText(state, limitOf, kind)}${rest}`;
    }
    const all = most > 0 ? `all but ${most / 1_000}` : "all that are free";
    return `of the ${state.tables.kindNames[kind]} ${all} are held back for guarantees`;
  });
  const isHeld = cuts.some(({ limitOf }) => limitOf === undefined);
  return `${texts.join(", and ")}${isHeld ? `: ${owedText(state, headroom)}` : ""}`;
}

/** What helps against that. */
export function cutsChange(state: ClusterState, cuts: readonly Cut[]): string {
  const changes = cuts.map(({ limitOf }) =>
    limitOf === undefined ? headroomChange : limitChange(state, limitOf),
  );
  return [...new Set(changes)].join("; ");
}

/** Tells cuts apart that read otherwise. */
export function cutsKey(cuts: readonly Cut[]): string {
  return cuts.map(({ kind, most, limitOf = "" }) => `${kind} ${most} ${limitOf}`).join(", ");
}
