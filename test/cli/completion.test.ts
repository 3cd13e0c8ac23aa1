import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { runCli } from "./run-cli.ts";

const { out: script } = await runCli(["completion", "bash"]);

/** What bash offers after these words, the last of which is being written. */
function completed(...words: string[]): string[] {
  const line = words.map((word) => `'${word}'`).join(" ");
  const setUp = `COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}`;
  const ask = `${setUp}; _tepui; echo "\${COMPREPLY[*]}"`;
  const program = `${script}\n${ask}`;
  const printed = execFileSync("bash", ["--norc", "-c", program], { encoding: "utf8" });
  return printed.trim().split(/\s+/);
}

test("bash takes the script", () => {
  expect(() => execFileSync("bash", ["-n"], { input: script })).not.toThrow();
});

test("bash completes commands, subcommands, options and values", () => {
  expect(completed("tepui", "ro")).toEqual(["roles"]);
  expect(completed("tepui", "-o", "json", "frame")).toEqual(["frameworks"]);
  expect(completed("tepui", "stat")).toEqual(["status", "stats"]);
  expect(completed("tepui", "cp", "--rec")).toEqual(["--recursive"]);
  expect(completed("tepui", "plugin", "")).toContain("validate");
  expect(completed("tepui", "config", "check", "--ki")).toEqual(["--kind"]);
  expect(completed("tepui", "run", "--cou")).toEqual(["--count"]);
  expect(completed("tepui", "ps", "-o", "")).toEqual(["json", "table"]);
  expect(completed("tepui", "completion", "z")).toEqual(["zsh"]);
  expect(completed("tepui", "master", "--allocation-i")).toEqual(["--allocation-interval"]);
});

test("bash leaves the command that is run alone", () => {
  expect(completed("tepui", "run", "--", "--cou")).toEqual([""]);
});

test("hidden options are not offered", () => {
  expect(script).not.toContain("lifeline");
});

test("the script for zsh knows the same commands", async () => {
  const { out } = await runCli(["completion", "zsh"]);
  expect(out).toMatch(/^#compdef tepui\n/);
  expect(out).toContain('"plugin validate"');
  expect(() => execFileSync("bash", ["-n"], { input: out.replaceAll("${=", "${") })).not.toThrow();
});
