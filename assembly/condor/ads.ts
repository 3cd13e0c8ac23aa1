// What agents advertise. Agents that have the same values of all attributes that any expression
// refers to are one class: what depends on attributes alone is worked out once for all of them.
import {
  Slot, double, placeF64, placeU32, read, reserve, setWord, word,
} from "../abi";
import {
  NONE, RANK, REQUIREMENTS, defaultRule, indexOfName, ruleOfText, textAt,
} from "./program";
import { CELL, Tag, setReal, setString, setTag } from "./values";

/** Names that the companion numbers at most. */
// @ts-ignore: decorator
@inline const NAMES_MAX: u32 = 4096;

// @ts-ignore: decorator
@inline const ENTRY: usize = 16;

let firstAttribute: usize = 0, attributeName: usize = 0, attributeText: usize = 0;
let attributeNext: usize = 0, attributeNumber: usize = 0, changedAgents: usize = 0;
/** Per agent: its class, from 1; 0 while that is not known. */
let classOf: usize = 0;
/** Per class: first entry, number of entries, hash, the next class in the same bucket. */
let firstEntry: usize = 0, entryCounts: usize = 0, hashes: usize = 0, nextInBucket: usize = 0;
/** Per class: the rules by which agents take clients and rank them. */
let requirements: usize = 0, ranks: usize = 0;
/**
 * Entries: index of a name, number of a text, and what it stands for: a number, or for a text the
 * address where the program has it.
 */
let entries: usize = 0, entriesUsed: u32 = 0, entriesMax: u32 = 0;
let buckets: usize = 0, bucketMask: u32 = 0, classes: u32 = 0, classesMax: u32 = 0;
/** The attributes at hand by index: a cell each, good if its mark is the present one. */
let cells: usize = 0, marks: usize = 0, mark: u32 = 0;
/** Attributes at hand, as numbers: where they stand in the table. */
let rowsAt: usize = 0;
let loaded: u32 = 0, generation: u32 = 0;

export function placeAds(): void {
  firstAttribute = placeU32(Slot.AgentFirstAttribute, Slot.AgentsMax);
  attributeName = placeU32(Slot.AttributeName, Slot.AttributesMax);
  attributeText = placeU32(Slot.AttributeText, Slot.AttributesMax);
  attributeNext = placeU32(Slot.AttributeNext, Slot.AttributesMax);
  attributeNumber = placeF64(Slot.AttributeNumber, Slot.AttributesMax);
  changedAgents = placeU32(Slot.ChangedAgentRows, Slot.AgentsMax);
  classOf = reserve(read(Slot.AgentsMax) << 2);
  classesMax = read(Slot.AgentsMax);
  firstEntry = reserve((classesMax + 1) << 2);
  entryCounts = reserve((classesMax + 1) << 2);
  hashes = reserve((classesMax + 1) << 2);
  nextInBucket = reserve((classesMax + 1) << 2);
  requirements = reserve((classesMax + 1) << 2);
  ranks = reserve((classesMax + 1) << 2);
  let size: u32 = 64;
  while (size < classesMax) size <<= 1;
  bucketMask = size - 1;
  buckets = reserve(size << 2);
  entriesMax = read(Slot.AttributesMax);
  entries = reserve(entriesMax * <u32>ENTRY);
  cells = reserve(NAMES_MAX * <u32>CELL);
  marks = reserve(NAMES_MAX << 2);
  rowsAt = reserve(NAMES_MAX << 2);
}

/** Starts a round: agents that changed are looked at again. */
export function beginAds(): void {
  if (read(Slot.ProgramChanged)) forgetClasses();
  if (read(Slot.EverythingChanged)) memory.fill(classOf, 0, read(Slot.AgentsMax) << 2);
  const count = read(Slot.ChangedAgents);
  for (let at: u32 = 0; at < count; at++) setWord(classOf, word(changedAgents, at), 0);
}

function forgetClasses(): void {
  memory.fill(classOf, 0, read(Slot.AgentsMax) << 2);
  memory.fill(buckets, 0, (bucketMask + 1) << 2);
  classes = 0;
  entriesUsed = 0;
  loaded = 0;
  generation += 1;
}

/** Grows when classes are numbered anew: what was remembered of them is void. */
export function classGeneration(): u32 { return generation; }

/** The class of an agent, from 1. */
export function classOfAgent(agent: u32): u32 {
  const known = word(classOf, agent);
  if (known != 0) return known;
  const found = findClass(agent);
  setWord(classOf, agent, found);
  return found;
}

/** Reads an agent's attributes, and finds or makes the class of agents that have the same. */
function findClass(agent: u32): u32 {
  loaded = 0;
  nextMark();
  let hash: u32 = 0, count: u32 = 0;
  for (let row = word(firstAttribute, agent); row != 0; row = word(attributeNext, row)) {
    const index = indexOfName(word(attributeName, row));
    // Of two attributes of one name the first counts.
    if (index == NONE || word(marks, index) == mark) continue;
    setWord(marks, index, mark);
    setWord(rowsAt, index, row);
    // A sum: the order of the attributes must not matter.
    hash += mixed(index, row);
    count += 1;
  }
  let known = word(buckets, hash & bucketMask);
  for (; known != 0; known = word(nextInBucket, known)) {
    if (word(hashes, known) != hash || word(entryCounts, known) != count) continue;
    if (isClass(known)) return known;
  }
  if (classes == classesMax || entriesMax - entriesUsed < count) {
    // What agents have at one time always fits: this forgets classes that nobody is in any more.
    forgetClasses();
    return findClass(agent);
  }
  return newClass(agent, hash, count);
}

