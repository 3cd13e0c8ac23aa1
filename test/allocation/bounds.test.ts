import { expect, test } from "vitest";
import { admitPolicy } from "../../kernel/allocation/admission.ts";
import { checkBounds } from "../../kernel/allocation/bounds.ts";
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
  expect(codeOf(() => checkBounds("wide", module))).toBe("POLICY_CODE");
  const good = withSection(withFunction(0, 0), 1, [2, 0x60, 0, 0, 0x60, 2, I32, I32, 1, I32]);
  expect(codeOf(() => checkBounds("good", good))).toBe(undefined);
});

test("exceptions of a module's own are refused", () => {
  const module = withFunction(0, 0);
  // The section of tags stands between those of memories and of code.
  const tags = Uint8Array.from([...module.subarray(0, 24), 13, 3, 1, 0, 0, ...module.subarray(24)]);
  expect(() => new wasm.Module(tags)).not.toThrow();
  expect(codeOf(() => checkBounds("thrower", tags))).toBe("POLICY_CODE");
});

test.each([
  ["very many locals", 49_980, 5_000],
  ["very deep blocks", 0, 20_000],
])("functions with %s are refused, since no deadline ends their compilation", (_, ...of) => {
  const module = withFunction(...of);
  expect(() => new wasm.Module(module)).not.toThrow();
  expect(codeOf(() => checkBounds("slow", module))).toBe("POLICY_CODE");
  expect(codeOf(() => checkBounds("usual", withFunction(1_000, 4_000)))).toBe(undefined);
});

/** A module with one function, of so many locals and so many blocks in each other. */
function withFunction(locals: number, blocks: number): Uint8Array {
  const leb = (value: number): number[] =>
    value < 128 ? [value] : [(value & 127) | 128, ...leb(Math.floor(value / 128))];
  const section = (id: number, content: number[]) => [id, ...leb(content.length), ...content];
  const opened = Array.from({ length: blocks }, () => [0x02, 0x40]).flat();
  const closed = Array.from({ length: blocks + 1 }, () => 0x0b);
  const code = [1, ...leb(locals), 0x7f, ...opened, ...closed];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 1, 1, 1]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
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
  const section = [id, content.length, ...content];
  return Uint8Array.from([...module.subarray(0, at), ...section, ...module.subarray(rest)]);
}

/** Where the section that begins here ends. */
function sectionEnd(module: Uint8Array, at: number): number {
  let length = 0;
  let next = at + 1;
  for (let scale = 1; ; scale *= 128) {
    const byte = module[next++] as number;
    length += (byte & 127) * scale;
    if (byte < 128) return next + length;
  }
}
