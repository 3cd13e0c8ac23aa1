// Gives back the list of refusals that end first, as decisions: a row for each, its time as cpus.
import {
  HEADER, Slot, beginLayout, double, endLayout, placeDecisions, placeF64, placeU32, read,
  setDouble, setWord, vector, word,
} from "../abi";

/** The list came with the first minor. */
export const allocator_abi_v1: u32 = 1;
export const state_schema: u32 = 1;

let until: usize = 0, agents: usize = 0, clients: usize = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  until = placeF64(Slot.FilterExpiry, Slot.ExpiriesMax);
  agents = placeU32(Slot.FilterExpiryAgent, Slot.ExpiriesMax);
  clients = placeU32(Slot.FilterExpiryClient, Slot.ExpiriesMax);
  placeDecisions();
  return endLayout();
}

export function restore(schema: u32, bytes: u32): i32 { return 0; }

export function allocate(): i32 {
  const count = min(read(Slot.Expiries), read(Slot.DecisionsMax));
  for (let row: u32 = 0; row < count; row++) {
    setWord(read(Slot.DecisionAgent), row, word(agents, row));
    setWord(read(Slot.DecisionClient), row, word(clients, row));
    setWord(read(Slot.DecisionFlags), row, 0);
    setDouble(vector(read(Slot.DecisionAmounts), row), 0, double(until, row));
  }
  return <i32>count;
}
