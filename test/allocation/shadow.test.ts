import { describe, expect, test } from "vitest";
import type { PolicyDiff } from "../../contract/schema/policy.ts";
import type { NameOf } from "../../kernel/allocation/comparison.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { type ShadowLimits, Shadows } from "../../kernel/allocation/shadows.ts";
import { jainIndex } from "../../kernel/allocation/shares.ts";
import { type PolicySpec, PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { ClientFlag } from "../../kernel/core/tables/shape.ts";
import { Cluster, vector } from "./support/cluster.ts";
import { misbehaving, shipped } from "./support/compile.ts";

const deadlineMs = 10_000;
const drf: PolicySpec = { policy: shipped("drf"), options: { deadlineMs } };
const fifo: PolicySpec = { policy: shipped("fifo"), options: { deadlineMs } };
const faulty = (...params: number[]): PolicySpec => ({
  policy: misbehaving("faulty"),
  options: { deadlineMs, params },
});

/** A live policy over a cluster, with room for shadows beside it. */
function beside(cluster: Cluster, live: PolicySpec, clockMs = () => 0, limits?: ShadowLimits) {
  const { tables } = cluster;
  const supervisor = new PolicySupervisor();
  const shadows = new Shadows(supervisor, clockMs, limits);
  const rounds = new AllocationRounds(supervisor, clockMs, shadows);
  supervisor.promote(live, tables, 0);
  const nameOf: NameOf = (row) => ({ frameworkId: `id-${row}`, name: `f${row}`, role: "r" });
  return {
    supervisor,
    shadows,
    shadow: (spec: PolicySpec, roundsMax?: number) => {
      const most = roundsMax === undefined ? {} : { roundsMax };
      shadows.start({ spec, nameOf, nowMs: 7, ...most }, tables, rounds.round);
    },
    round: () => {
      tables.touchAll();
      return rounds.run(tables, { seed: 1, nowMs: 0, stepsMax: 1000 });
    },
    report: (name: string): PolicyDiff => {
      const report = shadows.report(name, tables.kindNames);
      if (report === undefined) throw new Error(`no run of ${name}`);
      return report;
    },
    story: () => supervisor.events.map(({ what, name }) => `${what} ${name}`),
  };
}

/** Two frameworks in roles of their own; the first one has been there longer and holds a cpu. */
function twoFrameworks(): Cluster {
  const cluster = new Cluster();
  const first = cluster.client("old", "a");
  cluster.client("new", "b");
  cluster.tables.addUsed(first, vector(1, 1), 1);
  cluster.agent("a0", 4, 8);
  cluster.agent("a1", 4, 8);
  return cluster;
}

describe("Jain's index", () => {
  test("is 1 for equal shares, 1/n when one has all, and in between otherwise", () => {
    expect(jainIndex([0.2, 0.2, 0.2])).toBeCloseTo(1);
    expect(jainIndex([0.9, 0, 0])).toBeCloseTo(1 / 3);
    expect(jainIndex([1, 2, 3])).toBeCloseTo(36 / 42);
    expect(jainIndex([])).toBe(1);
    expect(jainIndex([0, 0])).toBe(1);
  });
});

describe("a shadow run", () => {
  test("says what another policy would have given, from the same state", () => {
    const { shadow, round, report } = beside(twoFrameworks(), drf);
    shadow(fifo);
    for (let n = 0; n < 3; n++) expect(round()?.policy).toBe("drf");
    const diff = report("fifo");
    expect(diff).toMatchObject({
      rounds: 3,
      disagreeing: 3,
      rows: { live: 6, shadow: 6, same: 3 },
    });
    expect(diff.live.name).toBe("drf");
    expect(diff.run).toMatchObject({ state: "running", startedMs: 7, skipped: 0, unmatched: 0 });
    // DRF gives one agent to each, fifo both to the one that came first; nothing is ever used up
    // here, so all rounds are alike. Of 8 cpus the old one holds 1.
    const [old, other] = diff.frameworks;
    expect(old).toMatchObject({
      frameworkId: "id-0",
      name: "f0",
      live: { offers: 3, resources: { cpus: 12_000, mem: 24_000 }, share: 5 / 8 },
      shadow: { offers: 6, resources: { cpus: 24_000, mem: 48_000 }, share: 9 / 8 },
    });
    expect(other).toMatchObject({
      live: { offers: 3, share: 0.5 },
      shadow: { offers: 0, share: 0 },
    });
    expect(diff.roles.map(({ role, live }) => [role, live.offers])).toEqual([
      ["a", 3],
      ["b", 3],
    ]);
    expect(diff.fairness.roles.live).toBeCloseTo(jainIndex([5 / 8, 4 / 8]));
    expect(diff.fairness.roles.shadow).toBeCloseTo(jainIndex([9 / 8, 0]));
    expect(diff.utilisation[0]).toEqual({ resource: "cpus", live: 9 / 8, shadow: 9 / 8 });
  });

  test("counts reservations and revocable resources as what they are worth", () => {
    const cluster = new Cluster();
    cluster.client("f", "a", ClientFlag.ACTIVE | ClientFlag.REVOCABLE);
    const agent = cluster.agent("a0", 2, 4);
    cluster.tables.setReservation(agent, cluster.role("a"), vector(1), vector(1));
    cluster.tables.setAgentRevocable(agent, vector(0.5));
    const { shadow, round, report } = beside(cluster, drf);
    shadow(fifo);
    round();
    const side = { offers: 1, resources: { cpus: 3_500, mem: 4_000 } };
    expect(report("fifo").frameworks[0]).toMatchObject({ live: side, shadow: side });
    expect(report("fifo").disagreeing).toBe(0);
  });

  test("leaves roles out that nobody is in: that they get nothing is not unfair", () => {
    const cluster = twoFrameworks();
    for (const name of ["x", "y/z"]) cluster.tables.setRoleWeight(cluster.role(name), 3);
    const { shadow, round, report } = beside(cluster, drf);
    shadow(fifo);
    round();
    expect(report("fifo").fairness.roles.live).toBeCloseTo(jainIndex([5 / 8, 4 / 8]));
    expect(report("fifo").roles.map(({ role }) => role)).toEqual(["a", "b"]);
  });

  test("divides shares by weights when it says how fair they are", () => {
    const cluster = twoFrameworks();
    cluster.tables.setRoleWeight(cluster.role("a"), 2);
    const { shadow, round, report } = beside(cluster, drf);
    shadow(fifo);
    round();
    expect(report("fifo").fairness.roles.live).toBeCloseTo(jainIndex([5 / 8 / 2, 4 / 8]));
  });

  test("ends after its rounds, and what it found stays", () => {
    const { shadow, round, report, story } = beside(twoFrameworks(), drf);
    shadow(fifo, 2);
    for (let n = 0; n < 5; n++) round();
    expect(report("fifo")).toMatchObject({ rounds: 2, run: { state: "finished", roundsMax: 2 } });
    expect(story()).toEqual(["promoted drf", "shadow-started fifo", "shadow-ended fifo"]);
  });

  test("that is stopped cannot be stopped again", () => {
    const { shadow, shadows, report } = beside(twoFrameworks(), drf);
    shadow(fifo);
    expect([shadows.stop("fifo", 1), shadows.stop("fifo", 1)]).toEqual([true, false]);
    expect(report("fifo").run.state).toBe("stopped");
  });

  test.each([
    ["traps", [1], "POLICY_TRAP", undefined],
    ["offers the same agent twice", [5], "POLICY_BAD_ROW", 1],
    ["offers an agent that is not there", [3, 7], "POLICY_BAD_ROW", 0],
  ])("that %s is over, and the live policy loses nothing", (_, params, code, row) => {
    const { supervisor, shadow, round, report } = beside(twoFrameworks(), drf);
    shadow(faulty(...params));
    expect(round()).toMatchObject({ lost: false, policy: "drf", count: 2 });
    expect(report("faulty").run).toMatchObject({ state: "faulted", code });
    const event = supervisor.events.at(-1);
    expect(event).toMatchObject({ what: "shadow-fault", name: "faulty", code, standing: "live" });
    expect(event?.row).toBe(row);
    expect(supervisor.faultCounts.size).toBe(0);
  });

  test("does not compare with what the built-in policy decided in place of the live one", () => {
    const { shadow, round, report } = beside(twoFrameworks(), faulty(1));
    shadow(fifo);
    for (let n = 0; n < 5; n++) round();
    expect(report("fifo")).toMatchObject({ rounds: 0, run: { unmatched: 5 } });
  });

  test("goes on when the tables grow", () => {
    const cluster = twoFrameworks();
    const { shadow, round, report } = beside(cluster, drf);
    shadow(faulty(12, 3));
    round();
    for (let n = 0; n < 300; n++) cluster.agent(`more${n}`, 1, 1);
    round();
    // Its private state went over: it has run two rounds, and traps after three.
    round();
    expect(report("faulty").rounds).toBe(3);
    round();
    expect(report("faulty").run.state).toBe("faulted");
  });

  test("begins anew when another policy is live, and ends when it is live itself", () => {
    const cluster = twoFrameworks();
    const { supervisor, shadows, shadow, round, report } = beside(cluster, drf);
    shadow(fifo);
    round();
    supervisor.promote(faulty(0), cluster.tables, 1);
    shadows.liveChanged(1);
    expect(report("fifo")).toMatchObject({ rounds: 0, live: { name: "faulty" } });
    supervisor.promote(fifo, cluster.tables, 1);
    shadows.liveChanged(1);
    expect(report("fifo").run.state).toBe("stopped");
  });

  test("of several takes turns with the others", () => {
    const { shadow, round, report } = beside(twoFrameworks(), drf);
    shadow(fifo);
    shadow(faulty(0));
    for (let n = 0; n < 10; n++) round();
    expect([report("fifo").rounds, report("faulty").rounds]).toEqual([5, 5]);
  });

  test("sits rounds out to keep within its share of the time", () => {
    let nowMs = 0;
    // Every look at the clock is a millisecond, and between two rounds ten more pass.
    const clockMs = (): number => nowMs++;
    const limits = { share: 0.1, creditMsMax: 5, liveMsMax: 100 };
    const { shadow, shadows, round, report } = beside(twoFrameworks(), drf, clockMs, limits);
    shadow(fifo);
    for (let n = 0; n < 500; n++) {
      round();
      nowMs += 10;
    }
    const { rounds, run } = report("fifo");
    expect(rounds + run.skipped).toBe(500);
    expect(rounds).toBeGreaterThan(50);
    expect(shadows.usedMs).toBeGreaterThan(0);
    expect(shadows.usedMs).toBeLessThan(nowMs * 0.1 + 10);
  });
});
