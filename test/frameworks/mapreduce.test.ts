import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { jobModuleProblem } from "../../frameworks/mapreduce/job-module.ts";
import * as wordcount from "../../frameworks/mapreduce/jobs/wordcount.ts";
import { type MapOutputs, mapKey } from "../../frameworks/mapreduce/map-outputs.ts";
import { linesOf, runMap } from "../../frameworks/mapreduce/map-task.ts";
import { mergeRuns } from "../../frameworks/mapreduce/merge.ts";
import { parseRecord, partitionOf, recordLine } from "../../frameworks/mapreduce/records.ts";
import { runReduce } from "../../frameworks/mapreduce/reduce-task.ts";
import { splitInputs } from "../../frameworks/mapreduce/splits.ts";
import {
  EXIT_INPUT_LOST,
  specEnvironment,
  specFromEnvironment,
  type TaskSpec,
} from "../../frameworks/mapreduce/task-spec.ts";
import { readLines } from "../../frameworks/mapreduce/text-piece.ts";

let folder = "";
let server: Server;
let port = 0;

/** Serves files as an agent does: `/sandbox/FRAMEWORK/TASK/FILE` is `folder/TASK/FILE`. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-mapreduce-"));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [, , , task = "", file = ""] = pathname.split("/");
    try {
      response.end(readFileSync(join(folder, task, file)));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

function sandbox(name: string): string {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

/** Outputs of first attempts, all served by the server of this test. */
function inputsOf(maps: number): MapOutputs {
  const agents = [["127.0.0.1", port]] as const;
  return { job: "job", frameworkId: "fw", agents, maps: Array(maps).fill(0).join(" ") };
}

function countWords(text: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const line of linesOf(text)) {
    wordcount.map(line, (word, count) => {
      counts[word] = (counts[word] ?? 0) + (count as number);
    });
  }
  return counts;
}

test("every byte of the inputs is in exactly one split, and splits have the size asked for", () => {
  const sizes = fc.array(fc.nat(500), { maxLength: 20 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 400 }), (bytes, chunkBytes) => {
      const files = bytes.map((size, at) => ({ path: `f${at}`, bytes: size }));
      const splits = splitInputs(files, chunkBytes);
      const covered = new Map<string, number>();
      for (const split of splits) {
        expect(split.bytes).toBeGreaterThan(0);
        expect(split.bytes).toBeLessThanOrEqual(chunkBytes);
        for (const { path, start, end } of split.pieces) {
          expect(start).toBe(covered.get(path) ?? 0);
          covered.set(path, end);
        }
      }
      for (const { path, bytes: size } of files) expect(covered.get(path) ?? 0).toBe(size);
      expect(splits.filter((split) => split.bytes < chunkBytes).length).toBeLessThanOrEqual(1);
    }),
  );
});

test("files that are near different agents are not put into one split", () => {
  const files = [
    { path: "a", bytes: 10, near: ["r1"] },
    { path: "b", bytes: 10, near: ["r2"] },
    { path: "c", bytes: 10, near: ["r1"] },
  ];
  const splits = splitInputs(files, 100);
  expect(splits.map(({ near, pieces }) => [near[0], pieces.map(({ path }) => path)])).toEqual([
    ["r1", ["a", "c"]],
    ["r2", ["b"]],
  ]);
});

test("cut anywhere, a file gives each of its lines once and whole, whatever its characters", () => {
  const file = join(sandbox("lines"), "text");
  const text = fc.string({
    unit: fc.constantFrom("a", "é", "𝄞", "\n", "\r\n", " "),
    maxLength: 60,
  });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (content, step) => {
      writeFileSync(file, content);
      const bytes = Buffer.byteLength(content);
      const lines: string[] = [];
      for (let start = 0; start < bytes; start += step) {
        lines.push(...linesOf(readLines(file, start, Math.min(bytes, start + step))));
      }
      expect(lines).toEqual(linesOf(content));
    }),
  );
});

