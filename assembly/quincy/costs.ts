// What a grant costs by where it is: the data that has to move. The Program column says, in words
// of 4 bytes, little endian, how much data each client reads in all and what of it lies where. All
// clients that state the same, as a framework does in all of its roles, share one statement:
//
//   0 magic | 1 layout | 2 clients | 3 racks | 4 agents | 5 entries | 6 statements
//   stated     statement of each client row, from 1; 0 for none
//   total      MB in all, per statement from 1
//   rackOf     rack of each agent row, from 1; 0 for none
//   rackFrom   per rack from 1 its first entry, and one word more: the end of the last
//   agentFrom  per agent row its first entry, and one word more
//   entries    three words each: statement, MB on this agent, MB in this rack
//
// Rack entries say 0 MB for the agent, and hold for every agent in the rack. Agent entries say what
// holds for one agent. A statement without an entry for a place has none of its data there.
// Programs that contradict themselves are not used at all: everything costs the same then.
import { Slot, read, reserve, setWord, word, write } from "../abi";
import { digestOf } from "./kept";

/** "QNCY" in ASCII. */
// @ts-ignore: decorator
@inline const MAGIC: u32 = 0x59434E51;
// @ts-ignore: decorator
@inline const LAYOUT: u32 = 2;
// @ts-ignore: decorator
@inline const HEAD_WORDS: u32 = 7;
// @ts-ignore: decorator
@inline const ENTRY_WORDS: u32 = 3;

/**
 * Costs are whole, and none is higher: sums of a few must stay in 32 bits, and everything that is
 * this far is as good as out of reach.
 */
// @ts-ignore: decorator
@inline export const COST_MAX: f64 = 67108864;

let program: usize = 0;
let clients: u32 = 0, agents: u32 = 0, statements: u32 = 0, digest: u64 = 0;
let stated: usize = 0, total: usize = 0;
let rackOf: usize = 0, rackFrom: usize = 0, agentFrom: usize = 0;
let entries: usize = 0;
let rackPrice: f64 = 0, corePrice: f64 = 0;
/** Per client: what a grant costs where none of its data is; per entry: what it costs there. */
let anywhere: usize = 0, entryCosts: usize = 0;
/** Per statement from 1 the first client that makes it, and per client the next one. */
let firstClient: usize = 0, nextClient: usize = 0;

/** Ends the clients of a statement. */
// @ts-ignore: decorator
@inline export const NO_CLIENT: u32 = 0xffffffff;

/** Places the program, and what is worked out from it. */
export function placeCosts(): void {
  program = reserve(read(Slot.ProgramBytesMax));
  write(Slot.Program, <u32>program);
  anywhere = reserve(read(Slot.ClientsMax) << 2);
  entryCosts = reserve(read(Slot.ProgramBytesMax) / ENTRY_WORDS);
  firstClient = reserve((read(Slot.ClientsMax) + 1) << 2);
  nextClient = reserve(read(Slot.ClientsMax) << 2);
}

/** A price or another amount of cost from a parameter: whole numbers that do not run over. */
export function asCost(value: f64): i32 {
  return value > 0 ? <i32>Math.floor(min<f64>(value, COST_MAX)) : 0;
}

/** A number that is another one, in all likelihood, when another program was read. */
// @ts-ignore: decorator
@inline export function digestOfProgram(): u64 { return digest; }

/** Reads the program; false when it is none that can be used. Prices are costs of a MB. */
export function readProgram(acrossRack: f64, acrossCore: f64): bool {
  const bytes = min<u32>(read(Slot.ProgramBytes), read(Slot.ProgramBytesMax));
  digest = digestOf(program, program + bytes);
  rackPrice = max<f64>(acrossRack, 0);
  // What leaves the rack passes the rack's switch too.
  corePrice = max<f64>(acrossCore, rackPrice);
  const usable = findParts();
  if (!usable) clients = agents = statements = 0;
  for (let client: u32 = 0; client < read(Slot.ClientsMax); client++) {
    setWord(anywhere, client, client < clients ? <u32>costOf(word(stated, client), 0, 0) : 0);
  }
  return usable;
}

