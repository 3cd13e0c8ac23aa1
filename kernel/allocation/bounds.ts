import { PolicyFault } from "./faults.ts";
import { type Counts, countsIn } from "./instructions.ts";
import { isPlainType, isReference, sectionOf } from "./wasm-reader.ts";

/** Pages of 64 KiB that the memory of a policy may grow to in its `init`: 256 MiB. */
const MEMORY_PAGES_MAX = 4096;

/**
 * Entries that all tables of a policy may have together; what C and Rust keep their function
 * pointers in has a few. An entry costs the machine some bytes outside of the policy's memory.
 */
const TABLE_ENTRIES_MAX = 65_536;

/** Byte of the binary format: the form of a type. */
const FUNCTION_TYPE = 0x60;

/**
 * How much work the compiler of the host may have with all functions together. It compiles a
 * function when that is first called, which no deadline can stop, and keeps what every local and
 * every value on the stack is for each block: in the worst case length times locals, or length
 * squared. This many of them take it about a second; the largest of the shipped policies needs a
 * hundredth.
 */
const COMPILATION_MAX = 2 ** 29;

/** Parameters of one function, which count as locals, and are few enough to be left out there. */
const PARAMETERS_MAX = 64;

/**
 * Instructions of one function that fill or copy as much memory as there is. Between them nothing
 * ends a call: whoever watches over it is asked at loops and where functions begin. So many of them
 * take about a second at the largest memory.
 */
const BULK_OPERATIONS_MAX = 32;

/**
 * Once a function is called often, the host compiles it anew, and keeps a node for each local at
 * each loop around it, and where branches meet: the product of both is a bound for one function.
 * A node is some hundred bytes, and with 16 million of them the compiler ends the process.
 */
const LOCALS_BY_LOOPS_MAX = 2 ** 20;
const LOCALS_BY_BLOCKS_MAX = 2 ** 22;

/**
 * Checks what has to be bounded before a module is compiled, since the check of its functions by
 * the host keeps all that they put on their stacks: types and functions. The bytes may be anything.
 * @throws PolicyFault POLICY_MEMORY, POLICY_CODE
 */
export function checkCompilable(name: string, bytes: Uint8Array): void {
  checkTypes(name, bytes);
  checkCode(name, bytes);
}

/**
 * Checks that nothing of a policy is without a bound that its compilation does not need: memory,
 * tables, and what cannot be interrupted. The module has been compiled, so its bytes are
 * well-formed.
 * @throws PolicyFault POLICY_MEMORY, POLICY_CODE
 */
export function checkBounds(name: string, bytes: Uint8Array): void {
  checkMemory(name, bytes);
  checkTables(name, bytes);
  checkFunctions(name, bytes);
}

/** Memory section: one memory, own, not shared, with a maximum within the limit. */
function checkMemory(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 5);
  if (section === undefined) {
    throw new PolicyFault("POLICY_MEMORY", `${name} has no memory of its own`);
  }
  const count = section.number();
  const { kind, initial, maximum } = section.limits();
  const isBounded = kind === 1 && maximum !== undefined && maximum <= MEMORY_PAGES_MAX;
  if (count === 1 && isBounded) return;
  const says = `${count} memory of ${initial} to ${maximum ?? "any number of"} pages`;
  const wants = `one, unshared, with a maximum of at most ${MEMORY_PAGES_MAX} pages`;
  throw new PolicyFault("POLICY_MEMORY", `${name} has ${says}; it should have ${wants}`);
}

/** Table section: what they may grow to lies outside of the memory, and has a bound of its own. */
function checkTables(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 4);
  let entries = 0;
  for (let left = section?.number() ?? 0; section !== undefined && left > 0; left--) {
    const type = section.byte();
    const { kind, maximum } = section.limits();
    const isPlain = isReference(type) && kind === 1;
    entries += isPlain && maximum !== undefined ? maximum : Number.POSITIVE_INFINITY;
    if (!isPlain) break; // What follows cannot be read by these rules.
  }
  if (entries <= TABLE_ENTRIES_MAX) return;
  const says = Number.isFinite(entries) ? `of ${entries} entries` : "without a maximum";
  const wants = `a maximum each, and at most ${TABLE_ENTRIES_MAX} entries together`;
  throw new PolicyFault("POLICY_MEMORY", `${name} has tables ${says}; they should have ${wants}`);
}

