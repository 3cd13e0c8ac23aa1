import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtFile } from "../../bench/fleet/daemon-process.ts";
import type { JobModule } from "../../frameworks/mapreduce/job-module.ts";
import { runMap } from "../../frameworks/mapreduce/map-task.ts";
import { shownKey } from "../../frameworks/mapreduce/records.ts";
import { partFile, specEnvironment } from "../../frameworks/mapreduce/task-spec.ts";
import { temporaryFolder } from "../support/temporary.ts";

const folder = temporaryFolder("tepui-functions-");
writeFileSync(join(folder, "in.txt"), "a b\nb\n");
const later = () => new Promise((resolve) => setTimeout(resolve, 1));

const spec = (module = "") => ({
  kind: "map" as const,
  module,
  root: folder,
  pieces: [{ path: "in.txt", start: 0, end: 6 }],
  partitions: 1,
});

const words: JobModule = {
  map: (line, emit) => {
    for (const word of line.split(" ")) emit(word, 1);
  },
  reduce: (_, values) => values.length,
};

/** What a map of the file writes. */
async function mapped(job: Partial<JobModule>): Promise<string> {
  await runMap(spec(), { ...words, ...job }, folder);
  return readFileSync(join(folder, partFile(0)), "utf8");
}

test("a map may be async, and each line waits for it", async () => {
  const map: JobModule["map"] = async (line, emit) => {
    await later();
    await words.map(line, emit);
  };
  expect(await mapped({ map })).toBe('"a"\t1\n"b"\t1\n"b"\t1\n');
});

test.each<[string, Partial<JobModule>, string]>([
  ["an async combine", { combine: async () => 7 }, "combine answers a promise"],
  ["a key that is no string", { map: (_, emit) => emit(1 as never, 1) }, "a key must be a string"],
  [
    "a promise as a value",
    { map: (_, emit) => emit("k", later()) },
    'the value of "k" is a promise',
  ],
])("%s fails the task and says so", async (_, job, words) => {
  await expect(mapped(job)).rejects.toThrow(words);
});

test("a key is shown on one line, apart from its value", () => {
  expect(["plain key", "a\tb\nc\r", "\\t"].map(shownKey)).toEqual([
    ...["plain key", "a\\tb\\nc\\r", "\\\\t"],
  ]);
});

test("what is emitted after its map is done is an error", async () => {
  let emit: Parameters<JobModule["map"]>[1] | undefined;
  await mapped({
    map: (_, its) => {
      emit = its;
    },
  });
  expect(() => emit?.("k", 1)).toThrow("after its map was done");
});

test("a job that waits for ever ends with a status and a word", () => {
  const module = join(folder, "job.mjs");
  const text = "export const map = () => new Promise(() => {}); export const reduce = () => 1;";
  writeFileSync(module, text);
  const variables = specEnvironment(spec(module)).map(({ name, value }) => [name, value]);
  const { status, stderr } = spawnSync(
    process.execPath,
    [builtFile("frameworks/mapreduce/worker.js")],
    { cwd: folder, env: { ...process.env, ...Object.fromEntries(variables) }, encoding: "utf8" },
  );
  expect([status, stderr]).toEqual([1, "the job waits for a promise that nothing settles\n"]);
});
