import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SimulatedAgent } from "../../bench/fleet/agent.ts";
import { type DaemonProcess, startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { AGENT_RESOURCES } from "../../bench/fleet/fleet.ts";
import { OperatorClient, Scheduler } from "../../sdk/index.ts";
import { until } from "../support/until.ts";

const PATIENCE_MS = 120_000;

const text = (name: string, value: string) => ({ name, text: value });

/** Agents by host: two racks, and one that only takes a team. */
const AGENTS = {
  a1: [text("rack", "r1")],
  a2: [text("rack", "r2"), { name: "speed", scalar: 2_000 }],
  a3: [text("rack", "r2"), { name: "speed", scalar: 5_000 }],
  mine: [text("rack", "r2"), text("condor.requirements", 'TARGET.team == "red"')],
  broken: [text("rack", "r2"), text("condor.requirements", "TARGET.team ==")],
};

describe("condor on a master at work", () => {
  let master: DaemonProcess;
  let client: OperatorClient;
  let agents: SimulatedAgent[] = [];
  const schedulers: Scheduler[] = [];
  beforeAll(async () => {
    master = await startMasterProcess({
      allocationInterval: "50ms",
      policy: { name: "condor", config: {} },
      log: { level: "error" },
    });
    const { address } = master;
    client = await OperatorClient.connect({ masters: address, connectMs: 60_000 });
    agents = Object.entries(AGENTS).map(([hostname, attributes]) => {
      const what = { master: address, hostname, attributes, resources: AGENT_RESOURCES };
      return new SimulatedAgent({ ...what, taskMs: 0 });
    });
    await Promise.all(agents.map((agent) => agent.registered));
  }, PATIENCE_MS);
  afterAll(async () => {
    for (const scheduler of schedulers) await scheduler.teardown().catch(() => {});
    await Promise.all(agents.map((agent) => agent.close()));
    await client?.close();
    await master?.stop();
  }, 60_000);

  /** A framework that holds on to its offers; their hosts in the order in which they came. */
  async function framework(labels: Record<string, string>) {
    const hosts: string[] = [];
    const scheduler = new Scheduler({ name: "f", masters: master.address, labels });
    scheduler.on("offers", (offers) => hosts.push(...offers.map(({ hostname }) => hostname)));
    await scheduler.ready();
    schedulers.push(scheduler);
    return { scheduler, hosts };
  }

  async function leave({ scheduler }: Awaited<ReturnType<typeof framework>>): Promise<void> {
    await scheduler.teardown();
    schedulers.splice(schedulers.indexOf(scheduler), 1);
  }

  test(
    "a framework is offered the agents that match, on both sides, the best first",
    async () => {
      const requirements = 'TARGET.rack == "R2" && TARGET.cpus >= 8';
      const labels = { "condor.requirements": requirements, "condor.rank": "TARGET.speed" };
      const blue = await framework({ ...labels, team: "blue" });
      await until("two offers", () => blue.hosts.length >= 2);
      // Enough rounds for more of them, if there were any.
      const red = await framework({ ...labels, team: "red" });
      await until("the team's own", () => red.hosts.length >= 1);
      expect([blue.hosts, red.hosts]).toEqual([["a3", "a2"], ["mine"]]);
      const any = await framework({});
      await until("the rest", () => any.hosts.length >= 1);
      expect(any.hosts).toEqual(["a1"]);
      for (const one of [blue, red, any]) await leave(one);
    },
    PATIENCE_MS,
  );

  test(
    "a bad expression is refused at the subscription, with its label and column",
    async () => {
      const labels = { "condor.requirements": "TARGET.cpus >= && true" };
      const bad = new Scheduler({ name: "bad", masters: master.address, labels });
      const refusal = await bad.ready().catch((error: unknown) => error);
      expect(refusal).toMatchObject({
        code: "STATEMENT_INVALID",
        message: expect.stringContaining(
          'labels/condor.requirements, column 16: expected a value, found "&&"',
        ),
      });
      const { frameworks } = await client.request("frameworks", {});
      expect(frameworks.filter((one) => one.framework.name === "bad")).toEqual([]);
    },
    PATIENCE_MS,
  );

  test(
    "an update is refused in the same way, and what was stated before goes on",
    async () => {
      const one = await framework({ "condor.requirements": 'rack == "r1"' });
      await until("its agent", () => one.hosts.length === 1);
      const change = (rank: string) =>
        one.scheduler.updateFramework({ labels: { "condor.rank": rank } });
      await expect(change("speed +")).rejects.toMatchObject({ code: "STATEMENT_INVALID" });
      await change("speed");
      await until("the others, which it may have now", () => one.hosts.length === 3);
      expect(one.hosts).toEqual(["a1", "a3", "a2"]);
      await leave(one);
    },
    PATIENCE_MS,
  );

  test(
    "what agents require by default is config: checked, and changed without a swap",
    async () => {
      const bad = client.request("configure-policy", { config: { agentRequirements: "cpus >" } });
      await expect(bad).rejects.toMatchObject({
        code: "POLICY_COMPANION",
        message: expect.stringContaining("config/agentRequirements, column 7"),
      });
      const agentRequirements = 'TARGET.team == "green"';
      await client.request("configure-policy", { config: { agentRequirements } });
      const red = await framework({ team: "red" });
      await until("its own", () => red.hosts.length === 1);
      expect(red.hosts).toEqual(["mine"]);
      await client.request("configure-policy", { config: { agentRequirements: null } });
      await until("those that require nothing any more", () => red.hosts.length === 4);
      expect(red.hosts.slice(1).sort()).toEqual(["a1", "a2", "a3"]);
      await leave(red);
    },
    PATIENCE_MS,
  );

  test(
    "another policy offers what condor did not, and condor comes back",
    async () => {
      const none = await framework({ "condor.requirements": "false" });
      await client.request("load-policy", { plugin: "fifo" });
      await client.request("promote-policy", { name: "fifo" });
      await until("all agents", () => none.hosts.length === 5);
      await leave(none);
      const bad = await framework({ "condor.requirements": "(" });
      await until("an offer from fifo", () => bad.hosts.length > 0);
      // It was there before: it is not thrown out, and matches nothing.
      await client.request("rollback-policy", {});
      await leave(bad);
      const again = await framework({ "condor.requirements": 'rack == "r1"' });
      await until("its agent", () => again.hosts.length === 1);
      expect(again.hosts).toEqual(["a1"]);
    },
    PATIENCE_MS,
  );
});