function findParts(): bool {
  const bytes = read(Slot.ProgramBytes);
  clients = agents = statements = 0;
  if (bytes == 0) return true;
  if (bytes < HEAD_WORDS << 2 || bytes > read(Slot.ProgramBytesMax)) return false;
  if (word(program, 0) != MAGIC || word(program, 1) != LAYOUT) return false;
  const clientCount = word(program, 2), rackCount = word(program, 3);
  const agentCount = word(program, 4), count = word(program, 5), statementCount = word(program, 6);
  const lists = <u64>clientCount + statementCount + <u64>agentCount * 2 + <u64>rackCount + 2;
  const words = <u64>HEAD_WORDS + lists + <u64>count * ENTRY_WORDS;
  if (words << 2 > <u64>bytes || rackCount > read(Slot.AgentsMax)) return false;
  if (max<u32>(clientCount, statementCount) > read(Slot.ClientsMax)) return false;
  stated = program + (HEAD_WORDS << 2);
  total = stated + (<usize>clientCount << 2);
  rackOf = total + (<usize>statementCount << 2);
  rackFrom = rackOf + (<usize>agentCount << 2);
  agentFrom = rackFrom + ((<usize>rackCount + 1) << 2);
  entries = agentFrom + ((<usize>agentCount + 1) << 2);
  if (!ascends(rackFrom, rackCount, count) || !ascends(agentFrom, agentCount, count)) return false;
  for (let agent: u32 = 0; agent < agentCount; agent++) {
    if (word(rackOf, agent) > rackCount) return false;
  }
  for (let entry: u32 = 0; entry < count; entry++) {
    const statement = word(entries, entry * ENTRY_WORDS);
    if (statement == 0 || statement > statementCount) return false;
  }
  if (!listClients(clientCount, statementCount)) return false;
  clients = clientCount;
  agents = agentCount;
  statements = statementCount;
  for (let entry: u32 = 0; entry < count; entry++) {
    const at = entry * ENTRY_WORDS, here = word(entries, at + 1), near = word(entries, at + 2);
    setWord(entryCosts, entry, <u32>costOf(word(entries, at), here, near));
  }
  return true;
}

/** Lists the clients of each statement, in the order of their rows. */
function listClients(clientCount: u32, statementCount: u32): bool {
  memory.fill(firstClient, 0xff, (<usize>statementCount + 1) << 2);
  for (let client = clientCount; client > 0; client--) {
    const statement = word(stated, client - 1);
    if (statement > statementCount) return false;
    setWord(nextClient, client - 1, word(firstClient, statement));
    setWord(firstClient, statement, client - 1);
  }
  return true;
}

/** Are `count + 1` words in ascending order, none above `most`? */
function ascends(list: usize, count: u32, most: u32): bool {
  for (let at: u32 = 0; at < count; at++) {
    if (word(list, at) > word(list, at + 1)) return false;
  }
  return word(list, count) <= most;
}

// @ts-ignore: decorator
@inline export function costAnywhere(client: u32): i32 { return <i32>word(anywhere, client); }

/** Moves what is not on the agent over its rack's switch, and what is not in the rack over both. */
function costOf(statement: u32, onAgent: u32, inRack: u32): i32 {
  if (statement == 0 || statement > statements) return 0;
  const all = <f64>word(total, statement - 1);
  const near = min<f64>(<f64>max<u32>(onAgent, inRack), all), here = min<f64>(<f64>onAgent, all);
  return asCost(rackPrice * (near - here) + corePrice * (all - near));
}

/** The rack of an agent if anybody prefers something in it, or else 0. */
export function rackOfAgent(agent: u32): u32 {
  if (agent >= agents) return 0;
  const rack = word(rackOf, agent);
  return rack != 0 && rackEnd(rack) > rackBegin(rack) ? rack : 0;
}

// Entries of a rack and of an agent: from begin, up to and without end.

// @ts-ignore: decorator
@inline export function rackBegin(rack: u32): u32 { return word(rackFrom, rack - 1); }

// @ts-ignore: decorator
@inline export function rackEnd(rack: u32): u32 { return word(rackFrom, rack); }

// @ts-ignore: decorator
@inline export function agentBegin(agent: u32): u32 {
  return agent < agents ? word(agentFrom, agent) : 0;
}

// @ts-ignore: decorator
@inline export function agentEnd(agent: u32): u32 {
  return agent < agents ? word(agentFrom, agent + 1) : 0;
}

/** The first client that an entry is about; NO_CLIENT when it is about none. */
// @ts-ignore: decorator
@inline export function entryClient(entry: u32): u32 {
  return word(firstClient, word(entries, entry * ENTRY_WORDS));
}

/** The next client of the same statement; NO_CLIENT after the last. */
// @ts-ignore: decorator
@inline export function clientAfter(client: u32): u32 { return word(nextClient, client); }

/** What a grant costs the clients of an entry where the entry holds. */
// @ts-ignore: decorator
@inline export function entryCost(entry: u32): i32 { return <i32>word(entryCosts, entry); }
