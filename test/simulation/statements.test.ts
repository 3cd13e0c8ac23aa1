import { rmSync } from "node:fs";
import { expect, test } from "vitest";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { defaultOptions } from "../../kernel/core/options.ts";
import type { ClusterState, Framework } from "../../kernel/core/state.ts";
import { simulate } from "../../simulation/simulate.ts";
import { extractWorkload } from "../../simulation/workload/extract.ts";
import { Gathered } from "../../simulation/workload/gathered.ts";
import { plainFramework, type Workload } from "../../simulation/workload/model.ts";
import { printWorkload } from "../../simulation/workload/print.ts";
import { parseWorkload } from "../../simulation/workload/text.ts";
import { shippedPlugin } from "../journal/support/policies.ts";
import { record } from "../journal/support/recorded.ts";

const given = parseWorkload(
  `
  option freed-resources-delay=200ms filter-gpu-resources=false region=eu
  option min-allocatable-resources=cpus:0.5 hoarding-back-off-cycles=4
  agents kind0 count=2 cpus=4 mem=8GB attr.rack=r1 attr.condor.requirements="role == \\"one\\""
  agents kind1 count=2 cpus=4 mem=8GB gpus=1 number.speed=3.5 region=us zone=z
  framework first role=one label.condor.rank="TARGET.rack == \\"#1\\"" user=ann principal=p
  framework second role=two label.condor.requirements="TARGET.speed > 2" capabilities=REGION_AWARE
  framework third role=three label.condor.requirements="TARGET.speed > 5" capabilities=REGION_AWARE
  job first tasks=12 duration=5s cpus=1 mem=1GB
  job second tasks=12 duration=5s cpus=1 mem=1GB
  job third tasks=2 duration=5s cpus=1 mem=1GB
  `,
  "given",
);

async function run(workload: Workload, name: string) {
  const policies = [{ label: name, plugin: await shippedPlugin(name) }];
  const { signal } = new AbortController();
  const around = { seed: 1, untilMs: 400_000, signal, onProgress: () => {} };
  const [result] = await simulate({ workload, policies, ...around });
  if (result === undefined) throw new Error("there is no result");
  return result;
}

test("what is stated comes out of a journal, through its text, and is gone by as before", async () => {
  const policies = [await shippedPlugin("condor")];
  const folder = await record({ workload: given, policies, segmentBytes: 1 << 20, turnsMax: 300 });
  const { workload } = extractWorkload(folder, "launched");
  rmSync(folder, { recursive: true, force: true });
  expect(workload.options).toEqual(given.options);
  expect(workload.agents).toEqual(given.agents);
  const since = expect.any(Number);
  const { frameworks } = given;
  expect(workload.frameworks).toEqual(frameworks.map((each) => ({ ...each, fromMs: since })));
  const text = [...printWorkload(workload)].join("\n");
  const read = parseWorkload(text, "extracted");
  expect(read).toEqual(workload);
  // The third framework is given nothing, so that the journal has nothing of its tasks.
  expect((await run(given, "condor")).figures).toMatchObject({ ended: 24, tasks: 26 });
  const again = await run(read, "condor");
  expect(again.figures.ended).toBe(24);
  expect(again.misstated).toEqual([]);
  expect(again.figures.waitMs.mean).toBeLessThan(2_000);
}, 60_000);

test("statements that a policy cannot read are told of", async () => {
  const text = `
    agents a count=2 cpus=4 attr.condor.rank="1 +"
    framework f label.condor.requirements="TARGET.x ="
    job f tasks=1 duration=1s cpus=1
  `;
  const { misstated, figures } = await run(parseWorkload(text, "w.txt"), "condor");
  expect(misstated).toEqual([
    expect.stringMatching(/^framework f: labels\/condor\.requirements, character \d+: /),
    expect.stringMatching(/^agents a: attributes\/condor\.rank, character \d+: /),
  ]);
  expect(figures.ended).toBe(0);
  expect((await run(parseWorkload(text, "w.txt"), "drf")).misstated).toEqual([]);
}, 60_000);

test("data is near its task under quincy, as labels and attributes say", async () => {
  const text = (place: string) => `
    agents near cpus=4 mem=4GB attr.rack=r1
    agents far cpus=4 mem=4GB attr.rack=r2
    framework f label.quincy.data="${place}"
    job f tasks=8 duration=1s cpus=1 mem=512
  `;
  for (const place of ["60GB at rack=r1", "60GB at hostname=near"]) {
    const { figures, decisions } = await run(parseWorkload(text(place), "w.txt"), "quincy");
    // Half of it waits for the near agent, rather than that the data is moved.
    expect([figures.ended, decisions]).toEqual([8, 2]);
  }
}, 60_000);

