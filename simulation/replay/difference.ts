import type { OfferDecision } from "../../kernel/core/event.ts";
import type { ClusterState } from "../../kernel/core/state.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import type { RoundRecord } from "../../kernel/io/journal/records.ts";

/** The first thing that a replay did not reproduce. */
export interface Difference {
  /** A round's outcome, or the state of the cluster at the beginning of a segment. */
  readonly what: "round" | "state";
  readonly turn: number;
  /** Time of the turn, in ms since the epoch. */
  readonly nowMs: number;
  readonly round: number;
  /** Decision of the round, from 0; absent where the whole round differs. */
  readonly row?: number;
  /** Path in the state, where that differs. */
  readonly path?: string;
  readonly policy: string;
  readonly digest: string;
  readonly recorded: string;
  readonly reproduced: string;
}

/** What became of a round. */
export interface Outcome {
  readonly decisions: readonly OfferDecision[];
  readonly more: boolean;
  readonly lookAgain: boolean;
  readonly looked: number;
  readonly fault: { readonly code: string; readonly row: number | undefined } | undefined;
}

/** Where two outcomes of a round part first; `undefined` when they are the same. */
export function outcomeDifference(
  state: ClusterState,
  recorded: RoundRecord,
  reproduced: Outcome,
): Pick<Difference, "row" | "recorded" | "reproduced"> | undefined {
  const faults = [faultText(recorded), faultText(reproduced)] as const;
  if (faults[0] !== faults[1]) return { recorded: faults[0], reproduced: faults[1] };
  const rows = Math.max(recorded.decisions.length, reproduced.decisions.length);
  for (let row = 0; row < rows; row++) {
    const [a, b] = [recorded.decisions[row], reproduced.decisions[row]];
    if (a !== undefined && b !== undefined && isSame(a, b)) continue;
    return { row, recorded: decisionText(state, a), reproduced: decisionText(state, b) };
  }
  const rests = [restText(recorded), restText(reproduced)] as const;
  return rests[0] === rests[1] ? undefined : { recorded: rests[0], reproduced: rests[1] };
}

function faultText({ fault, decisions }: Outcome): string {
  if (fault === undefined) return `${decisions.length} decisions`;
  return fault.row === undefined ? fault.code : `${fault.code} in row ${fault.row}`;
}

function restText({ more, lookAgain, looked }: Outcome): string {
  const left = more ? "more are left" : "none is left";
  const again = lookAgain ? ", all are to be looked at again" : "";
  return `${looked} candidates were looked at, ${left}${again}`;
}

function isSame(a: OfferDecision, b: OfferDecision): boolean {
  if (a.agentRow !== b.agentRow || a.clientRow !== b.clientRow || a.whole !== b.whole) return false;
  if (a.reclaim === true || b.reclaim === true) return a.reclaim === b.reclaim;
  if (a.whole) return true;
  for (let kind = 0; kind < KINDS; kind++) {
    if (a.amounts?.[kind] !== b.amounts?.[kind]) return false;
  }
  return a.reserved === b.reserved && a.revocable === b.revocable;
}

/** A decision in the words of operators. */
function decisionText(
  { agentRows, clientRows, tables }: ClusterState,
  decision: OfferDecision | undefined,
): string {
  if (decision === undefined) return "no such decision";
  const { agentRow, clientRow, whole, amounts = [], reserved, revocable } = decision;
  const agent = agentRows[agentRow];
  const client = clientRows[clientRow];
  const parts = whole ? ["all that is left"] : [];
  for (const [kind, amount] of amounts.entries()) {
    if (amount > 0) parts.push(`${tables.kindNames[kind] ?? `kind ${kind}`}:${amount / 1000}`);
  }
  if (reserved === true) parts.push("what is reserved");
  if (revocable === true) parts.push("what is revocable");
  const of = agent === undefined ? `row ${agentRow}` : `${agent.info.hostname} (${agent.id})`;
  const to =
    client === undefined
      ? `row ${clientRow}`
      : `${client.framework.info.name} (${client.framework.id}) in role ${client.role.name}`;
  if (decision.reclaim === true)
    return `take back what is offered of agent ${of} to framework ${to}`;
  return `${parts.join(", ") || "nothing"} of agent ${of} to framework ${to}`;
}

/** Where two pieces of data differ first. */
export interface DataDifference {
  readonly path: string;
  readonly recorded: string;
  readonly reproduced: string;
}

/** Compares data without loops: objects, arrays, maps, sets and columns. */
export function dataDifference(a: unknown, b: unknown, path = ""): DataDifference | undefined {
  if (Object.is(a, b) || (a === 0 && b === 0)) return undefined;
  const here = () => ({ path: path || "/", recorded: valueText(a), reproduced: valueText(b) });
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return here();
  if (a instanceof Map && b instanceof Map) return dataDifference([...a], [...b], path);
  if (a instanceof Set && b instanceof Set) return dataDifference([...a], [...b], path);
  if (isList(a) !== isList(b)) return here();
  if (isList(a) && isList(b)) return listDifference(a, b, path);
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = dataDifference(left[key], right[key], `${path}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isList(value: object): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function listDifference(
  a: ArrayLike<unknown>,
  b: ArrayLike<unknown>,
  path: string,
): DataDifference | undefined {
  const least = Math.min(a.length, b.length);
  for (let at = 0; at < least; at++) {
    const found = dataDifference(a[at], b[at], `${path}/${at}`);
    if (found !== undefined) return found;
  }
  if (a.length === b.length) return undefined;
  return {
    path: path || "/",
    recorded: `${a.length} entries`,
    reproduced: `${b.length} entries`,
  };
}

function valueText(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  const text = JSON.stringify(value) ?? "an object";
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
