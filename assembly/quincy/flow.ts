// The flow: which client holds how many slots of which group of agents, one cell a pair. Cells hang
// in two lists, their client's and their group's.
import { Slot, read, reserve, setWord, word } from "../abi";
import { Kept, keep, kept } from "./kept";

// A cell is half a cache line, words at these offsets.
// @ts-ignore: decorator
@inline const CELL_SHIFT: u32 = 5;
// @ts-ignore: decorator
@inline const GROUP: usize = 0;
// @ts-ignore: decorator
@inline const CLIENT: usize = 4;
// @ts-ignore: decorator
@inline const UNITS: usize = 8;
// Next and previous cell of the client, then of the group; 0 for none.
// @ts-ignore: decorator
@inline const OF_CLIENT: usize = 12;
// @ts-ignore: decorator
@inline const OF_GROUP: usize = 20;

let cells: usize = 0;
let cellsMax: u32 = 0;
/** Per client and per group: the first cell, and the units in all. */
let clientCells: usize = 0, clientUnits: usize = 0, groupCells: usize = 0, groupUnits: usize = 0;

/**
 * Reserves the flow, which is kept. At most one cell for each slot there can be, all at the end.
 */
export function keepFlow(slotsMax: u32): void {
  const clients = read(Slot.ClientsMax), groups = read(Slot.AgentsMax) + 1;
  clientCells = reserve(clients << 2);
  clientUnits = reserve(clients << 2);
  groupCells = reserve(groups << 2);
  groupUnits = reserve(groups << 2);
  cellsMax = read(Slot.AgentsMax) * slotsMax;
  cells = reserve((cellsMax + 1) << CELL_SHIFT);
}

/** Where the cells end that were ever used; 0 when there cannot be so many. */
export function flowEnd(): usize {
  const used = kept(Kept.CELLS_USED);
  return used > cellsMax ? 0 : at(used + 1);
}

/** Takes everything from everybody. */
export function clearFlow(): void {
  keep(Kept.CELLS_USED, 0);
  keep(Kept.CELLS_FREED, 0);
  keep(Kept.UNITS, 0);
  memory.fill(clientCells, 0, read(Slot.ClientsMax) << 2);
  memory.fill(clientUnits, 0, read(Slot.ClientsMax) << 2);
  memory.fill(groupCells, 0, (read(Slot.AgentsMax) + 1) << 2);
  memory.fill(groupUnits, 0, (read(Slot.AgentsMax) + 1) << 2);
}

// @ts-ignore: decorator
@inline export function totalUnits(): u32 { return kept(Kept.UNITS); }
// @ts-ignore: decorator
@inline export function unitsOfClient(client: u32): u32 { return word(clientUnits, client); }
// @ts-ignore: decorator
@inline export function unitsOfGroup(group: u32): u32 { return word(groupUnits, group); }
// @ts-ignore: decorator
@inline export function firstOfClient(client: u32): u32 { return word(clientCells, client); }
// @ts-ignore: decorator
@inline export function firstOfGroup(group: u32): u32 { return word(groupCells, group); }
// @ts-ignore: decorator
@inline export function nextOfClient(cell: u32): u32 { return load<u32>(at(cell) + OF_CLIENT); }
// @ts-ignore: decorator
@inline export function nextOfGroup(cell: u32): u32 { return load<u32>(at(cell) + OF_GROUP); }
// @ts-ignore: decorator
@inline export function groupOfCell(cell: u32): u32 { return load<u32>(at(cell) + GROUP); }
// @ts-ignore: decorator
@inline export function clientOfCell(cell: u32): u32 { return load<u32>(at(cell) + CLIENT); }
// @ts-ignore: decorator
@inline export function unitsOfCell(cell: u32): u32 { return load<u32>(at(cell) + UNITS); }

// @ts-ignore: decorator
@inline function at(cell: u32): usize { return cells + (<usize>cell << CELL_SHIFT); }

/** Gives a client units of a group. */
export function addUnits(group: u32, client: u32, units: u32): void {
  let cell = find(group, client);
  if (cell == 0) {
    cell = newCell();
    store<u32>(at(cell) + GROUP, group);
    store<u32>(at(cell) + CLIENT, client);
    store<u32>(at(cell) + UNITS, 0);
    link(cell, clientCells, client, OF_CLIENT);
    link(cell, groupCells, group, OF_GROUP);
  }
  store<u32>(at(cell) + UNITS, unitsOfCell(cell) + units);
  setWord(clientUnits, client, unitsOfClient(client) + units);
  setWord(groupUnits, group, unitsOfGroup(group) + units);
  keep(Kept.UNITS, totalUnits() + units);
}

/** Takes units of a cell back; a cell without any is gone. */
export function takeUnits(cell: u32, units: u32): void {
  const group = groupOfCell(cell), client = clientOfCell(cell), left = unitsOfCell(cell) - units;
  store<u32>(at(cell) + UNITS, left);
  setWord(clientUnits, client, unitsOfClient(client) - units);
  setWord(groupUnits, group, unitsOfGroup(group) - units);
  keep(Kept.UNITS, totalUnits() - units);
  if (left != 0) return;
  unlink(cell, clientCells, client, OF_CLIENT);
  unlink(cell, groupCells, group, OF_GROUP);
  store<u32>(at(cell) + OF_CLIENT, kept(Kept.CELLS_FREED));
  keep(Kept.CELLS_FREED, cell);
}

/** The cell of a pair, or 0: along the list that cannot be the longer one. */
function find(group: u32, client: u32): u32 {
  if (unitsOfGroup(group) <= unitsOfClient(client)) {
    for (let cell = firstOfGroup(group); cell != 0; cell = nextOfGroup(cell)) {
      if (clientOfCell(cell) == client) return cell;
    }
    return 0;
  }
  for (let cell = firstOfClient(client); cell != 0; cell = nextOfClient(cell)) {
    if (groupOfCell(cell) == group) return cell;
  }
  return 0;
}

function newCell(): u32 {
  const freed = kept(Kept.CELLS_FREED), used = kept(Kept.CELLS_USED);
  if (freed != 0) {
    keep(Kept.CELLS_FREED, nextOfClient(freed));
    return freed;
  }
  keep(Kept.CELLS_USED, used + 1);
  return used + 1;
}

function link(cell: u32, heads: usize, row: u32, list: usize): void {
  const first = word(heads, row);
  store<u32>(at(cell) + list, first);
  store<u32>(at(cell) + list + 4, 0);
  if (first != 0) store<u32>(at(first) + list + 4, cell);
  setWord(heads, row, cell);
}

function unlink(cell: u32, heads: usize, row: u32, list: usize): void {
  const next = load<u32>(at(cell) + list), before = load<u32>(at(cell) + list + 4);
  if (before == 0) setWord(heads, row, next);
  else store<u32>(at(before) + list, next);
  if (next != 0) store<u32>(at(next) + list + 4, before);
}
