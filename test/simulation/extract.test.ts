import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { extractWorkload } from "../../simulation/workload/extract.ts";
import { parseWorkload } from "../../simulation/workload/text.ts";
import { runCli } from "../cli/run-cli.ts";
import { shippedPlugin } from "../journal/support/policies.ts";
import { record } from "../journal/support/recorded.ts";
import { hoarded } from "../journal/support/workloads.ts";
import { temporaryFolder } from "../support/temporary.ts";

const given = parseWorkload(
  `
  agents big count=3 cpus=8 mem=16GB attr.rack=r1
  agents late cpus=4 mem=8GB from=20s
  role one weight=3
  framework first role=one
  framework second role=two priority=-2 demand.cpus=6
  job first tasks=12 duration=5s cpus=1 mem=1GB
  job second at=2s tasks=6 duration=30s cpus=2 mem=2GB
  job first at=25s tasks=3 duration=1s cpus=1 mem=512
  `,
  "given",
);

let folder: string;

beforeAll(async () => {
  const policies = [await shippedPlugin("drf")];
  folder = await record({ workload: given, policies, segmentBytes: 1 << 10 });
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a journal gives back the workload that it was made with", () => {
  const { workload, unfinished } = extractWorkload(folder, "launched");
  expect(unfinished).toBe(0);
  expect(workload.options.allocationIntervalMs).toBe(1_000);
  expect(workload.roles).toMatchObject([{ name: "one", weight: 3 }]);
  const agents = workload.agents.map(({ count, resources, attributes }) => [
    count,
    resources["cpus"],
    attributes,
  ]);
  expect(agents).toEqual([
    [3, 8_000, [{ name: "rack", text: "r1" }]],
    [1, 4_000, []],
  ]);
  expect(workload.agents[1]?.fromMs).toBeGreaterThan(19_000);
  const frameworks = workload.frameworks.map((of) => [of.name, of.role, of.priority, of.demand]);
  expect(frameworks).toEqual([
    ["first", "one", undefined, undefined],
    ["second", "two", -2, { cpus: 6_000 }],
  ]);
  const sums = new Map<string, number>();
  for (const { framework, tasks, durationMs, resources } of workload.jobs) {
    const key = `${framework} ${Math.round(durationMs / 1000)}s ${resources["mem"]}`;
    sums.set(key, (sums.get(key) ?? 0) + tasks);
  }
  expect(Object.fromEntries(sums)).toEqual({
    "first 5s 1024000": 12,
    "second 30s 2048000": 6,
    "first 1s 512000": 3,
  });
});

test("what hoarders were not given in the end does not mislead", async () => {
  const policies = [await shippedPlugin("drf")];
  const journal = await record({ workload: hoarded, policies, segmentBytes: 24 << 10 });
  const { workload } = extractWorkload(journal, "launched");
  rmSync(journal, { recursive: true, force: true });
  const tasks: Record<string, number> = {};
  for (const { framework, tasks: count } of workload.jobs) {
    tasks[framework] = (tasks[framework] ?? 0) + count;
  }
  expect(tasks).toEqual({ work: 80, more: 60, other: 6 });
}, 60_000);

test("tasks arrive when they were launched, or when their framework came", () => {
  const launched = extractWorkload(folder, "launched").workload.jobs;
  const last = launched.at(-1);
  expect(last?.arrivalMs).toBeGreaterThan(24_900);
  const subscribed = extractWorkload(folder, "subscribed").workload.jobs;
  expect(subscribed.every(({ arrivalMs }) => arrivalMs < 1_000)).toBe(true);
});

/** The journal with something done to one of its files; all of them, and that one. */
function changed(at: number, change: (file: string) => void) {
  const copy = temporaryFolder("tepui-extract-");
  cpSync(folder, copy, { recursive: true });
  const files = readdirSync(copy).sort();
  const name = files.at(at) ?? "";
  change(join(copy, name));
  return { copy, files, name, next: files[files.indexOf(name) + 1] };
}

function flip(file: string, offset: number): void {
  const bytes = readFileSync(file);
  bytes[offset] = (bytes[offset] as number) ^ 4;
  writeFileSync(file, bytes);
}

test("what is before a gap is left out, and that is said", async () => {
  const { copy, next } = changed(-3, (file) => rmSync(file));
  const { leftOut, workload } = extractWorkload(copy, "launched");
  const [part, why] = [`what is before ${next}`, "a file is missing between"];
  expect(leftOut).toEqual([{ part, why, tasks: expect.any(Number) }]);
  const tasks = leftOut[0]?.tasks ?? 0;
  expect(tasks).toBeGreaterThan(0);
  expect(workload.jobs.length).toBeGreaterThan(0);
  const { error, out, code } = await runCli(["simulate", "extract", copy]);
  expect(error).toContain(`${part} is not in the workload, with ${tasks} tasks: ${why}`);
  expect([code, out]).toEqual([0, expect.stringMatching(/^job /m)]);
});

test.each([0, 5, 20, 100])(
  "a file whose byte %i is damaged is left out, and that is said",
  (at) => {
    const middle = changed(1, (file) => flip(file, at));
    const parts = extractWorkload(middle.copy, "launched").leftOut.map(({ part }) => part);
    expect(parts).toEqual([middle.name, `what is before ${middle.next}`]);
    const last = changed(-1, (file) => flip(file, at));
    const { leftOut, workload } = extractWorkload(last.copy, "launched");
    const why = `${last.name} is damaged at its beginning: `;
    expect(leftOut).toEqual([{ part: last.name, tasks: 0, why: expect.stringContaining(why) }]);
    expect(workload.jobs.length).toBeGreaterThan(0);
  },
);

test("what is behind damage is left out, and that is said", () => {
  const { copy, name, next } = changed(1, (file) => flip(file, readFileSync(file).length >> 1));
  const { leftOut } = extractWorkload(copy, "launched");
  expect(leftOut).toMatchObject([
    { part: `what is behind the damage of ${name}`, tasks: 0 },
    { part: `what is before ${next}`, why: expect.stringContaining(`${name} is damaged at byte`) },
  ]);
});
