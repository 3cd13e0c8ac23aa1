import { describe, expect, test } from "vitest";
import { fairness, jainIndex } from "../../simulation/measure/fairness.ts";
import { Series } from "../../simulation/measure/series.ts";
import { pageHtml } from "../../simulation/report/page.ts";
import { remarksOf } from "../../simulation/report/remarks.ts";
import { type PolicyResult, simulate } from "../../simulation/simulate.ts";
import { generateDefaults, generateWorkload } from "../../simulation/workload/generate.ts";
import type { Workload } from "../../simulation/workload/model.ts";
import { parseWorkload } from "../../simulation/workload/text.ts";
import { faultyPlugin, shippedNames, shippedPlugin } from "../journal/support/policies.ts";
import { busy } from "../journal/support/workloads.ts";

async function run(workload: Workload, names: readonly string[], untilMs = 1e12) {
  const policies = await Promise.all(
    names.map(async (label) => ({ label, plugin: await shippedPlugin(label) })),
  );
  const { signal } = new AbortController();
  return simulate({ workload, policies, seed: 1, untilMs, signal, onProgress: () => {} });
}

async function one(text: string, policy = "drf", untilMs = 1e12): Promise<PolicyResult> {
  const [result] = await run(parseWorkload(text, "w.txt"), [policy], untilMs);
  if (result === undefined) throw new Error("there is no result");
  return result;
}

/** Results without what depends on the machine. */
function fixed(results: readonly PolicyResult[]): unknown {
  return results.map(({ costs, ...rest }) => rest);
}

