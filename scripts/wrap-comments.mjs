#!/usr/bin/env node
// Wraps comment lines over 100 columns, which biome leaves alone; part of `npm run format`.

import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { filesBelow } from "./build/files.mjs";

const columnsMax = 100;
const folders =
  "contract wire kernel simulation agent plugins sdk frameworks cli bench test scripts assembly";

/** The text with its wide comment lines wrapped. Code, and lines with an address, are untouched. */
export function wrapComments(text) {
  const lines = text.split("\n");
  const done = [];
  while (lines.length > 0) {
    const line = lines.shift();
    if ([...line].length <= columnsMax || /https?:\/\//.test(line)) {
      done.push(line);
      continue;
    }
    const whole = /^(\s*)\/\*\* (.*) \*\/$/.exec(line);
    const part = /^(\s*(?:\/\/|\*) )(\s*(?:- |\d+\. )?)(.*)$/.exec(line);
    if (whole !== null) {
      lines.unshift(`${whole[1]}/**`, `${whole[1]} * ${whole[2]}`, `${whole[1]} */`);
    } else if (part === null || part[3].endsWith("*/")) {
      done.push(line);
    } else {
      wrapOne(part, lines, done);
    }
  }
  return done.join("\n");
}

/** Keeps what fits; the rest starts the next line of the same paragraph, or a line of its own. */
function wrapOne([line, prefix, marker, words], rest, done) {
  const at = line.lastIndexOf(" ", columnsMax);
  if (at <= prefix.length + marker.length || words === "") {
    done.push(line);
    return;
  }
  done.push(line.slice(0, at));
  const indent = prefix + " ".repeat(marker.length);
  const overflow = line.slice(at + 1);
  const next = rest[0] ?? "";
  const continues = next.startsWith(indent) && /^[^\s@\-*|`/\d]/.test(next.slice(indent.length));
  if (continues) rest.shift();
  rest.unshift(`${indent}${overflow}${continues ? ` ${next.slice(indent.length)}` : ""}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const isSource = (path) => /\.(ts|mjs)$/.test(path) && !path.startsWith("test/golden/");
  for (const path of folders.split(" ").flatMap((folder) => filesBelow(folder, isSource))) {
    const file = new URL(`../${path}`, import.meta.url);
    const before = readFileSync(file, "utf8");
    const after = wrapComments(before);
    if (after !== before) writeFileSync(file, after);
  }
}
