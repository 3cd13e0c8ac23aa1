import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { expect, test } from "vitest";
import { pathKindOf, valueNameOf } from "../../cli/completion-scripts.ts";
import { Output } from "../../cli/output.ts";
import { buildProgram } from "../../cli/program.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { runCli, TextSink } from "./run-cli.ts";

const { out: script } = await runCli(["completion", "bash"]);
const folder = temporaryFolder("tepui-completion-");
writeFileSync(join(folder, "first file.txt"), "");
mkdirSync(join(folder, "first-folder"));
const FOLDERS = ["first-folder"];
const FILES = ["first file.txt", "first-folder"];

/** What bash offers at the end of these lines, in a folder with a file and a folder. */
function completed(lines: readonly (readonly string[])[]): string[][] {
  const asks = lines.map((words) => {
    const line = words.map((word) => `'${word}'`).join(" ");
    const setUp = `COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}`;
    return `${setUp}; _tepui; printf '%s\\n' "\${COMPREPLY[@]}" | sort; echo ---`;
  });
  const program = `${script}\n${asks.join("\n")}`;
  const options = { encoding: "utf8", cwd: folder } as const;
  const printed = execFileSync("bash", ["--norc", "-c", program], options);
  const answers = printed.split("---\n").slice(0, -1);
  return answers.map((answer) => answer.split("\n").filter((line) => line !== ""));
}

const sink = new TextSink();
const output = new Output({ out: sink, error: sink, environment: {} });
const { signal } = new AbortController();
const program = await buildProgram({ output, signal, environment: {}, exitWith() {} });

function everyCommand(command: Command, path: string[] = ["tepui"]): [string[], Command][] {
  return [
    [path, command],
    ...command.commands.flatMap((child) => everyCommand(child, [...path, child.name()])),
  ];
}

const commands = everyCommand(program);

/** Files and folders that are none of this machine, and so are not completed. */
const elsewhere = new Set([
  "browse path",
  "cp task:path",
  "volume create --path",
  "run --health-http",
]);

/** What of its name or its text says that a value is a path. */
const soundsLikePath = /\b(file|folder|dir|path|module)s?\b/i;

test("every value that is a file or a folder of this machine says so by its name", () => {
  const unmarked = commands.flatMap(([path, command]) => {
    const of = path.slice(1).join(" ");
    const options = command.options
      .filter((option) => option.required && !option.hidden && option.argChoices === undefined)
      .map((option: Option) => ({
        what: `${of} ${option.long}`,
        kind: pathKindOf(valueNameOf(option)),
        sounds: /-(file|dir|path)$/.test(option.long ?? ""),
      }));
    const args = command.registeredArguments.map((argument) => ({
      what: `${of} ${argument.name()}`,
      kind: pathKindOf(argument.name()),
      sounds: soundsLikePath.test(`${argument.name()} ${argument.description}`),
    }));
    return [...options, ...args].filter(
      ({ what, kind, sounds }) => sounds && kind === undefined && !elsewhere.has(what),
    );
  });
  // A role's path is none of a file.
  expect(unmarked.map(({ what }) => what)).toEqual(["explain role role"]);
});

test("bash completes every option that takes a file or a folder, in both ways to write it", () => {
  const wanted: [string, string[][], string[]][] = commands.flatMap(([path, command]) =>
    command.options.flatMap((option): [string, string[][], string[]][] => {
      const kind = pathKindOf(valueNameOf(option));
      if (kind === undefined || option.long === undefined || option.hidden) return [];
      const lines = [
        [...path, option.long, "fi"],
        [...path, option.long, "=", "fi"],
      ];
      return [[lines[0]?.join(" ") ?? "", lines, kind === "files" ? FILES : FOLDERS]];
    }),
  );
  expect(wanted.length).toBeGreaterThan(20);
  const answers = completed(wanted.flatMap(([, lines]) => lines));
  for (const [at, [what, , names]] of wanted.entries()) {
    expect(answers.slice(2 * at, 2 * at + 2), what).toEqual([names, names]);
  }
});

test("bash completes every argument that is a file or a folder, at its place", () => {
  const wanted = commands.flatMap(([path, command]) =>
    command.registeredArguments.flatMap((argument, at) => {
      const kind = pathKindOf(argument.name());
      if (kind === undefined) return [];
      const before = Array.from({ length: at }, (_, place) => `value${place}`);
      return [{ line: [...path, ...before, "fi"], names: kind === "files" ? FILES : FOLDERS }];
    }),
  );
  expect(wanted.length).toBeGreaterThanOrEqual(11);
  const answers = completed(wanted.map(({ line }) => line));
  for (const [at, { line, names }] of wanted.entries()) {
    expect(answers[at], line.join(" ")).toEqual(names);
  }
});

test("options and their values do not move the place of an argument", () => {
  const lines = [
    ["tepui", "mapreduce", "--job", "wordcount", "--top", "5", "one.txt", "fi"],
    ["tepui", "mapreduce", "--job", "=", "wordcount", "fi"],
    ["tepui", "cp", "--recursive", "--master", "h:1", "task:/x", "fi"],
    ["tepui", "cp", "fi"],
    ["tepui", "mapreduce", "--top", "fi"],
    ["tepui", "simulate", "--arrivals", "su"],
    ["tepui", "plugin", "test", "--config", "fi"],
    ["tepui", "run", "--file", "x", "--con"],
  ];
  expect(completed(lines)).toEqual([
    FILES,
    FILES,
    FILES,
    [],
    [],
    ["subscribed"],
    [],
    ["--concurrency"],
  ]);
});
