import { expect, test } from "vitest";
import { admitPolicy } from "../../kernel/allocation/admission.ts";
import { checkBounds, checkCompilable } from "../../kernel/allocation/bounds.ts";
import { PolicyFault } from "../../kernel/allocation/faults.ts";
import { wasm } from "../../kernel/allocation/webassembly.ts";
import { compiled } from "./support/compile.ts";

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof PolicyFault) return error.code;
    throw error;
  }
  return undefined;
}

test.each([
  ["no maximum", [0x00, 0x02]],
  ["a maximum above the limit", [0x01, 0x02, 0x81, 0x20]],
  ["threads that share it", [0x03, 0x02, 0x02]],
])("a memory with %s", (_, limits) => {
  const bytes = withMemory(compiled("assembly/testing/no-magic.ts"), limits);
  expect(codeOf(() => admitPolicy("unbounded", bytes))).toBe("POLICY_MEMORY");
  const good = withMemory(compiled("assembly/testing/no-magic.ts"), [0x01, 0x02, 0x80, 0x20]);
  expect(admitPolicy("bounded", good).name).toBe("bounded");
});

const functions = 0x70;
test.each([
  ["no maximum", [1, functions, 0, 2]],
  ["a maximum above the limit", [1, functions, 1, 0, 0x81, 0x80, 0x04]],
  ["such a sum of maxima", [2, functions, 1, 0, 0x80, 0x80, 0x04, 0x6f, 1, 0, 1]],
])("tables with %s", (_, content) => {
  const module = compiled("assembly/testing/no-magic.ts");
  const make = (section: number[]) => () => admitPolicy("x", withSection(module, 4, section));
  expect(codeOf(make(content))).toBe("POLICY_MEMORY");
  expect(make([2, functions, 1, 0, 0xff, 0xff, 0x03, 0x6f, 1, 0, 1])().name).toBe("x");
});

const I32 = 0x7f;

test.each([
  ["several results", [1, 0x60, 0, 2, I32, I32]],
  ["very many parameters", [1, 0x60, 65, ...Array.from({ length: 65 }, () => I32), 0]],
])("functions of %s are refused, for a call of them is much work for two bytes", (_, types) => {
  const module = withSection(withFunction(0, 0), 1, [2, 0x60, 0, 0, ...types.slice(1)]);
  expect(() => new wasm.Module(module)).not.toThrow();
  expect(codeOf(() => checkCompilable("wide", module))).toBe("POLICY_CODE");
  const good = withSection(withFunction(0, 0), 1, [2, 0x60, 0, 0, 0x60, 2, I32, I32, 1, I32]);
  expect(codeOf(() => checkCompilable("good", good))).toBe(undefined);
});

test("exceptions of a module's own are refused", () => {
  const module = withFunction(0, 0);
  // The section of tags stands between those of memories and of code.
  const tags = Uint8Array.from([...module.subarray(0, 24), 13, 3, 1, 0, 0, ...module.subarray(24)]);
  expect(() => new wasm.Module(tags)).not.toThrow();
  expect(codeOf(() => checkCompilable("thrower", tags))).toBe("POLICY_CODE");
});

test.each([
  ["very many locals", 49_980, 5_000],
  ["very deep blocks", 0, 20_000],
])("functions with %s are refused, since no deadline ends their compilation", (_, ...of) => {
  const module = withFunction(...of);
  expect(() => new wasm.Module(module)).not.toThrow();
  expect(codeOf(() => checkCompilable("slow", module))).toBe("POLICY_CODE");
  expect(codeOf(() => checkCompilable("usual", withFunction(1_000, 4_000)))).toBe(undefined);
});

test("what would fill the host's memory while it is checked is refused before that", () => {
  // As many calls as there is room for would follow, each of two bytes, which nobody ever makes.
  const results = Array.from({ length: 100 }, () => I32);
  const types = [2, 0x60, 0, 0, 0x60, 0, 100, ...results];
  const module = withSection(withBody([0, 0x10, 0x7f, 0x0b]), 1, types);
  expect(() => new wasm.Module(module)).toThrow();
  expect(codeOf(() => admitPolicy("bomb", module))).toBe("POLICY_CODE");
});

test("a section that claims more than there is takes no time", () => {
  const many = leb(2 ** 32 - 1);
  for (const section of [1, 10]) {
    const module = withSection(withFunction(0, 0), section, [...many, 0x60, 0, 0]);
    expect(codeOf(() => admitPolicy("liar", module))).toMatch(/^POLICY_/);
  }
});

