import { describe, expect, test } from "vitest";
import { admitPolicy } from "../../kernel/allocation/admission.ts";
import { PolicyFault } from "../../kernel/allocation/faults.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { DEFAULT_SUPERVISION } from "../../kernel/allocation/supervision.ts";
import { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { ClientFlag } from "../../kernel/core/tables/shape.ts";
import { Cluster, vector } from "./support/cluster.ts";
import { compiled, misbehaving, shipped } from "./support/compile.ts";

const NOBODY = 0xffff_ffff;

/** The code and the offending row of what was thrown. */
function faultOf(run: () => unknown): { code: string; row: number | undefined } | undefined {
  try {
    run();
  } catch (error) {
    if (!(error instanceof PolicyFault)) throw error;
    return { code: error.code, row: error.row };
  }
  return undefined;
}

/** Two frameworks and one agent, on which the misbehaving policy is let loose. */
function smallCluster(): Cluster {
  const cluster = new Cluster();
  cluster.client("f1", "a");
  cluster.client("f2", "b");
  cluster.agent("a0", 4, 100);
  return cluster;
}

function supervised(cluster: Cluster, params: readonly number[], deadlineMs = 10_000) {
  const supervisor = new PolicySupervisor({ ...DEFAULT_SUPERVISION, healthyRounds: 3 });
  const rounds = new AllocationRounds(supervisor, () => 0);
  const spec = { policy: misbehaving("faulty"), options: { deadlineMs, params } };
  supervisor.promote(spec, cluster.tables, 0);
  const run = () => rounds.run(cluster.tables, { seed: 1, nowMs: 0, stepsMax: 1000 });
  return { supervisor, run };
}

describe("admission refuses, before any code of the policy runs,", () => {
  const refusals: [file: string, code: string][] = [
    ["wrong-marker", "POLICY_ABI_MISSING"],
    ["imports", "POLICY_IMPORTS"],
    ["missing-export", "POLICY_EXPORTS"],
  ];
  test.each(refusals)("%s with %s", (file, code) => {
    expect(faultOf(() => misbehaving(file))?.code).toBe(code);
  });

  test("a file with another digest than the manifest's", () => {
    const bytes = compiled("assembly/policies/drf.ts");
    expect(faultOf(() => admitPolicy("drf", bytes, "0".repeat(64)))?.code).toBe("POLICY_DIGEST");
    expect(admitPolicy("drf", bytes, shipped("drf").digest).name).toBe("drf");
  });

  test("what is no WebAssembly", () => {
    const noise = new TextEncoder().encode("#!/bin/sh");
    expect(faultOf(() => admitPolicy("noise", noise))?.code).toBe("POLICY_NOT_WASM");
  });
});

describe("an instance is refused before its first round when it", () => {
  const refusals: [file: string, code: string][] = [
    ["newer-minor", "POLICY_ABI_TOO_NEW"],
    ["endless-start", "POLICY_START"],
    ["trapping-start", "POLICY_START"],
    ["refusing", "POLICY_REFUSED"],
    ["no-room", "POLICY_REFUSED"],
    ["no-magic", "POLICY_LAYOUT"],
    ["wild-header", "POLICY_LAYOUT"],
    ["overlapping", "POLICY_LAYOUT"],
    ["wide-schema", "POLICY_EXPORTS"],
    ["large-state", "POLICY_LAYOUT"],
  ];
  test.each(refusals)("is %s: %s", (file, code) => {
    const policy = misbehaving(file);
    // Wide of any start that ends, since only one of them does not.
    const options = { deadlineMs: file === "endless-start" ? 200 : 10_000 };
    const start = () => new WasmPolicy(policy, new Cluster().tables, options);
    expect(faultOf(start)?.code).toBe(code);
  });

  test("and a promotion of it changes nothing", () => {
    const cluster = smallCluster();
    const { supervisor, run } = supervised(cluster, [0]);
    const spec = { policy: misbehaving("refusing"), options: { deadlineMs: 10_000 } };
    const promote = () => supervisor.promote(spec, cluster.tables, 1);
    expect(faultOf(promote)?.code).toBe("POLICY_REFUSED");
    expect(run()).toMatchObject({ policy: "faulty", count: 1, lost: false });
  });
});

describe("a round is lost, with its own code, when the policy", () => {
  const faults: [what: string, params: number[], code: string, row?: number][] = [
    ["traps", [1], "POLICY_TRAP"],
    ["names an agent that is not there", [3, 7], "POLICY_BAD_ROW", 0],
    ["names an agent out of all range", [3, NOBODY], "POLICY_BAD_ROW", 0],
    ["names a client that is not there", [4, 2], "POLICY_BAD_ROW", 0],
    ["gives an agent to two clients", [5], "POLICY_BAD_ROW", 1],
    ["gives more than is free", [6, 4001], "POLICY_BAD_ROW", 0],
    ["gives less than nothing", [6, -1], "POLICY_BAD_ROW", 0],
    ["gives what is no number", [6, Number.NaN], "POLICY_BAD_ROW", 0],
    ["gives fractions of thousandths", [6, 0.5], "POLICY_BAD_ROW", 0],
    ["gives nothing at all", [6, 0], "POLICY_BAD_ROW", 0],
    ["gives parts that sum to more than is free", [11, 2001], "POLICY_BAD_ROW", 1],
    ["answers with more rows than there is room for", [7, 2 ** 31 - 1], "POLICY_BAD_COUNT"],
    ["answers with fewer than no rows", [7, -1], "POLICY_BAD_COUNT"],
    ["says it looked at more than there was", [10], "POLICY_BAD_COUNT"],
    ["sets flags that have no meaning", [8, 64], "POLICY_BAD_ROW", 0],
    ["takes back what is not offered", [8, 8], "POLICY_BAD_ROW", 0],
  ];
  test.each(faults)("%s", (_, params, code, row) => {
    const cluster = smallCluster();
    const { supervisor, run } = supervised(cluster, params);
    expect(run()).toMatchObject({ lost: true, count: 0, policy: "faulty" });
    expect(supervisor.faultCounts.get(code as never)).toBe(1);
    expect(supervisor.events.at(-1)).toMatchObject({ what: "fault", code, standing: "live" });
    expect(supervisor.events.at(-1)?.row).toBe(row);
    expect(cluster.tables.candidates).toHaveLength(1);
  });

  test("loops for ever: the deadline stops it", () => {
    const { supervisor, run } = supervised(smallCluster(), [2], 200);
    expect(run()?.lost).toBe(true);
    expect([...supervisor.faultCounts.keys()]).toEqual(["POLICY_DEADLINE"]);
  });

  test("traps with a note, which is shown", () => {
    const { supervisor, run } = supervised(smallCluster(), [13, 77]);
    expect(run()?.lost).toBe(true);
    expect(supervisor.events.at(-1)?.detail).toMatch(/^the policy trapped.* \(its note says 77\)$/);
  });

  test("lets its memory grow after init", () => {
    const cluster = smallCluster();
    const { supervisor, run } = supervised(cluster, []);
    const growing = { policy: misbehaving("growing"), options: { deadlineMs: 10_000 } };
    supervisor.promote(growing, cluster.tables, 0);
    expect(run()).toMatchObject({ lost: true, policy: "growing" });
    expect([...supervisor.faultCounts.keys()]).toEqual(["POLICY_MEMORY"]);
  });

  test("asks for more rounds without using them", () => {
    const { supervisor, run } = supervised(smallCluster(), [9]);
    for (let n = 0; n <= DEFAULT_SUPERVISION.stalledRoundsMax; n++) run();
    expect([...supervisor.faultCounts.keys()]).toEqual(["POLICY_NO_PROGRESS"]);
  });

  test("gives what is filtered, suppressed, inactive or limited", () => {
    const spoil: ((cluster: Cluster) => void)[] = [
      ({ tables }) => tables.setFiltered(0, 0, true),
      ({ tables }) => tables.setClientFlags(0, ClientFlag.ACTIVE | ClientFlag.SUPPRESSED),
      ({ tables }) => tables.setClientFlags(0, 0),
      ({ tables }) => tables.setAgentFlags(0, 0),
      (cluster) => cluster.tables.setRoleQuota(cluster.role("a"), undefined, vector(1, 1000)),
      ({ tables }) => tables.setDefaultMinAllocatable([vector(5)]),
    ];
    for (const change of spoil) {
      const cluster = smallCluster();
      change(cluster);
      const { supervisor, run } = supervised(cluster, [0]);
      expect(run()?.lost).toBe(true);
      expect([...supervisor.faultCounts.keys()]).toEqual(["POLICY_BAD_ROW"]);
    }
  });
});

describe("supervision", () => {
  /** Runs rounds on the same cluster, which stays as it is, and tells who decided. */
  function story(params: number[], rounds: number): string[] {
    const cluster = smallCluster();
    const { supervisor, run } = supervised(cluster, params);
    return Array.from({ length: rounds }, () => {
      cluster.tables.touchAgent(0);
      const decisions = run();
      return `${decisions?.lost ? "lost" : decisions?.policy} ${supervisor.standing}`;
    });
  }

  test("restores, then starts cold, then trusts the built-in policy, each time later", () => {
    expect(story([1], 12)).toEqual([
      "lost restored",
      "lost cold",
      "built-in cold",
      "lost built-in",
      ...Array(8).fill("built-in built-in"),
    ]);
  });

  test("starts cold when the restored state is the poison, and forgives after a while", () => {
    // It traps as soon as its private state has counted more than two rounds.
    expect(story([12, 2], 8).slice(0, 6)).toEqual([
      "faulty live",
      "faulty live",
      "lost restored",
      "lost cold",
      "built-in cold",
      "faulty cold",
    ]);
  });

  test("returns to the policy before the one that keeps failing", () => {
    const cluster = smallCluster();
    const { supervisor, run } = supervised(cluster, [0]);
    const bad = { policy: shipped("drf"), options: { deadlineMs: 10_000 } };
    supervisor.promote(bad, cluster.tables, 0);
    expect(run()?.policy).toBe("drf");
    expect(supervisor.rollback(cluster.tables, 1)).toBe(true);
    cluster.tables.touchAgent(0);
    expect(run()?.policy).toBe("faulty");
    expect(supervisor.events.map(({ what }) => what)).toEqual([
      "promoted",
      "promoted",
      "rolled-back",
    ]);
  });

  test("hands private state over when the tables grow", () => {
    const cluster = smallCluster();
    const { run } = supervised(cluster, [12, 2]);
    run();
    for (let n = 0; n < 300; n++) cluster.agent(`more${n}`, 1, 1);
    expect(run()?.lost).toBe(false);
    // The third round since the start, and so the one that traps.
    cluster.tables.touchAgent(1);
    expect(run()?.lost).toBe(true);
  });
});
