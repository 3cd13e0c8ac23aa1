// __NAME__: each agent goes to the client that has least of the cluster.
//
// What a client has is its dominant share, the largest part that it has of any one kind of
// resource, over the weight of its role. The clients stand in line, the one with the least first;
// an agent goes to the first in line that may have it and wants it, who then falls back in line.
import {
  Answer, HEADER, KINDS, Slot, VECTOR_BYTES, beginLayout, double, endLayout, placeF64, placeLine,
  placeState, placeVectors, read, reserve, setDouble, setWord, vector, word, write,
} from "./abi";
import {
  addTo, agentReady, beginRound, candidate, clientReady, decide, mayMeet, offerFor, offered,
  placeCluster, roleOf, rowCount,
} from "./cluster";

/** Its name is the ABI's major version, its value the minor. */
export const allocator_abi_v1: u32 = 0;
/** Counts the meanings of the private state. Schema 1: rounds so far, as 64 bits. */
export const state_schema: u32 = 1;

const STATE_BYTES: u32 = 8;
/** Parameters, by the index that plugin.json gives them. */
const PARAM_KIND: u32 = 0;

let rounds: usize = 0, params: usize = 0, clusterTotal: usize = 0;
let clientUsed: usize = 0, clientOrder: usize = 0, roleWeight: usize = 0;
/** The line: ready clients, and for every client what it has and its share of the cluster. */
let line: usize = 0, lineLength: u32 = 0, has: usize = 0, share: usize = 0;

/** Where the header is. Called first. */
export function header(): usize { return HEADER; }

/** Lays the memory out for tables as large as the header says. Called once, before any round. */
export function init(): i32 {
  const clients = read(Slot.ClientsMax);
  beginLayout();
  placeCluster();
  clientUsed = placeVectors(Slot.ClientUsed, Slot.ClientsMax);
  clientOrder = placeF64(Slot.ClientSubmitOrder, Slot.ClientsMax);
  roleWeight = placeF64(Slot.RoleWeight, Slot.RolesMax);
  params = placeF64(Slot.ParamValues, Slot.ParamsMax);
  clusterTotal = placeLine(Slot.ClusterTotal);
  rounds = placeState(STATE_BYTES);
  line = reserve(clients << 2);
  has = reserve(clients * VECTOR_BYTES);
  share = reserve(clients << 3);
  return endLayout();
}

/** Takes over the private state of a predecessor, which the master has put in its place already. */
export function restore(schema: u32, bytes: u32): i32 {
  return schema == state_schema && bytes == STATE_BYTES ? Answer.OK : Answer.UNKNOWN_STATE;
}

/** One round over the candidates, in the order in which the master names them. */
export function allocate(): i32 {
  const candidates = read(Slot.Candidates);
  const stepsMax = <u64>read(Slot.StepsMax);
  let steps: u64 = 0, looked: u32 = 0;
  store<u64>(rounds, load<u64>(rounds) + 1);
  beginRound();
  lineUp();
  for (; looked < candidates && steps <= stepsMax; looked++) {
    const agent = candidate(looked);
    // Eight clients that are passed over count as much as one agent.
    steps += 1 + (agentReady(agent) ? give(agent) >> 3 : 0);
  }
  write(Slot.More, looked < candidates ? 1 : 0);
  write(Slot.Looked, looked);
  return rowCount();
}

/** Gives an agent to the first in line that may have it; answers how many were asked. */
function give(agent: u32): u32 {
  for (let place: u32 = 0; place < lineLength; place++) {
    const client = word(line, place);
    if (!mayMeet(agent, client) || !offerFor(agent, client)) continue;
    decide(agent, client);
    addTo(vector(has, client), offered());
    setDouble(share, client, shareOf(client));
    fallBack(place);
    return place + 1;
  }
  return lineLength;
}

/** How much a client has: of one kind if the parameter names one, else of what it has most of. */
function shareOf(client: u32): f64 {
  const only = read(Slot.Params) > PARAM_KIND ? <i32>double(params, PARAM_KIND) : -1;
  let most: f64 = 0;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const total = double(clusterTotal, kind);
    if (total <= 0 || (only >= 0 && <u32>only != kind)) continue;
    most = max<f64>(most, double(vector(has, client), kind) / total);
  }
  return most / double(roleWeight, roleOf(client));
}

/** Equal shares are settled by age, so that the same cluster always has the same line. */
function before(a: u32, b: u32): bool {
  const ofA = double(share, a), ofB = double(share, b);
  if (ofA != ofB) return ofA < ofB;
  return double(clientOrder, a) < double(clientOrder, b);
}

/** Lines up the clients that may be offered something (a shell sort). */
function lineUp(): void {
  const clients = read(Slot.Clients);
  memory.copy(has, clientUsed, clients * VECTOR_BYTES);
  lineLength = 0;
  for (let client: u32 = 0; client < clients; client++) {
    if (!clientReady(client)) continue;
    setDouble(share, client, shareOf(client));
    setWord(line, lineLength++, client);
  }
  for (let gap = lineLength >> 1; gap > 0; gap >>= 1) {
    for (let from = gap; from < lineLength; from++) {
      const client = word(line, from);
      let to = from;
      for (; to >= gap && before(client, word(line, to - gap)); to -= gap) {
        setWord(line, to, word(line, to - gap));
      }
      setWord(line, to, client);
    }
  }
}

/** Moves the client at a place of the line back to where its share belongs now. */
function fallBack(place: u32): void {
  const client = word(line, place);
  for (; place + 1 < lineLength && before(word(line, place + 1), client); place++) {
    setWord(line, place, word(line, place + 1));
  }
  setWord(line, place, client);
}