describe("a simulation", () => {
  test("comes out the same for the same workload and seed", async () => {
    const workload = generateWorkload({ ...generateDefaults, jobs: 60, agents: 3 });
    const names = ["drf", "random"];
    const first = await run(workload, names);
    expect(fixed(await run(workload, names))).toEqual(fixed(first));
    expect(first[0]?.figures.ended).toBe(first[0]?.figures.tasks);
    expect(first[0]?.figures.waits).not.toEqual(first[1]?.figures.waits);
  }, 60_000);

  test("has tasks wait for those before them, and measures that", async () => {
    const { figures, stopped } = await one(`
      agents a cpus=2 mem=4GB
      framework f
      job f tasks=4 duration=10s cpus=1 mem=1GB
    `);
    expect([figures.ended, stopped]).toEqual([4, undefined]);
    // Two at once, then the other two; what is freed is offered at the next batch (C1).
    expect(figures.makespanMs).toBeGreaterThanOrEqual(20_000);
    expect(figures.makespanMs).toBeLessThan(22_500);
    expect(figures.waitMs.mean).toBeGreaterThan(5_000);
    expect(figures.waitMs.max).toBeLessThan(12_500);
    expect(figures.utilisation["cpus"]).toBeGreaterThan(0.9);
    expect(figures.utilisation["mem"]).toBeCloseTo((figures.utilisation["cpus"] ?? 0) / 2, 5);
  }, 60_000);

  test.each([
    [
      "role r limit.cpus=1",
      "cpus=2",
      "5 tasks fit an agent that quotas or the policy keep from them",
    ],
    ["", "cpus=5", "5 tasks fit no agent"],
    ["", "cpus=1 attr.rack=r1", "5 tasks fit no agent"],
  ])(
    "says what keeps tasks from starting: %s, %s",
    async (role, needs, said) => {
      const { figures, stopped } = await one(`
      agents a count=2 cpus=4
      ${role}
      framework f role=r
      job f tasks=5 duration=10s ${needs}
    `);
      expect([figures.ended, stopped]).toEqual([0, said]);
    },
    60_000,
  );

  test("says when a framework has left before its tasks came", async () => {
    const { stopped } = await one(`
      agents a cpus=4
      framework f until=1s
      job f at=5s tasks=2 duration=10s cpus=1
    `);
    expect(stopped).toBe("2 tasks are of frameworks that are not there");
  }, 60_000);

  test("measures to the stop when something has not ended then", async () => {
    const { figures } = await one(
      `
      agents a count=1 cpus=4 mem=4GB
      framework f
      framework g
      job f tasks=1 duration=1s cpus=1
      job f tasks=3 duration=1hrs cpus=1
      job g tasks=2 at=2s duration=1hrs cpus=1
      `,
      "drf",
      600_000,
    );
    expect(figures.makespanMs).toBeCloseTo(600_000, -3);
    expect(figures.utilisation["cpus"]).toBeGreaterThan(0.95);
    expect(figures.utilisation["cpus"]).toBeLessThanOrEqual(1);
    // One of g got the place of the task that ended; the other waited all the time.
    expect(figures.waitMs.max).toBeGreaterThan(590_000);
    for (const { shareMean } of figures.frameworks) expect(shareMean).toBeLessThanOrEqual(1);
  }, 60_000);

  test("runs tasks again that were lost with their agents", async () => {
    const { figures } = await one(`
      agents a cpus=4 until=5s
      agents b cpus=4 from=6s
      framework f
      job f tasks=4 duration=10s cpus=1
    `);
    expect([figures.ended, figures.lost]).toEqual([4, 4]);
  }, 60_000);

  test("says which tasks fit nowhere, and stops", async () => {
    const { figures, stopped } = await one(`
      agents a count=2 cpus=2 attr.rack=r1
      framework f
      job f duration=1s cpus=1
      job f tasks=3 duration=1s cpus=4
      job f duration=1s cpus=1 attr.rack=r2
    `);
    expect([figures.ended, stopped]).toEqual([1, "4 tasks fit no agent"]);
  }, 60_000);

  test("takes a job of more tasks than a call takes arguments", async () => {
    const text = "agents a cpus=64\nframework f\njob f tasks=200000 duration=1ms cpus=0.01";
    const { figures } = await one(text, "drf", 1);
    expect(figures.tasks).toBe(200_000);
  }, 60_000);

  test("stops when the time is up", async () => {
    const text = "agents a cpus=1\nframework f\njob f tasks=10 duration=60s cpus=1";
    const { figures, stopped } = await one(text, "drf", 150_000);
    expect(stopped).toBe("the time is up");
    expect(figures.ended).toBe(2);
  }, 60_000);

  test("E7 gives roles shares by weight while both want more", async () => {
    const { figures } = await one(
      `
      agents a count=30 cpus=1
      role two weight=2
      framework heavy role=two
      framework light role=one
      job heavy tasks=600 duration=1s cpus=1
      job light tasks=600 duration=1s cpus=1
      `,
      "drf",
      15_000,
    );
    const [heavy, light] = figures.frameworks;
    const ratio = (heavy?.shareMean ?? 0) / (light?.shareMean ?? 1);
    expect(ratio).toBeGreaterThan(1.7);
    expect(ratio).toBeLessThan(2.3);
    expect(figures.fairnessMean).toBeGreaterThan(0.95);
  }, 60_000);

  test("shows that first come first served is less fair than DRF", async () => {
    const workload = parseWorkload(
      `
      agents a count=10 cpus=2
      framework early role=one
      framework late role=two
      job early tasks=200 duration=4s cpus=1
      job late at=1s tasks=40 duration=4s cpus=1
      `,
      "w.txt",
    );
    const [drf, fifo] = await run(workload, ["drf", "fifo"]);
    const waitOf = (result: PolicyResult | undefined): number =>
      result?.figures.frameworks[1]?.waitMs.mean ?? 0;
    expect(waitOf(fifo)).toBeGreaterThan(2 * waitOf(drf));
    expect(drf?.figures.fairnessMean).toBeGreaterThan((fifo?.figures.fairnessMean ?? 1) + 0.2);
  }, 60_000);

  test("ends with every kind of thing in it, under every policy", async () => {
    const results = await run(busy, shippedNames);
    for (const { label, figures, stopped, faults } of results) {
      expect([label, stopped, faults]).toEqual([label, undefined, {}]);
      expect(figures.ended, label).toBeGreaterThan(100);
    }
  }, 60_000);
});

