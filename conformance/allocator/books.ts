import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import { ClientFlag, KINDS, NO_ROW, ReservationFlag } from "../../kernel/core/tables/shape.ts";
import { EMPTY, vectorAt } from "../../kernel/core/tables/vectors.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import type { Random } from "../random.ts";
import { drawPart } from "./draw.ts";

/** What one decision gave, so that it can come back. Vectors are in thousandths. */
export interface Grant {
  readonly agent: number;
  readonly client: number;
  /** Unreserved and non-revocable: what limits count. */
  readonly unreserved: Float64Array;
  readonly revocable: Float64Array;
  /** By row of the role that it is reserved for. */
  readonly reserved: readonly { readonly role: number; readonly amounts: Float64Array }[];
  /** All of it together. */
  readonly sum: Float64Array;
}

/** Takes what a verified decision gives off the tables, as the core does. */
export function takeGrant(tables: AllocationTables, rows: DecisionRows, row: number): Grant {
  const agent = rows.agents[row] as number;
  const client = rows.clients[row] as number;
  const flags = rows.flags[row] as number;
  const isWhole = (flags & DecisionFlag.WHOLE) !== 0;
  const unreserved = (
    isWhole ? vectorAt(tables.agents.free, agent) : vectorAt(rows.amounts, row)
  ).slice();
  const reserved =
    isWhole || (flags & DecisionFlag.RESERVED) !== 0 ? takeReserved(tables, agent, client) : [];
  const revocable =
    isWhole || (flags & DecisionFlag.REVOCABLE) !== 0
      ? takeRevocable(tables, agent, client)
      : new Float64Array(KINDS);
  tables.addAgentFree(agent, unreserved, -1);
  const sum = Float64Array.from(unreserved, (amount, kind) => amount + (revocable[kind] ?? 0));
  for (const { amounts } of reserved) {
    for (const [kind, amount] of amounts.entries()) sum[kind] = (sum[kind] ?? 0) + amount;
  }
  tables.addUsed(client, sum, 1, unreserved);
  tables.countAllocation(client);
  return { agent, client, unreserved, revocable, reserved, sum };
}

/** Gives a grant back to its agent. */
export function returnGrant(tables: AllocationTables, grant: Grant): void {
  const { agent, client, unreserved, revocable, reserved, sum } = grant;
  tables.addUsed(client, sum, -1, unreserved);
  tables.addAgentFree(agent, unreserved, 1);
  if (revocable.some((amount) => amount > 0)) {
    const now = vectorAt(tables.agents.revocable, agent);
    tables.setAgentRevocable(agent, plus(now, revocable));
  }
  for (const { role, amounts } of reserved) changeReservation(tables, agent, role, amounts);
}

/** Moves some of what is free on an agent to a role, or back from it. */
export function moveReservation(
  tables: AllocationTables,
  random: Random,
  agent: number,
  role: number,
): void {
  const row = reservationOf(tables, agent, role);
  if (row === NO_ROW) {
    const amounts = drawPart(random, vectorAt(tables.agents.free, agent));
    tables.addAgentFree(agent, amounts, -1);
    const isDone = tables.setReservation(agent, role, amounts, amounts, random.chance(0.3));
    if (!isDone) tables.addAgentFree(agent, amounts, 1);
    return;
  }
  const free = vectorAt(tables.reservations.free, row).slice();
  const total = vectorAt(tables.reservations.total, row);
  if (free.some((amount, kind) => amount !== total[kind])) return;
  tables.setReservation(agent, role, [], []);
  tables.addAgentFree(agent, free, 1);
}

/** Adds to what is free of a reservation, which must be there. */
function changeReservation(
  tables: AllocationTables,
  agent: number,
  role: number,
  amounts: Float64Array,
): void {
  const row = reservationOf(tables, agent, role);
  if (row === NO_ROW) throw new Error(`agent ${agent} has no reservation of role ${role}`);
  const { reservations } = tables;
  const free = plus(vectorAt(reservations.free, row), amounts);
  const total = vectorAt(reservations.total, row).slice();
  tables.setReservation(agent, role, free, total, isRefined(tables, row));
}

/** The row of what an agent holds reserved for a role, or `NO_ROW`. */
export function reservationOf(tables: AllocationTables, agent: number, role: number): number {
  const { agents, reservations } = tables;
  let row = agents.firstReservation[agent] as number;
  while (row !== NO_ROW && reservations.role[row] !== role) row = reservations.next[row] as number;
  return row;
}

function takeReserved(tables: AllocationTables, agent: number, client: number): Grant["reserved"] {
  const { agents, reservations, roles, clients } = tables;
  const role = clients.role[client] as number;
  const takesRefined = ((clients.flags[client] as number) & ClientFlag.REFINEMENT) !== 0;
  const taken: { role: number; amounts: Float64Array }[] = [];
  for (
    let row = agents.firstReservation[agent] as number;
    row !== NO_ROW;
    row = reservations.next[row] as number
  ) {
    const owner = reservations.role[row] as number;
    if (!roles.within(role, owner) || (isRefined(tables, row) && !takesRefined)) continue;
    const amounts = vectorAt(reservations.free, row).slice();
    if (!amounts.some((amount) => amount > 0)) continue;
    taken.push({ role: owner, amounts });
  }
  for (const { role: owner, amounts } of taken) {
    changeReservation(
      tables,
      agent,
      owner,
      amounts.map((amount) => -amount),
    );
  }
  return taken;
}

function takeRevocable(tables: AllocationTables, agent: number, client: number): Float64Array {
  const able = ((tables.clients.flags[client] as number) & ClientFlag.REVOCABLE) !== 0;
  if (!able) return new Float64Array(KINDS);
  const all = vectorAt(tables.agents.revocable, agent).slice();
  if (all.some((amount) => amount > 0)) tables.setAgentRevocable(agent, EMPTY);
  return all;
}

function isRefined({ reservations }: AllocationTables, row: number): boolean {
  return ((reservations.flags[row] as number) & ReservationFlag.REFINED) !== 0;
}

function plus(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((amount, kind) => amount + (b[kind] ?? 0));
}
