import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatedAgent } from "../../bench/fleet/agent.ts";
import { type DaemonProcess, startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { startAgents, startFrameworks } from "../../bench/fleet/fleet.ts";
import type { SimulatedFramework } from "../../bench/fleet/framework.ts";
import { Ledger } from "../../bench/fleet/ledger.ts";
import { loadRequest } from "../../cli/policy/load.ts";
import type { PolicyEventView } from "../../contract/schema/policy.ts";
import { OperatorClient, Scheduler } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { tepui } from "./support/local-cluster.ts";
import { testingPolicy, turncoatFaults } from "./support/testing-policy.ts";

/** Machines are shared, and nothing here is about how fast it is. */
const PATIENCE_MS = 120_000;

/** Waits longer than `until` does by itself. */
function patiently<T>(what: string, check: () => Promise<T | false | undefined>): Promise<T> {
  return until(what, check, PATIENCE_MS);
}

describe("a policy that fails on a master at work", () => {
  const ledger = new Ledger();
  let master: DaemonProcess;
  let client: OperatorClient;
  let agents: SimulatedAgent[] = [];
  let frameworks: SimulatedFramework[] = [];
  let picky: Scheduler;
  beforeAll(async () => {
    master = await startMasterProcess({ allocationInterval: "20ms", log: { level: "error" } });
    const { address } = master;
    client = await OperatorClient.connect({ masters: address, connectMs: 60_000 });
    agents = await startAgents({ master: address, agents: 4, taskMs: 0, ledger });
    // It filters every agent for an hour, so that there is something to offer in spite of that.
    picky = new Scheduler({ name: "picky", masters: address });
    picky.on("offers", (offers) => {
      for (const { id } of offers) picky.decline(id, { refuseMs: 3_600_000 });
    });
    await picky.ready();
    const ignored = { onRunning: () => {}, onEnded: () => {} };
    frameworks = startFrameworks(2, { master: address, ledger, tasksPerOfferMax: 4, ...ignored });
    await launches(20);
  }, PATIENCE_MS);
  afterAll(async () => {
    await client?.close();
    await picky?.teardown();
    await Promise.all(frameworks.map((framework) => framework.close()));
    await Promise.all(agents.map((agent) => agent.close()));
    await master?.stop();
  }, 60_000);

  const history = async (): Promise<PolicyEventView[]> =>
    (await client.request("policy-history", {})).events;

  /** What happened to one policy, once it has come to something. */
  async function storyOf(policy: string, end: string): Promise<PolicyEventView[]> {
    return patiently(`${policy}: ${end}`, async () => {
      const story = (await history()).filter(({ name }) => name === policy);
      return story.some(({ what }) => what === end) && story;
    });
  }

  /** Waits until frameworks have launched so many tasks from now. */
  async function launches(count: number): Promise<void> {
    const wanted = ledger.launched + count;
    await patiently("launches", async () => ledger.launched >= wanted);
  }

  async function load(as: string, config: Record<string, number>): Promise<void> {
    const request = loadRequest(testingPolicy("turncoat"), { as, config });
    await client.request("load-policy", request);
  }

  /** Ticks of the master's loop that took longer than a number of seconds. */
  async function slowTicks(seconds: number): Promise<number> {
    const text = await (await fetch(`http://${master.address}/metrics`)).text();
    const value = (name: string): number =>
      Number(
        text
          .split("\n")
          .find((line) => line.startsWith(`${name} `))
          ?.split(" ")[1],
      );
    const all = value("tepui_master_loop_tick_seconds_count");
    return all - value(`tepui_master_loop_tick_seconds_bucket{le="${seconds}"}`);
  }

  test(
    "one that traps on round 1,000 loses that round, and is trusted again later",
    async () => {
      const at = { fromRound: 1_000, toRound: 1_000 };
      await load("trap", { fault: turncoatFaults.trap, ...at });
      await client.request("promote-policy", { name: "trap" });
      const story = await storyOf("trap", "recovered");
      expect(story.map(({ what }) => what)).toEqual([
        "loaded",
        "promoted",
        "fault",
        "retried",
        "recovered",
      ]);
      expect(story[2]).toMatchObject({ code: "POLICY_TRAP", round: 1_000, standing: "live" });
      await launches(50);
      await client.request("rollback-policy", {});
    },
    PATIENCE_MS,
  );

  const faults: [what: keyof typeof turncoatFaults, code: string, hasRow: boolean][] = [
    ["loop", "POLICY_DEADLINE", false],
    ["twice", "POLICY_BAD_ROW", true],
    ["filtered", "POLICY_BAD_ROW", true],
    ["missing", "POLICY_BAD_ROW", true],
    ["grow", "POLICY_MEMORY", false],
  ];
  test.each(faults)(
    "%s: %s is in its history, and frameworks go on launching",
    async (name, code, hasRow) => {
      await load(name, { fault: turncoatFaults[name] });
      await client.request("promote-policy", { name });
      const fault = (await storyOf(name, "fault")).find(({ what }) => what === "fault");
      expect(fault).toMatchObject({ code, standing: "live" });
      expect(typeof fault?.row).toBe(hasRow ? "number" : "undefined");
      await launches(100);
      // What it does it does for ever, so the policy before it serves in the end.
      await patiently(
        "the policy before",
        async () => (await client.request("policies", {})).standing === "previous",
      );
      await launches(100);
      const swap = await client.request("rollback-policy", {});
      expect(swap.policy.name).toBe("drf");
      await launches(20);
    },
    PATIENCE_MS,
  );

  const refusals: [policy: string, code: string][] = [
    ["newer-minor", "POLICY_ABI_TOO_NEW"],
    ["endless-start", "POLICY_START"],
    ["trapping-start", "POLICY_START"],
    ["refusing", "POLICY_REFUSED"],
  ];
  test.each(refusals)(
    "%s is refused with %s when it is loaded, and nothing changes",
    async (policy, code) => {
      const before = await client.request("policies", {});
      const loading = client.request("load-policy", loadRequest(testingPolicy(policy), {}));
      await expect(loading).rejects.toMatchObject({ code });
      expect(await client.request("policies", {})).toEqual(before);
      expect((await history()).at(-1)).toMatchObject({ what: "refused", name: policy, code });
      await launches(20);
    },
    PATIENCE_MS,
  );

  test(
    "a shadow that loops is ended and noted, and costs the live policy no round",
    async () => {
      await load("slow", { fault: turncoatFaults.loop });
      const faultsBefore = (await client.request("policies", {})).faults;
      await client.request("shadow-policy", { name: "slow" });
      const story = await storyOf("slow", "shadow-fault");
      expect(story.at(-1)).toMatchObject({ code: "POLICY_DEADLINE", standing: "live" });
      await launches(50);
      expect((await client.request("policies", {})).faults).toEqual(faultsBefore);
      const { diff } = await client.request("policy-diff", { name: "slow" });
      expect(diff.run).toMatchObject({ state: "faulted", code: "POLICY_DEADLINE" });
    },
    PATIENCE_MS,
  );

  test(
    "`tepui policy history` tells it all",
    async () => {
      const env = { TEPUI_MASTER: master.address };
      const { stdout } = await tepui(["policy", "history"], env).result;
      for (const [name, code, hasRow] of faults) {
        const row = hasRow ? String.raw`\d+` : "-";
        const line = `${name}@[0-9a-f]{12} +fault +live +${code} +${row} `;
        expect(stdout).toMatch(new RegExp(line));
      }
    },
    PATIENCE_MS,
  );

  test(
    "after all that the books are right, and no turn was longer than the deadline",
    async () => {
      for (const framework of frameworks) framework.pause();
      await patiently("all ends", async () => ledger.unfinished.length === 0);
      expect(ledger.problems).toEqual([]);
      expect(ledger.ends).toEqual({ TASK_FINISHED: ledger.launched });
      // The deadline is one second; the other one is for a machine that is busy with other things.
      expect(await slowTicks(0.5)).toBeGreaterThan(0);
      expect(await slowTicks(2)).toBe(0);
    },
    PATIENCE_MS,
  );
});