test.each([
  ["memory.fill", [0xfc, 0x0b, 0]],
  ["memory.fill, written longer", [0xfc, 0x8b, 0x80, 0, 0]],
  ["memory.copy", [0xfc, 0x0a, 0, 0]],
])("functions with many %s are refused, since nothing ends them between", (_, operation) => {
  const module = compiled("assembly/testing/no-magic.ts");
  const zeros = [0x41, 0, 0x41, 0, 0x41, 0];
  const bulk = (count: number) =>
    withCode(module, Array.from({ length: count }, () => [...zeros, ...operation]).flat());
  expect(() => new wasm.Module(bulk(33))).not.toThrow();
  expect(codeOf(() => admitPolicy("blocker", bulk(33)))).toBe("POLICY_CODE");
  expect(admitPolicy("usual", bulk(32)).name).toBe("usual");
});

test.each([
  ["loops", 0x03, 1_000, 1_000],
  ["blocks", 0x02, 2_000, 2_100],
])(
  "a function of many locals in many %s is refused, for it is compiled anew once it is hot",
  (...of) => {
    const [, opcode, locals, count] = of;
    const nested = (times: number) => [
      ...Array.from({ length: times }, () => [opcode, 0x40]).flat(),
      ...Array.from({ length: times }, () => 0x0b),
    ];
    const module = (times: number) =>
      Uint8Array.from(withBody([1, ...leb(locals), I32, ...nested(times), 0x0b]));
    expect(() => new wasm.Module(module(count))).not.toThrow();
    expect(codeOf(() => checkBounds("hot", module(count)))).toBe("POLICY_CODE");
    expect(codeOf(() => checkBounds("usual", module(count / 2)))).toBe(undefined);
  },
);

test("what looks like such an instruction, and is a number, counts for nothing", () => {
  // 1532 is fc 0b as LEB128: 33 constants that are dropped.
  const constants = Array.from({ length: 33 }, () => [0x41, 0xfc, 0x0b, 0x1a]).flat();
  const module = withCode(compiled("assembly/testing/no-magic.ts"), constants);
  expect(admitPolicy("usual", module).name).toBe("usual");
});

const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
const section = (id: number, content: readonly number[]): number[] => [
  id,
  ...leb(content.length),
  ...content,
];

/** A module with one function, of so many locals and so many blocks in each other. */
function withFunction(locals: number, blocks: number): Uint8Array {
  const opened = Array.from({ length: blocks }, () => [0x02, 0x40]).flat();
  const closed = Array.from({ length: blocks + 1 }, () => 0x0b);
  return withBody([1, ...leb(locals), 0x7f, ...opened, ...closed]);
}

/** A module with one function: its locals and instructions. */
function withBody(code: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, 1, 1]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}

/** A module whose first function begins with these instructions. */
function withCode(module: Uint8Array, instructions: readonly number[]): Uint8Array {
  let at = 8;
  while (module[at] !== 10) at = sectionEnd(module, at);
  const end = sectionEnd(module, at);
  const [, bodies] = numberAt(module, numberAt(module, at + 1)[1]);
  const [length, body] = numberAt(module, bodies);
  let [groups, first] = numberAt(module, body);
  for (; groups > 0; groups--) first = numberAt(module, first)[1] + 1;
  const locals = module.subarray(body, first);
  const rest = module.subarray(first, body + length);
  const changed = [...locals, ...instructions, ...rest];
  const start = module.subarray(numberAt(module, at + 1)[1], bodies);
  const others = module.subarray(body + length, end);
  return withSection(module, 10, [...start, ...leb(changed.length), ...changed, ...others]);
}

/** A module with another memory section. */
function withMemory(module: Uint8Array, limits: readonly number[]): Uint8Array {
  return withSection(module, 5, [1, ...limits]);
}

/** A module with this section in place of its own, or before the ones that come after it. */
function withSection(module: Uint8Array, id: number, content: readonly number[]): Uint8Array {
  let at = 8;
  while ((module[at] as number) < id) at = sectionEnd(module, at);
  const rest = module[at] === id ? sectionEnd(module, at) : at;
  const made = section(id, content);
  return Uint8Array.from([...module.subarray(0, at), ...made, ...module.subarray(rest)]);
}

/** Where the section that begins here ends. */
function sectionEnd(module: Uint8Array, at: number): number {
  const [length, content] = numberAt(module, at + 1);
  return content + length;
}

/** A number, and where what follows it begins. */
function numberAt(module: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  for (let scale = 1, next = at; ; scale *= 128) {
    const byte = module[next++] as number;
    value += (byte & 127) * scale;
    if (byte < 128) return [value, next];
  }
}
