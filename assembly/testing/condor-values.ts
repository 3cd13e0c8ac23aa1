// Says what ranks evaluate to, instead of deciding by them: for each client one row for the rank
// that it states, over the first candidate, and one for that agent's rank of the client. A row's
// agent is the tag of the value; its amounts are the number, the length of a string, its bytes.
import {
  Answer, HEADER, Slot, beginLayout, endLayout, placeDecisions, placeU32, placeVectors, read,
  setDouble, setWord, vector, word,
} from "../abi";
import { beginAds, classOfAgent, loadClass, placeAds, rankOfAgents } from "../condor/ads";
import { evaluate, placeMachine, useAmounts, useClient } from "../condor/machine";
import {
  beginProgram, classOfClient, fixedRankOf, movingRankOf, placeProgram, ruleOfClass, valuesOfClass,
} from "../condor/program";
import { placeStrings } from "../condor/strings";
import { Tag, lengthOf, numberOf, tagOf, textOf } from "../condor/values";

export const allocator_abi_v1: u32 = 0;
export const state_schema: u32 = 1;

let agentFree: usize = 0, agentTotal: usize = 0;

export function header(): usize { return HEADER; }

export function init(): i32 {
  beginLayout();
  placeU32(Slot.CandidateRows, Slot.AgentsMax);
  agentFree = placeVectors(Slot.AgentFree, Slot.AgentsMax);
  agentTotal = placeVectors(Slot.AgentTotal, Slot.AgentsMax);
  placeDecisions();
  placeProgram();
  placeAds();
  placeMachine();
  placeStrings();
  return endLayout();
}

export function restore(schema: u32, bytes: u32): i32 { return Answer.OK; }

export function allocate(): i32 {
  beginProgram();
  beginAds();
  const agent = word(read(Slot.CandidateRows), 0);
  const agents = classOfAgent(agent);
  useAmounts(vector(agentFree, agent), vector(agentTotal, agent));
  loadClass(agents);
  let rows: u32 = 0;
  for (let client: u32 = 0; client < read(Slot.Clients); client++) {
    const clients = classOfClient(client);
    useClient(valuesOfClass(clients));
    say(rows++, ruleOfClass(clients));
    say(rows++, rankOfAgents(agents));
  }
  return rows;
}

function say(row: u32, rule: usize): void {
  const fixed = fixedRankOf(rule), code = fixed == 0 ? movingRankOf(rule) : fixed;
  if (code == 0) {
    setWord(read(Slot.DecisionAgent), row, Tag.UNDEFINED);
    return;
  }
  const cell = evaluate(code), amounts = vector(read(Slot.DecisionAmounts), row);
  setWord(read(Slot.DecisionAgent), row, tagOf(cell));
  if (tagOf(cell) == Tag.STRING) {
    setDouble(amounts, 1, lengthOf(cell));
    memory.copy(amounts + 16, textOf(cell), min<u32>(lengthOf(cell), 48));
  } else setDouble(amounts, 0, numberOf(cell));
}