/**
 * Type section: functions alone. Structures and arrays would lie on the host's heap, unbounded. Of
 * one result, because with more a call of two bytes puts any number of values on the stack; tags,
 * which exceptions have, do the same where they are caught.
 */
function checkTypes(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 1);
  for (let left = section?.number() ?? 0; section?.isOver === false && left > 0; left--) {
    const parameters = section.byte() === FUNCTION_TYPE ? section.valueTypes() : undefined;
    const results = parameters === undefined ? undefined : section.valueTypes();
    if (parameters === undefined || results === undefined) throw heapTypes(name);
    if (parameters <= PARAMETERS_MAX && results <= 1) continue;
    const wants = `at most ${PARAMETERS_MAX} parameters and one result`;
    const says = `a function of ${parameters} parameters and ${results} results`;
    throw new PolicyFault("POLICY_CODE", `${name} has ${says}; each has ${wants}`);
  }
  if (sectionOf(bytes, 13) === undefined) return;
  throw new PolicyFault("POLICY_CODE", `${name} has exceptions of its own; a policy has none`);
}

function heapTypes(name: string): PolicyFault {
  const wants = "a policy has numbers and plain references alone";
  return new PolicyFault("POLICY_MEMORY", `${name} has types for a heap of objects; ${wants}`);
}

/** Code section: see `COMPILATION_MAX`. */
function checkCode(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 10);
  let work = 0;
  for (let left = section?.number() ?? 0; section?.isOver === false && left > 0; left--) {
    const length = section.number();
    const end = section.at + length;
    let locals = 0;
    for (let groups = section.number(); groups > 0 && !section.isOver; groups--) {
      locals += section.number();
      // Of another type than these, what follows could not be read.
      if (!isPlainType(section.byte())) throw heapTypes(name);
    }
    work += length * (locals + length / 4);
    section.at = end;
  }
  if (work <= COMPILATION_MAX) return;
  const times = Math.ceil(work / COMPILATION_MAX);
  const wants = "have shorter functions, or fewer locals in them";
  throw new PolicyFault("POLICY_CODE", `${name} asks for ${times} times as much; ${wants}`);
}

/** Code section: see `BULK_OPERATIONS_MAX` and `LOCALS_BY_LOOPS_MAX`. */
function checkFunctions(name: string, bytes: Uint8Array): void {
  const section = sectionOf(bytes, 10);
  for (let left = section?.number() ?? 0; section !== undefined && left > 0; left--) {
    const length = section.number();
    const end = section.at + length;
    let locals = PARAMETERS_MAX;
    for (let groups = section.number(); groups > 0; groups--) {
      locals += section.number();
      section.byte();
    }
    const problem = problemOf(locals, countsIn(section, end));
    if (problem !== undefined) throw new PolicyFault("POLICY_CODE", `${name} has ${problem}`);
    section.at = end;
  }
}

function problemOf(locals: number, counts: Counts | undefined): string | undefined {
  if (counts === undefined) {
    return "instructions not known here; a policy has those of WebAssembly 2.0 alone";
  }
  const { moves, loops, blocks } = counts;
  if (moves > BULK_OPERATIONS_MAX) {
    const wants = `one has at most ${BULK_OPERATIONS_MAX}, since nothing can end it between them`;
    return `a function that fills or copies memory in ${moves} places; ${wants}`;
  }
  if (locals * loops <= LOCALS_BY_LOOPS_MAX && locals * blocks <= LOCALS_BY_BLOCKS_MAX) {
    return undefined;
  }
  const wants = "its locals times its loops, or blocks, are fewer in a policy";
  return `a function of ${locals} locals with ${loops} loops and ${blocks} blocks; ${wants}`;
}