test("tasks with gpus run, where gpus are kept for those that know about them (C19)", async () => {
  const text = (option: string) => `
    ${option}
    agents g count=2 cpus=8 mem=16GB gpus=2
    framework f role=a
    framework plain role=b
    job f tasks=4 duration=10s cpus=1 mem=100 gpus=1
    job plain tasks=1 duration=10s cpus=1 mem=100
  `;
  const kept = await run(parseWorkload(text(""), "w.txt"), "drf");
  expect([kept.figures.ended, kept.stopped]).toEqual([4, expect.stringContaining("GPU_RESOURCES")]);
  const open = await run(parseWorkload(text("option filter-gpu-resources=false"), "w.txt"), "drf");
  expect([open.figures.ended, open.stopped]).toEqual([5, undefined]);
}, 60_000);

const state = {
  options: { ...defaultOptions, master: {} },
  registry: { weights: new Map(), quotas: new Map() },
} as unknown as ClusterState;

function frameworkOf(id: string, info: Partial<FrameworkInfo>): Framework {
  return { id, info: { user: "root", roles: [], ...info } } as unknown as Framework;
}

test("a framework is one for each role that it used, with what counts there", () => {
  const gathered = new Gathered();
  gathered.begin(0);
  const about = { demand: { batch: { cpus: 5_000 } }, capabilities: ["GPU_RESOURCES"] as const };
  const multi = { name: "multi", roles: ["web", "batch", "idle"] as never, ...about };
  gathered.frameworkJoined(frameworkOf("1", multi as never), 0);
  gathered.frameworkJoined(frameworkOf("2", { name: "none", roles: ["x"] as never }), 5);
  gathered.frameworkJoined(frameworkOf("3", { name: "multi", roles: ["y"] as never }), 5);
  for (const [taskId, role] of [
    ["t1", "web"],
    ["t2", "batch"],
    ["t3", "web"],
  ] as const) {
    const task = { frameworkId: "1", taskId, role, agentId: "a", resources: { cpus: 1_000 } };
    gathered.launched({ ...task, launchedMs: 10 });
    gathered.ended("1", taskId, 20);
  }
  const { workload } = gathered.finish("launched", state);
  const rooted = { user: "root", subscribedName: "multi" };
  const gpus = { capabilities: ["GPU_RESOURCES"] };
  expect(workload.frameworks).toEqual([
    { ...plainFramework("multi", "web"), ...rooted, ...gpus },
    { ...plainFramework("multi-batch", "batch"), ...rooted, ...gpus, demand: { cpus: 5_000 } },
    { ...plainFramework("none", "x"), user: "root", fromMs: 5 },
    { ...plainFramework("multi-2", "y"), ...rooted, fromMs: 5 },
  ]);
  expect(workload.jobs.map(({ framework, tasks }) => [framework, tasks])).toEqual([
    ["multi", 2],
    ["multi-batch", 1],
  ]);
});

test("agents keep their names where somebody goes by these", () => {
  const named = (value: string): string[] => {
    const gathered = new Gathered();
    gathered.begin(0);
    const labels = [{ key: "quincy.data", value }];
    gathered.frameworkJoined(frameworkOf("1", { name: "f", labels }), 0);
    for (const hostname of ["node 1", "node 2"]) {
      const attributes = [{ name: "ports", ranges: [{ begin: 1, end: 5 }] }];
      const info = { hostname, attributes } as unknown as AgentInfo;
      gathered.agentJoined(hostname, { cpus: 1_000 }, info, 0);
    }
    return [...printWorkload(gathered.finish("launched", state).workload)].filter((line) =>
      line.startsWith("agents"),
    );
  };
  expect(named("6GB at rack=r1")).toEqual(["agents kind0 count=2 cpus=1 attr.ports=[1-5]"]);
  expect(named("6GB at hostname=node 1")).toEqual([
    'agents "node 1" count=1 cpus=1 attr.ports=[1-5]',
    'agents "node 2" count=1 cpus=1 attr.ports=[1-5]',
  ]);
});

test("weights and quotas that were others while tasks ran are told of", () => {
  const gathered = new Gathered();
  gathered.begin(0);
  const weights = new Map([["web", 1]]);
  const now = { ...state, recovered: true, registry: { ...state.registry, weights } } as never;
  gathered.frameworkJoined(frameworkOf("1", { name: "f" }), 0);
  // Before there are tasks, it does not matter.
  gathered.noteRules(now);
  weights.set("web", 2);
  const task = { frameworkId: "1", taskId: "t", role: "web", agentId: "a", resources: {} };
  gathered.launched({ ...task, launchedMs: 10 });
  gathered.noteRules(now);
  expect(gathered.finish("launched", now).isReweighed).toBe(false);
  weights.set("web", 3);
  gathered.noteRules(now);
  expect(gathered.finish("launched", now).isReweighed).toBe(true);
});