function mixed(index: u32, row: u32): u32 {
  const bits = reinterpret<u64>(double(attributeNumber, row));
  let hash = (index + 1) * 0x9e3779b1 ^ word(attributeText, row) * 0x85ebca6b;
  hash ^= <u32>bits ^ <u32>(bits >> 32) * 0xc2b2ae35;
  hash = (hash ^ (hash >>> 15)) * 0x2c1b3c6d;
  return hash ^ (hash >>> 13);
}

/** Are the attributes at hand, which are as many, those of the class? */
function isClass(number: u32): bool {
  const from = entries + <usize>word(firstEntry, number) * ENTRY;
  const end = from + <usize>word(entryCounts, number) * ENTRY;
  for (let entry = from; entry < end; entry += ENTRY) {
    const index = load<u32>(entry);
    if (word(marks, index) != mark) return false;
    const row = word(rowsAt, index);
    const text = load<u32>(entry, 4);
    if (word(attributeText, row) != text) return false;
    if (text == 0 && double(attributeNumber, row) != load<f64>(entry, 8)) return false;
  }
  return true;
}

function newClass(agent: u32, hash: u32, count: u32): u32 {
  classes += 1;
  setWord(firstEntry, classes, entriesUsed);
  setWord(entryCounts, classes, count);
  setWord(hashes, classes, hash);
  setWord(nextInBucket, classes, word(buckets, hash & bucketMask));
  setWord(buckets, hash & bucketMask, classes);
  for (let row = word(firstAttribute, agent); row != 0; row = word(attributeNext, row)) {
    const index = indexOfName(word(attributeName, row));
    if (index == NONE || word(rowsAt, index) != row || word(marks, index) != mark) continue;
    const entry = entries + <usize>entriesUsed * ENTRY, text = word(attributeText, row);
    store<u32>(entry, index);
    store<u32>(entry, text, 4);
    if (text == 0) store<f64>(entry, double(attributeNumber, row), 8);
    else store<u32>(entry, <u32>textAt(text), 8);
    entriesUsed += 1;
  }
  setWord(requirements, classes, <u32>statedBy(classes, REQUIREMENTS));
  setWord(ranks, classes, <u32>statedBy(classes, RANK));
  return classes;
}

/** Marks go up, so that the attributes of before need not be taken away one by one. */
function nextMark(): void {
  mark += 1;
  if (mark != 0) return;
  memory.fill(marks, 0, NAMES_MAX << 2);
  mark = 1;
}

/** Puts the attributes of a class at hand, for the evaluator. */
export function loadClass(number: u32): void {
  if (loaded == number) return;
  loaded = number;
  nextMark();
  const from = entries + <usize>word(firstEntry, number) * ENTRY;
  const end = from + <usize>word(entryCounts, number) * ENTRY;
  for (let entry = from; entry < end; entry += ENTRY) {
    const index = load<u32>(entry), text = load<u32>(entry, 4);
    const cell = cells + <usize>index * CELL;
    setWord(marks, index, mark);
    if (text == 0) {
      setReal(cell, load<f64>(entry, 8) / 1000);
      continue;
    }
    const at = load<u32>(entry, 8);
    if (at == 0) setTag(cell, Tag.ERROR);
    else setString(cell, at + 4, load<u32>(at));
  }
}

/** The value of an attribute of the class at hand. */
export function agentCell(index: u32): usize {
  return word(marks, index) == mark ? cells + <usize>index * CELL : undefinedCell;
}

/** A cell that says UNDEFINED. */
const undefinedCell: usize = memory.data(16, 16);

/** Stands for a statement that cannot be read, such as a number: nobody meets it. */
// @ts-ignore: decorator
@inline export const UNREADABLE: usize = 1;

/** The rule by which agents of the class take clients: 0 for none, or UNREADABLE. */
// @ts-ignore: decorator
@inline export function requirementsOfAgents(number: u32): usize {
  return word(requirements, number);
}

/** The rule by which they rank clients; 0 for none. */
export function rankOfAgents(number: u32): usize {
  const rule: usize = word(ranks, number);
  return rule == UNREADABLE ? 0 : rule;
}

function statedBy(number: u32, index: u32): usize {
  const from = entries + <usize>word(firstEntry, number) * ENTRY;
  const end = from + <usize>word(entryCounts, number) * ENTRY;
  for (let entry = from; entry < end; entry += ENTRY) {
    if (load<u32>(entry) != index) continue;
    const rule = ruleOfText(load<u32>(entry, 4));
    return rule == 0 ? UNREADABLE : rule;
  }
  return defaultRule();
}
