import {
  Answer,
  DecisionFlag,
  HEADER_SLOTS,
  MAGIC,
  Presence,
  Slot,
} from "../kernel/allocation/slots.ts";
import {
  AgentFlag,
  ClientFlag,
  KINDS,
  ReservationFlag,
  RoleFlag,
} from "../kernel/core/tables/shape.ts";

/** Languages whose numbers are written; AssemblyScript has the file of our own policies. */
export type NumbersLanguage = "c" | "rust" | "javascript";

/** Files of the templates that hold the numbers, relative to the repository. */
export const abiNumberFiles: readonly (readonly [string, NumbersLanguage])[] = [
  ["templates/allocator/c/src/tepui_allocator.h", "c"],
  ["templates/allocator/rust/src/abi.rs", "rust"],
  ["templates/allocator/shared/test/abi.mjs", "javascript"],
];

/** Every table of numbers of the ABI, by the word that names its members. */
const tables: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
  ["Slot", Slot],
  ["Agent", AgentFlag],
  ["Client", ClientFlag],
  ["Role", RoleFlag],
  ["Reservation", ReservationFlag],
  ["Decision", DecisionFlag],
  ["Presence", Presence],
  ["Answer", Answer],
];

/** What is above and below the numbers in the files that hold them. */
const BLOCK = /^(.*numbers:begin.*\n)[\s\S]*?^(.*numbers:end.*)$/m;

/** The text of a file with the numbers between its marks as they are now. */
export function withAbiNumbers(text: string, language: NumbersLanguage): string {
  if (!BLOCK.test(text)) throw new Error("the file has no marks for the numbers");
  const numbers = writers[language]();
  return text.replace(BLOCK, (_, begin: string, end: string) => `${begin}${numbers}${end}`);
}

const writers: Readonly<Record<NumbersLanguage, () => string>> = {
  c: cNumbers,
  rust: rustNumbers,
  javascript: javascriptNumbers,
};

function cNumbers(): string {
  const sizes = [
    `#define TEPUI_KINDS ${KINDS}`,
    `#define TEPUI_MAGIC 0x${MAGIC.toString(16)}u`,
    `#define TEPUI_HEADER_SLOTS ${HEADER_SLOTS}`,
  ];
  const enums = tables.map(([word, members]) => {
    const prefix = `TEPUI_${upper(word)}`;
    const lines = listed(members).map(([name, value]) => `  ${prefix}_${upper(name)} = ${value},`);
    return `\nenum tepui_${word.toLowerCase()} {\n${lines.join("\n")}\n};`;
  });
  return `${[...sizes, ...enums].join("\n")}\n`;
}

function rustNumbers(): string {
  const sizes = [
    `pub const KINDS: usize = ${KINDS};`,
    `pub const MAGIC: u32 = 0x${MAGIC.toString(16)};`,
    `pub const HEADER_SLOTS: usize = ${HEADER_SLOTS};`,
  ];
  const modules = tables.map(([word, members]) => {
    const type = word === "Slot" ? "usize" : word === "Answer" ? "i32" : "u32";
    const lines = listed(members).map(
      ([name, value]) => `    pub const ${upper(name)}: ${type} = ${value};`,
    );
    return `\npub mod ${word.toLowerCase()} {\n${lines.join("\n")}\n}`;
  });
  return `${[...sizes, ...modules].join("\n")}\n`;
}

function javascriptNumbers(): string {
  const sizes = [
    `export const KINDS = ${KINDS};`,
    `export const MAGIC = 0x${MAGIC.toString(16)};`,
    `export const HEADER_SLOTS = ${HEADER_SLOTS};`,
  ];
  const objects = tables.map(([word, members]) => {
    const lines = listed(members).map(([name, value]) => `  ${name}: ${value},`);
    return `\nexport const ${word} = {\n${lines.join("\n")}\n};`;
  });
  return `${[...sizes, ...objects].join("\n")}\n`;
}

function listed(members: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(members);
}

/** `AgentFree` and `GPU_FENCED` as AGENT_FREE and GPU_FENCED. */
function upper(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
}
