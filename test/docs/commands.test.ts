import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { commandNames } from "../../cli/program.ts";
import { readTree } from "../tidy/source.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = readTree().filter(({ path }) => path.endsWith(".md"));

/** Code blocks of a page: fenced, or indented by four spaces after an empty line. */
function codeOf(text: string): string {
  const fenced = [...text.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? "");
  const indented = text.match(/(?<=\n\n)(?: {4}.*\n?)+/g) ?? [];
  return [...fenced, ...indented].join("\n");
}

/** A page without its code: what is left holds links. */
function proseOf(text: string): string {
  return text.replace(/^```\w*\n[\s\S]*?^```/gm, "").replace(/`[^`\n]*`(?!\])/g, "");
}

/** Targets of links to files of this repository. */
function linksOf(text: string): string[] {
  return [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? "")
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Headings of a page as the anchors that GitHub makes of them. */
function anchorsOf(text: string): string[] {
  const headings = text.replace(/^```\w*\n[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm);
  return [...headings].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function deadLinks(path: string, text: string): string[] {
  return linksOf(text).filter((target) => {
    const [file = "", anchor] = target.split("#");
    const place = file === "" ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(posix.join(root, place))) return true;
    if (anchor === undefined || !place.endsWith(".md")) return false;
    return !anchorsOf(readFileSync(posix.join(root, place), "utf8")).includes(anchor);
  });
}

/** First words after `tepui` at places where a shell would look for a command. */
function commandWords(code: string): string[] {
  const uses = code.matchAll(/(?:^|[\s(])(?:npx )?tepui ([a-z][a-z-]*)/gm);
  return [...uses].map((match) => match[1] ?? "");
}

const subcommands = readdirSync(posix.join(root, "cli/commands")).flatMap((file) => {
  const text = readFileSync(posix.join(root, "cli/commands", file), "utf8");
  return [...text.matchAll(/^ {2}name: "([a-z-]+)"|new Command\("([a-z-]+)"\)/gm)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
});

const commands = [...commandNames, ...subcommands];

test("links between the pages lead to files and headings that are there", () => {
  const dead = pages.flatMap(({ path, text }) =>
    deadLinks(path, text).map((target) => `${path}: ${target}`),
  );
  expect(dead).toEqual([]);
  const probe = "[x](README.md) [x](nowhere.md) [x](#unreleased) [x](README.md#nowhere)";
  expect(deadLinks("CHANGELOG.md", probe)).toEqual(["nowhere.md", "README.md#nowhere"]);
});

test("every command in the code of the README and of docs/cli.md is one that tepui has", () => {
  for (const name of ["README.md", "docs/cli.md"]) {
    const words = commandWords(codeOf(pages.find(({ path }) => path === name)?.text ?? ""));
    expect(words.length, name).toBeGreaterThan(5);
    expect(
      words.filter((word) => !commands.includes(word)),
      name,
    ).toEqual([]);
  }
  expect(commandWords("npx tepui frobnicate\n")).toEqual(["frobnicate"]);
});

test("docs/cli.md shows every command that tepui has", () => {
  const text = pages.find(({ path }) => path === "docs/cli.md")?.text ?? "";
  const missing = commands.filter((name) => !new RegExp(`[\`\\s]${name}[\`\\s]`).test(text));
  expect(missing).toEqual([]);
});

test("every `npm run` that a page names is a script of package.json", () => {
  const { scripts } = JSON.parse(readFileSync(posix.join(root, "package.json"), "utf8"));
  const unknown = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/npm run (?:--?\w+ )*([a-z][\w:-]*)/g)]
      .map((match) => match[1] ?? "")
      .filter((name) => !Object.hasOwn(scripts, name))
      .map((name) => `${path}: npm run ${name}`),
  );
  expect(unknown).toEqual([]);
  const named = pages.some(({ text }) => text.includes("npm run bench"));
  expect(named, "the pages name scripts").toBe(true);
});
