// A policy that does as its program says: byte n names the client of agent row n, 255 nobody.
// Its private state counts the rounds in which it was told that the program is another one.
import {
  Answer, HEADER, Slot, beginLayout, endLayout, placeDecisions, placeState, placeU32, read,
  reserve, setWord, word, write,
} from "../abi";

export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;

let state: usize = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeU32(Slot.CandidateRows, Slot.AgentsMax);
  write(Slot.Program, <u32>reserve(read(Slot.ProgramBytesMax)));
  placeDecisions();
  state = placeState(64);
  return endLayout();
}

export function restore(schema: u32, bytes: u32): i32 { return Answer.OK; }

export function allocate(): i32 {
  if (read(Slot.ProgramChanged)) store<u32>(state, load<u32>(state) + 1);
  write(Slot.Note, load<u32>(state));
  let rows: u32 = 0;
  for (let at: u32 = 0; at < read(Slot.Candidates); at++) {
    const agent = word(read(Slot.CandidateRows), at);
    if (agent >= read(Slot.ProgramBytes)) continue;
    const client = load<u8>(<usize>read(Slot.Program) + agent);
    if (client == 255) continue;
    setWord(read(Slot.DecisionAgent), rows, agent);
    setWord(read(Slot.DecisionClient), rows, client);
    setWord(read(Slot.DecisionFlags), rows, 1);
    rows += 1;
  }
  return rows;
}
