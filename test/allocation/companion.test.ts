import { describe, expect, test } from "vitest";
import type { WasmPlugin } from "../../contract/ports/plugin.ts";
import type { PolicyCompanion, StatementView } from "../../contract/ports/policy-companion.ts";
import { companionOf, PROGRAM_BYTES_MAX } from "../../kernel/allocation/companion.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { Cluster } from "./support/cluster.ts";
import { misbehaving } from "./support/compile.ts";

const policy = misbehaving("programmed");

/** Gives each agent to the framework that names its host in a label; counts its compilations. */
function byLabel() {
  const views: StatementView[] = [];
  let bytesMore = 0;
  const compile = (view: StatementView): Uint8Array => {
    views.push({ ...view });
    const bytes = new Uint8Array(view.agents.length + bytesMore).fill(255);
    for (const [agent, facts] of view.agents.entries()) {
      const wants = (label: { key: string; value?: string }) =>
        label.key === "wants" && label.value === facts?.hostname;
      const client = view.clients.findIndex((one) => one?.framework.labels?.some(wants));
      if (client >= 0) bytes[agent] = client;
    }
    return bytes;
  };
  const companion: PolicyCompanion = { compiler: () => ({ compile }) };
  return { companion, views, grow: (bytes: number) => (bytesMore = bytes) };
}

function setUp(companion: PolicyCompanion) {
  const cluster = new Cluster();
  const { tables } = cluster;
  const supervisor = new PolicySupervisor();
  const rounds = new AllocationRounds(supervisor, () => 0);
  const tell = (row: number, wants: string) =>
    tables.describeClient(row, {
      role: "r",
      framework: {
        name: "f",
        user: "u",
        roles: [],
        labels: [{ key: "wants", value: wants }],
      },
    });
  for (const [row, wants] of ["h1", "h0"].entries()) {
    cluster.client(`f${row}`, "r");
    tell(row, wants);
  }
  for (const hostname of ["h0", "h1"]) {
    tables.describeAgent(cluster.agent(hostname, 4, 100), { hostname }, []);
  }
  supervisor.promote({ policy, options: { deadlineMs: 10_000, companion } }, tables, 0);
  const run = () => {
    tables.touchAll();
    const done = rounds.run(tables, { seed: 1, nowMs: 0, stepsMax: 1000 });
    const pairs = Array.from({ length: done?.count ?? 0 }, (_, row) => {
      return `${done?.agents[row]}>${done?.clients[row]}`;
    });
    return { policy: done?.policy, lost: done?.lost, pairs: pairs.sort() };
  };
  return { cluster, tables, supervisor, run, tell };
}

describe("a companion", () => {
  test("turns what frameworks state into the program that the policy runs on", () => {
    const { companion } = byLabel();
    const { run, tell } = setUp(companion);
    expect(run().pairs).toEqual(["0>1", "1>0"]);
    tell(0, "h0");
    tell(1, "h1");
    expect(run().pairs).toEqual(["0>0", "1>1"]);
  });

  test("is asked again only when facts or kinds have changed, and told which rows", () => {
    const { companion, views } = byLabel();
    const { run, tell, tables } = setUp(companion);
    expect(views.map((view) => view.changedClients)).toEqual([undefined]);
    run();
    tables.setPriority(0, 3);
    tables.setAgentFlags(0, 3);
    run();
    expect(views).toHaveLength(1);
    tell(1, "h1");
    run();
    expect(views).toHaveLength(2);
    expect(Array.from(views[1]?.changedClients ?? [])).toEqual([1]);
    expect(Array.from(views[1]?.changedAgents ?? [0])).toEqual([]);
    tables.kindOf("fpga");
    run();
    expect(views).toHaveLength(3);
    expect(views[2]?.kindNames).toContain("fpga");
  });

  test("has the policy laid out anew, with its state, when the program outgrows its room", () => {
    const { companion, grow } = byLabel();
    const { run, tell, supervisor } = setUp(companion);
    run();
    grow(100_000);
    tell(0, "h0");
    tell(1, "h1");
    expect(run().pairs).toEqual(["0>0", "1>1"]);
    expect(supervisor.standing).toBe("live");
    expect(supervisor.events.map(({ what }) => what)).toEqual(["promoted"]);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["answers nothing", () => undefined as unknown as Uint8Array],
    ["answers too much", () => new Uint8Array(PROGRAM_BYTES_MAX + 1)],
  ])("that %s costs its policy the round, and the master nothing", (_, fail) => {
    let broken = false;
    const good = byLabel().companion.compiler();
    const companion = {
      compiler: () => ({
        compile: (view: StatementView) => (broken ? fail() : good.compile(view)),
      }),
    };
    const { run, tell, supervisor } = setUp(companion);
    broken = true;
    tell(0, "h0");
    expect(run()).toMatchObject({ policy: "programmed", lost: true });
    expect(supervisor.faultCounts.get("POLICY_COMPANION")).toBe(1);
    broken = false;
    tell(1, "h1");
    run();
    expect(run()).toMatchObject({ policy: "programmed", lost: false, pairs: ["0>0", "1>1"] });
  });

  const plugin = { name: "p", config: { a: 1 } } as WasmPlugin;
  test("is what its module makes of the config", () => {
    const { companion } = byLabel();
    const given: unknown[] = [];
    const make = (config: unknown) => {
      given.push(config);
      return companion;
    };
    expect(companionOf(plugin)).toBe(undefined);
    expect(companionOf({ ...plugin, companion: { companion: make } })).toBe(companion);
    expect(given).toEqual([{ a: 1 }]);
  });

  test.each([
    ["exports nothing", {}, "p: it exports no function `companion`"],
    ["makes nothing", { companion: () => undefined }, "p: what `companion` made has no"],
    [
      "refuses",
      {
        companion: () => {
          throw new Error("a: column 2");
        },
      },
      "p: a: column 2",
    ],
  ])("whose module %s is refused", (_, module, text) => {
    expect(() => companionOf({ ...plugin, companion: module })).toThrow(
      expect.objectContaining({
        code: "POLICY_COMPANION",
        message: expect.stringContaining(text),
      }),
    );
  });
});
