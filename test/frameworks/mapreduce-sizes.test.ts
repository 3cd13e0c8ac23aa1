import { expect, test } from "vitest";
import { limits } from "../../contract/limits.ts";
import { encodedBytes } from "../../contract/size.ts";
import {
  describeOutputs,
  MAPS_MAX,
  mapKey,
  outputsOf,
} from "../../frameworks/mapreduce/map-outputs.ts";
import { runMapReduce } from "../../frameworks/mapreduce/run.ts";
import { chunkBytesFor, splitInputs } from "../../frameworks/mapreduce/splits.ts";
import { specEnvironment, type TaskSpec } from "../../frameworks/mapreduce/task-spec.ts";
import type { Attempt } from "../../frameworks/taskset/model.ts";

const JOB = "mapreduce-1a2b3c4d";
const FRAMEWORK = "3f0c1a52-6f0e-4d0a-9a3f-2b1c0d9e8f7a-0001";
const MODULE = `/opt/${"folder/".repeat(30)}wordcount.js`;

/** Attempts that made the outputs: on so many agents in turn, each tenth of them the twelfth. */
function attempts(maps: number, agents: number): Map<string, Attempt> {
  return new Map(
    Array.from({ length: maps }, (_, at) => {
      const key = mapKey(JOB, at);
      const agent = (at * 7) % agents;
      const place = { ip: `10.200.${agent >> 8}.${agent & 255}`, port: 31_000 + (agent % 1_000) };
      return [key, { taskId: at % 10 === 0 ? `${key}.12` : key, place } as Attempt];
    }),
  );
}

function bytesOf(spec: TaskSpec): number {
  return encodedBytes(specEnvironment(spec));
}

function reduceBytes(maps: number, agents: number): number {
  const inputs = describeOutputs(JOB, FRAMEWORK, maps, attempts(maps, agents));
  return bytesOf({ kind: "reduce", module: MODULE, partition: 0, inputs });
}

test("what a reduce is told of the most maps on a thousand agents fits a task", () => {
  expect(reduceBytes(9_000, 1)).toBeLessThan(64 << 10);
  expect(reduceBytes(MAPS_MAX, 1_000)).toBeLessThan(limits.taskBytesMax - (64 << 10));
});

test("a reduce knows each output by its key, and where it is", () => {
  const finished = attempts(25, 3);
  finished.delete(mapKey(JOB, 4));
  const inputs = describeOutputs(JOB, FRAMEWORK, 25, finished);
  expect(inputs.agents).toHaveLength(3);
  const found = outputsOf(inputs);
  expect(found.map(({ key }) => key)).toEqual(found.map((_, at) => mapKey(JOB, at)));
  for (const { key, place } of found) {
    const attempt = finished.get(key);
    const { taskId } = attempt ?? {};
    const wanted = attempt && { ...attempt.place, taskId, frameworkId: FRAMEWORK };
    expect(place).toEqual(wanted);
  }
});

test("a job of more maps than a reduce can be told of is refused before anything runs", async () => {
  const inputs = [{ path: "a", bytes: MAPS_MAX + 1 }];
  const job = { id: JOB, module: MODULE, root: "/data", inputs, chunkBytes: 1 };
  const options = { framework: { name: "large" }, masters: "127.0.0.1:1", connectMs: 100 };
  await expect(runMapReduce(job, options)).rejects.toMatchObject({
    code: "JOB_INVALID",
    message: expect.stringContaining("make 100001 map tasks, and there may be 100000"),
    where: "/data",
  });
  const one = { ...job, inputs: [{ path: "a", bytes: 1 }] };
  await expect(runMapReduce(one, options)).rejects.toMatchObject({ code: "MASTER_UNREACHABLE" });
});

test("without a size of chunks, inputs of any size stay far below the most maps", () => {
  const huge = [{ path: "a", bytes: 400e12 }];
  expect(splitInputs(huge, chunkBytesFor(huge))).toHaveLength(50_000);
  expect(chunkBytesFor([{ path: "a", bytes: 1e9 }])).toBe(4_000_000);
});

test("the pieces of a map fit a task, however long their paths are", () => {
  const folder = `${"ü".repeat(120)}/`.repeat(16);
  const files = Array.from({ length: 5_000 }, (_, at) => ({ path: `${folder}${at}`, bytes: 10 }));
  const splits = splitInputs(files, 4_000_000);
  const sizes = splits.map(({ pieces }) =>
    bytesOf({ kind: "map", module: MODULE, root: "/data", pieces, partitions: 4 }),
  );
  expect(Math.max(...sizes)).toBeLessThan(limits.taskBytesMax - (64 << 10));
  expect(splits.flatMap(({ pieces }) => pieces)).toHaveLength(5_000);
});