test("a record is one line whatever its key, and comes back as it was", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.jsonValue(), (key, value) => {
      const line = recordLine(key, value);
      expect(line.indexOf("\n")).toBe(line.length - 1);
      const raw = parseRecord(line.slice(0, -1));
      expect(JSON.parse(raw.key)).toBe(key);
      expect(JSON.parse(raw.value)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("partitions share the keys evenly, and a key always has the same one", () => {
  const counts = [0, 0, 0, 0];
  for (let at = 0; at < 4_000; at++) {
    const partition = partitionOf(`word${at}`, 4);
    expect(partitionOf(`word${at}`, 4)).toBe(partition);
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  for (const count of counts) expect(count).toBeGreaterThan(800);
});

test("merging sorted runs groups all values of a key, in order of keys", () => {
  const run = fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d"), fc.nat(9)), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(run, { maxLength: 6 }), (runs) => {
      const sorted = runs.map((one) =>
        one
          .map(([key, value]) => ({ key, value: String(value) }))
          .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
      );
      const groups = [...mergeRuns(sorted)];
      const keys = groups.map(({ key }) => key);
      expect(keys).toEqual([...new Set(runs.flat().map(([key]) => key))].sort());
      for (const { key, values } of groups) {
        const all = runs.flat().flatMap(([other, value]) => (other === key ? [String(value)] : []));
        expect([...values].sort()).toEqual(all.sort());
      }
    }),
  );
});

test("what a task is to do survives the way through its environment, however long it is", () => {
  const pieces = Array.from({ length: 3_000 }, (_, at) => ({
    path: `some/long/path/é/${at}.txt`,
    start: 0,
    end: at,
  }));
  const spec: TaskSpec = { kind: "map", module: "/m.js", root: "/r", pieces, partitions: 3 };
  const variables = specEnvironment(spec);
  expect(variables.length).toBeGreaterThan(3);
  for (const { value = "" } of variables) expect(Buffer.byteLength(value)).toBeLessThan(131_072);
  const environment = Object.fromEntries(variables.map(({ name, value }) => [name, value]));
  expect(specFromEnvironment(environment)).toEqual(spec);
  expect(() => specFromEnvironment({})).toThrow("run by mapreduce");
});

test("maps and reduces over HTTP give what one process counts", async () => {
  const root = sandbox("inputs");
  const texts = {
    "a.txt": "The quick brown fox\njumps over the lazy dog, the end.\n".repeat(400),
    "b.txt": "ünïcode wörds and the don't of it\r\nno newline at the end",
    "empty.txt": "",
  };
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(root, name), text);
  const files = Object.entries(texts).map(([path, text]) => ({
    path,
    bytes: Buffer.byteLength(text),
  }));
  const splits = splitInputs(files, 3_000);
  expect(splits.length).toBeGreaterThan(5);
  for (const [at, { pieces }] of splits.entries()) {
    const spec = { kind: "map" as const, module: "", root, pieces, partitions: 3 };
    await runMap(spec, wordcount, sandbox(mapKey("job", at)));
  }
  const inputs = inputsOf(splits.length);
  const counted: Record<string, number> = {};
  for (let partition = 0; partition < 3; partition++) {
    const into = sandbox(`r${partition}`);
    const spec = { kind: "reduce" as const, module: "", partition, inputs };
    expect(await runReduce(spec, wordcount, into)).toBe(0);
    for (const line of linesOf(readFileSync(join(into, "result.jsonl"), "utf8"))) {
      const { key, value } = parseRecord(line);
      expect(counted[JSON.parse(key) as string]).toBeUndefined();
      counted[JSON.parse(key) as string] = JSON.parse(value) as number;
    }
  }
  const whole = Object.values(texts).map((text) => countWords(text));
  const expected: Record<string, number> = {};
  for (const counts of whole) {
    for (const [word, count] of Object.entries(counts))
      expected[word] = (expected[word] ?? 0) + count;
  }
  expect(counted).toEqual(expected);
  expect(counted["the"]).toBe(1_202);
});

test("a reduce of more maps than can be read side by side loses nothing of them", async () => {
  const maps = 300;
  for (let at = 0; at < maps; at++) {
    const lines = [recordLine(`k${at % 7}`, 1), recordLine("the", 1)];
    writeFileSync(join(sandbox(mapKey("many", at)), "part-0.jsonl"), lines.join(""));
  }
  const into = sandbox("many");
  const inputs = { ...inputsOf(maps), job: "many" };
  const spec = { kind: "reduce" as const, module: "", partition: 0, inputs };
  expect(await runReduce(spec, wordcount, into)).toBe(0);
  const lines = linesOf(readFileSync(join(into, "result.jsonl"), "utf8"));
  const counts = [43, 43, 43, 43, 43, 43, 42].map((count, at) => `"k${at}"\t${count}`);
  expect(lines).toEqual([...counts, '"the"\t300']);
  expect(readdirSync(into).filter((name) => name.startsWith("in-"))).toHaveLength(3);
});

test("a reduce may be async, and each key waits for it", async () => {
  const into = sandbox("waits");
  const spec = { kind: "reduce" as const, module: "", partition: 0, inputs: inputsOf(1) };
  const reduce = async (key: string) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return key.length;
  };
  expect(await runReduce(spec, { ...wordcount, reduce }, into)).toBe(0);
  const [first] = linesOf(readFileSync(join(into, "result.jsonl"), "utf8"));
  expect(first).toMatch(/^"(.*)"\t\d+$/);
  const { key, value } = parseRecord(first ?? "");
  expect(Number(value)).toBe((JSON.parse(key) as string).length);
});

test("a reduce that cannot get an output says which, and has no result", async () => {
  const into = sandbox("lost");
  // The first two are there, of which one ran twice; one is gone, and nobody knows of the last.
  const inputs = { ...inputsOf(1), maps: "0 0.2 0.again -" };
  cpSync(sandbox(mapKey("job", 0)), sandbox(`${mapKey("job", 1)}.2`), { recursive: true });
  const spec = { kind: "reduce" as const, module: "", partition: 0, inputs };
  expect(await runReduce(spec, wordcount, into)).toBe(EXIT_INPUT_LOST);
  expect(JSON.parse(readFileSync(join(into, "lost.json"), "utf8"))).toEqual([
    mapKey("job", 2),
    mapKey("job", 3),
  ]);
  expect(() => readFileSync(join(into, "result.jsonl"))).toThrow("ENOENT");
  expect(dirname(into)).toBe(folder);
});

test("a job's module needs map and reduce", () => {
  expect(jobModuleProblem({ ...wordcount })).toBeUndefined();
  expect(jobModuleProblem({ map() {} })).toContain('"reduce"');
  expect(jobModuleProblem({ ...wordcount, combine: 3 })).toContain('"combine"');
});
