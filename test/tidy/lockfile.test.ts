import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Lockfile, lockfileProblems } from "./lockfile.ts";

const lock: Lockfile = JSON.parse(
  readFileSync(new URL("../../package-lock.json", import.meta.url), "utf8"),
);

function changed(path: string, change: object | undefined): Lockfile {
  const packages: Record<string, object> = { ...lock.packages };
  if (change === undefined) delete packages[path];
  else packages[path] = { ...packages[path], ...change };
  return { packages };
}

test("the lock file installs the same on every machine and from the public registry", () => {
  expect(lockfileProblems(lock)).toEqual([]);
});

test("other hosts, missing integrity, and missing or other binaries are found", () => {
  const extract = "node_modules/@msgpackr-extract/msgpackr-extract-linux-arm64";
  const elsewhere = { resolved: "https://packages.example/ws.tgz" };
  expect(lockfileProblems(changed("node_modules/ws", elsewhere))).toEqual([
    expect.stringContaining("node_modules/ws is resolved to https://packages.example/ws.tgz"),
  ]);
  expect(lockfileProblems(changed("node_modules/ws", { integrity: undefined }))).toEqual([
    "node_modules/ws has no integrity",
  ]);
  expect(lockfileProblems(changed(extract, { version: "3.0.3" }))).toHaveLength(1);
  expect(lockfileProblems(changed(extract, undefined)).sort()).toEqual([
    expect.stringContaining("linux-arm64 is not locked"),
    expect.stringContaining("may need @msgpackr-extract/msgpackr-extract-linux-arm64"),
  ]);
});
