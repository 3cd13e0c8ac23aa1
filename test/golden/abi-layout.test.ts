import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { abiNumberFiles, withAbiNumbers } from "../../authoring/abi-numbers.ts";
import { Answer, DecisionFlag, Presence, Slot } from "../../kernel/allocation/slots.ts";
import {
  AgentFlag,
  ClientFlag,
  KINDS,
  ReservationFlag,
  RoleFlag,
} from "../../kernel/core/tables/shape.ts";

const golden = fileURLToPath(new URL("abi-layout.txt", import.meta.url));
const assembly = "../../assembly";
const guest = readFileSync(fileURLToPath(new URL(`${assembly}/abi.ts`, import.meta.url)), "utf8");

const host: Record<string, Readonly<Record<string, number>>> = {
  Slot,
  AgentFlag,
  ClientFlag,
  RoleFlag,
  ReservationFlag,
  DecisionFlag,
  Presence,
  Answer,
};

/** `Slot.Magic 0` and so on, a line each. */
function lines(name: string, members: Iterable<readonly [string, number]>): string[] {
  return [...members].map(([member, value]) => `${name}.${member} ${value}`);
}

/** The members of an enum in the guest's source. */
function guestMembers(name: string): [string, number][] {
  const body = guest.match(new RegExp(`export const enum ${name} \\{([^}]*)\\}`))?.[1] ?? "";
  const found = body.matchAll(/(\w+) = (\d+)/g);
  return [...found].map(([, member, value]) => [member ?? "", Number(value)]);
}

test("host and guest agree on every number of the ABI", () => {
  for (const [name, members] of Object.entries(host)) {
    expect(lines(name, guestMembers(name))).toEqual(lines(name, Object.entries(members)));
  }
  expect(guest).toContain(`KINDS: u32 = ${KINDS};`);
});

test("no number of ABI v1 was moved or taken away since it was written down", () => {
  const now = Object.entries(host).flatMap(([name, of]) => lines(name, Object.entries(of)));
  if (process.env["UPDATE_GOLDEN"] !== undefined) writeFileSync(golden, `${now.join("\n")}\n`);
  const written = readFileSync(golden, "utf8").trimEnd().split("\n");
  expect(written).toEqual(now);
});

test("no two members of a table share a number", () => {
  for (const [name, members] of Object.entries(host)) {
    const values = Object.values(members);
    expect(new Set(values).size, name).toBe(values.length);
  }
});

const rootOf = (file: string) => new URL(`../../${file}`, import.meta.url);

test.each(abiNumberFiles)("%s has the numbers as they are now", (file, language) => {
  const text = readFileSync(rootOf(file), "utf8");
  expect(withAbiNumbers(text, language), "run `npm run docs`").toBe(text);
});

test("the templates for C, Rust and JavaScript have every number that was written down", () => {
  const [c, rust, javascript] = abiNumberFiles.map(([file]) => readFileSync(rootOf(file), "utf8"));
  for (const line of readFileSync(golden, "utf8").trimEnd().split("\n")) {
    const [, table = "", name = "", value] = /^(\w+)\.(\w+) (\d+)$/.exec(line) ?? [];
    const group = table.replace(/Flag$/, "");
    const shout = name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
    expect(c).toContain(`  TEPUI_${group.toUpperCase()}_${shout} = ${value},\n`);
    expect(rust).toMatch(
      new RegExp(`mod ${group.toLowerCase()} {[^}]*const ${shout}: \\w+ = ${value};`),
    );
    expect(javascript).toMatch(new RegExp(`const ${group} = {[^}]*\\b${name}: ${value},`));
  }
});
