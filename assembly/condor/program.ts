// The program: what frameworks and agents state, as the companion compiled it. Addresses in it
// count from its start, 0 stands for none. plugins/allocators/condor/program/writer.ts writes it,
// and says what the words are.
import { Slot, read, reserve, word, write } from "../abi";

/** Words of the header. */
const enum Header {
  NAMES = 0, NAME_COUNT = 1, INDEX_COUNT = 2, TEXTS = 3, TEXT_COUNT = 4, STATEMENTS = 5,
  STATEMENT_COUNT = 6, DEFAULT_RULE = 7, CLIENTS = 8, CLIENT_COUNT = 9, CLASSES = 10,
  CLASS_COUNT = 11, VALUE_COUNT = 12, FIXED_STEPS = 13, MOVING_STEPS = 14, CLIENT_STEPS = 15,
  MOVES = 16,
}

/** Words of a rule. */
const enum Rule {
  FIXED = 0, MOVING = 1, RANK = 2, RANK_MOVES = 3, FIXED_STEPS = 4, MOVING_STEPS = 5,
}

/** No rule, no name and no text has this number. */
// @ts-ignore: decorator
@inline export const NONE: u32 = 0xffffffff;

let base: usize = 0, present = false;

export function placeProgram(): void {
  base = reserve(read(Slot.ProgramBytesMax));
  write(Slot.Program, <u32>base);
}

/** Looks whether there is a program; without one, nobody states anything. */
export function beginProgram(): void { present = read(Slot.ProgramBytes) != 0; }

// @ts-ignore: decorator
@inline export function program(): usize { return base; }

// @ts-ignore: decorator
@inline function headerWord(at: Header): u32 { return present ? word(base, at) : 0; }

/** The second word of the pair that begins with `number`, in a table that is sorted by it. */
function lookUp(table: Header, number: u32): u32 {
  const pairs = base + headerWord(table);
  let low: u32 = 0, high = headerWord(table + 1);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (word(pairs, middle << 1) < number) low = middle + 1;
    else high = middle;
  }
  if (low == headerWord(table + 1) || word(pairs, low << 1) != number) return NONE;
  return word(pairs, (low << 1) + 1);
}

/** Index of an attribute's name, NONE when no expression refers to it. */
export function indexOfName(number: u32): u32 { return lookUp(Header.NAMES, number); }

/** Names that expressions refer to; the first two are those of the statements. */
export function indexCount(): u32 { return headerWord(Header.INDEX_COUNT); }

/** Indexes of the two attributes in which agents state something. */
// @ts-ignore: decorator
@inline export const REQUIREMENTS: u32 = 0;
// @ts-ignore: decorator
@inline export const RANK: u32 = 1;

/** Address of a text: a word with its length, then its bytes. 0 when it is not carried. */
export function textAt(number: u32): usize {
  const at = lookUp(Header.TEXTS, number);
  return at == NONE ? 0 : base + at;
}

/** The rule that a text states; 0 when it is none. */
export function ruleOfText(number: u32): usize {
  const at = lookUp(Header.STATEMENTS, number);
  return at == NONE ? 0 : base + at;
}

/** The rule of agents that state nothing themselves. */
export function defaultRule(): usize {
  const at = headerWord(Header.DEFAULT_RULE);
  return at == 0 ? 0 : base + at;
}

// @ts-ignore: decorator
@inline export function classCount(): u32 { return max<u32>(headerWord(Header.CLASS_COUNT), 1); }

/** The class of a client: those of one class state the same, and are the same to agents. */
export function classOfClient(client: u32): u32 {
  if (client >= headerWord(Header.CLIENT_COUNT)) return 0;
  return word(base + headerWord(Header.CLIENTS), client);
}

/** The rule of a class of clients; 0 for none. */
export function ruleOfClass(number: u32): usize {
  const at = present ? word(base + headerWord(Header.CLASSES), number << 1) : 0;
  return at == 0 ? 0 : base + at;
}

/** What agents may ask of clients of a class; 0 for nothing. */
export function valuesOfClass(number: u32): usize {
  const at = present ? word(base + headerWord(Header.CLASSES), (number << 1) + 1) : 0;
  return at == 0 ? 0 : base + at;
}

/** Instructions that all classes of clients have together, and all clients. */
export function fixedStepsOfClasses(): u32 { return headerWord(Header.FIXED_STEPS); }
export function movingStepsOfClasses(): u32 { return headerWord(Header.MOVING_STEPS); }
export function movingStepsOfClients(): u32 { return headerWord(Header.CLIENT_STEPS); }

/** Does anything that anybody states depend on amounts? */
export function anythingMoves(): bool { return headerWord(Header.MOVES) != 0; }

// @ts-ignore: decorator
@inline function codeOf(rule: usize, which: Rule): usize {
  if (rule == 0) return 0;
  const at = word(rule, which);
  return at == 0 ? 0 : base + at;
}

/** Requirements that depend on attributes alone, and those that depend on amounts. */
export function fixedOf(rule: usize): usize { return codeOf(rule, Rule.FIXED); }
export function movingOf(rule: usize): usize { return codeOf(rule, Rule.MOVING); }

/** The rank, where it depends on attributes alone, and where it depends on amounts. */
export function fixedRankOf(rule: usize): usize {
  return rankMoves(rule) ? 0 : codeOf(rule, Rule.RANK);
}
export function movingRankOf(rule: usize): usize {
  return rankMoves(rule) ? codeOf(rule, Rule.RANK) : 0;
}

function rankMoves(rule: usize): bool { return rule != 0 && word(rule, Rule.RANK_MOVES) != 0; }

export function fixedStepsOf(rule: usize): u32 {
  return rule == 0 ? 0 : word(rule, Rule.FIXED_STEPS);
}
export function movingStepsOf(rule: usize): u32 {
  return rule == 0 ? 0 : word(rule, Rule.MOVING_STEPS);
}