test("what the built-in policy did in the place of one that failed is told", async () => {
  const text = `
    agents a count=2 cpus=2
    framework f
    job f tasks=4 duration=10s cpus=1
  `;
  const bad = { label: "bad", plugin: await faultyPlugin(1, 0) };
  const good = { label: "drf", plugin: await shippedPlugin("drf") };
  const { signal } = new AbortController();
  const options = { workload: parseWorkload(text, "w.txt"), policies: [bad, good], seed: 1 };
  const around = { untilMs: 1e12, signal, onProgress: () => {} };
  const [failed, fine] = await simulate({ ...options, ...around });
  if (failed === undefined || fine === undefined) throw new Error("there is no result");
  expect(remarksOf(fine)).toEqual([]);
  const { replaced, rounds, decisions, figures } = failed;
  expect([figures.ended, replaced.decisions]).toEqual([4, decisions]);
  expect(replaced.rounds).toBeGreaterThan(0);
  expect(replaced.firstRound).toBeGreaterThan(1);
  const remarks = remarksOf(failed);
  expect(remarks[0]).toMatch(/^\d+ POLICY_TRAP$/);
  expect(remarks[1]).toContain(
    `round ${replaced.firstRound} on: ${replaced.rounds} of ${rounds} rounds, ${decisions} of`,
  );
  const about = { agents: 2, frameworks: 1, tasks: 4, seed: 1, software: "0", title: "w" };
  expect(pageHtml([failed, fine], about)).toContain(`<li>bad: ${remarks[1]}</li>`);
}, 60_000);

describe("fairness", () => {
  test("is Jain's index: 1 for equals, 1/n when one has all", () => {
    expect(jainIndex([3, 3, 3])).toBeCloseTo(1);
    expect(jainIndex([5, 0, 0, 0])).toBeCloseTo(0.25);
    expect(jainIndex([0, 0])).toBeUndefined();
  });

  const weights: Readonly<Record<string, number>> = { a: 3, "a/x": 2, b: 1 };
  const weightOf = (role: string): number => weights[role] ?? 1;

  test("counts those who want more, by the weights down the role tree", () => {
    const at = (role: string, share: number, wantsMore = true) => ({ role, share, wantsMore });
    expect(fairness([at("a", 0.75), at("b", 0.25)], weightOf)).toBeCloseTo(1);
    expect(fairness([at("a", 0.5), at("b", 0.5)], weightOf)).toBeLessThan(0.9);
    // In a: x has 2 of 2 + 1, for a's own frameworks compete as one of weight 1.
    const tree = [at("a/x", 0.5), at("a", 0.25), at("b", 0.25)];
    expect(fairness(tree, weightOf)).toBeCloseTo(1);
    expect(fairness([at("b", 0.1), at("b", 0.1), at("a", 0.6)], weightOf)).toBeCloseTo(1);
    expect(fairness([at("a", 0.9), at("b", 0.1, false)], weightOf)).toBeUndefined();
  });
});

test("a series keeps averages, gaps and its size, however long it gets", () => {
  const series = new Series(8, 10);
  series.add(0, 5, 4);
  series.add(5, 10, 8);
  series.add(30, 40, 2);
  expect(series.points).toEqual([
    [5, 6],
    [35, 2],
  ]);
  expect(series.mean()).toBeCloseTo(4);
  series.add(40, 1_000, 2);
  expect(series.points.length).toBeLessThanOrEqual(8);
  expect(series.mean()).toBeCloseTo((20 + 40 + 970 * 2) / 980);
});

test("the page needs nothing from elsewhere, and shows names as they are", async () => {
  const workload = parseWorkload(
    `
    agents a cpus=4
    framework <script>alert(1)</script>&co role=one
    framework other role=two
    job <script>alert(1)</script>&co tasks=9 duration=3s cpus=1
    job other tasks=9 duration=3s cpus=1
    `,
    "w.txt",
  );
  const results = await run(workload, ["drf", "fifo"]);
  const about = { agents: 1, frameworks: 2, tasks: 18, seed: 1, software: "0", title: "A <title>" };
  const html = pageHtml(results, about);
  expect(html).not.toMatch(/https?:|\/\/|<script|<link|@import|url\(|src=|href=/i);
  expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;&amp;co");
  expect(html).toContain("A &lt;title&gt;");
  expect(html).not.toContain("NaN");
  expect(html).not.toContain("undefined");
  const charts = html.match(/<svg /g) ?? [];
  // Cpus, waiting, fairness, waits, and the shares under each policy.
  expect(charts).toHaveLength(6);
  for (const tag of ["svg", "figure", "table", "ul", "div"]) {
    const open = html.match(new RegExp(`<${tag}[ >]`, "g")) ?? [];
    expect(html.match(new RegExp(`</${tag}>`, "g")), tag).toHaveLength(open.length);
  }
}, 60_000);
