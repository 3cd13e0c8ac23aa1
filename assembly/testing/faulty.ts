// A guest that misbehaves on demand: its first parameter selects the fault, so that one module
// drives the host through everything that can go wrong in a round.
import {
  Answer, HEADER, Slot, beginLayout, double, endLayout, placeDecisions, placeF64, placeState,
  placeU32, read, setDouble, setWord, vector, word, write,
} from "../abi";

export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;

let params: usize = 0, state: usize = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeU32(Slot.CandidateRows, Slot.AgentsMax);
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  placeDecisions();
  state = placeState(64);
  return endLayout();
}

export function restore(schema: u32, bytes: u32): i32 { return Answer.OK; }

function decide(row: u32, agent: u32, client: u32, flags: u32): void {
  setWord(read(Slot.DecisionAgent), row, agent);
  setWord(read(Slot.DecisionClient), row, client);
  setWord(read(Slot.DecisionFlags), row, flags);
}

function amount(row: u32, cpus: f64): void {
  setDouble(vector(read(Slot.DecisionAmounts), row), 0, cpus);
}

export function allocate(): i32 {
  const fault = <u32>double(params, 0), argument = double(params, 1);
  const agent = word(read(Slot.CandidateRows), 0);
  store<u64>(state, load<u64>(state) + 1);
  switch (fault) {
    case 0: decide(0, agent, 0, 1); return 1;
    case 1: unreachable();
    case 2: while (true) store<u64>(state, load<u64>(state) + 1);
    case 3: decide(0, <u32>argument, 0, 1); return 1;
    case 4: decide(0, agent, <u32>argument, 1); return 1;
    case 5: decide(0, agent, 0, 1); decide(1, agent, 1, 1); return 2;
    case 6: decide(0, agent, 0, 0); amount(0, argument); return 1;
    case 7: return <i32>argument;
    case 8: decide(0, agent, 0, <u32>argument); return 1;
    case 9: write(Slot.More, 1); write(Slot.Looked, 0); return 0;
    case 10: write(Slot.More, 1); write(Slot.Looked, 0xffffff); return 0;
    case 11:
      decide(0, agent, 0, 0); amount(0, argument);
      decide(1, agent, 1, 0); amount(1, argument);
      return 2;
    // Well until the private state says that so many rounds have run; then it traps for good.
    case 12:
      if (load<u64>(state) > <u64>argument) unreachable();
      decide(0, agent, 0, 1);
      return 1;
    case 13: write(Slot.Note, <u32>argument); unreachable();
  }
  return 0;
}
