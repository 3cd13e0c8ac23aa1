import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { SimulatedAgent } from "../../bench/fleet/agent.ts";
import { type DaemonProcess, startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { type FrameworkOptions, OperatorClient, resources, Scheduler } from "../../sdk/index.ts";
import { runCli } from "../cli/run-cli.ts";
import { until } from "../support/until.ts";

const PATIENCE_MS = 120_000;

/** The policies that go by what frameworks state, told to do so. */
const policies = [
  { name: "fifo", config: { priorities: 1, slowStart: 0 } },
  { name: "quincy", config: { priorityCost: 100_000 } },
];

describe.each(policies)("what frameworks state, under $name", (policy) => {
  let master: DaemonProcess;
  let client: OperatorClient;
  const agents: SimulatedAgent[] = [];
  const schedulers: Scheduler[] = [];
  beforeAll(async () => {
    master = await startMasterProcess({
      allocationInterval: "50ms",
      policy,
      log: { level: "error" },
    });
    client = await OperatorClient.connect({ masters: master.address, connectMs: 60_000 });
  }, PATIENCE_MS);
  afterEach(async () => {
    for (const scheduler of schedulers.splice(0)) await scheduler.teardown();
    await Promise.all(agents.splice(0).map((agent) => agent.close()));
  });
  afterAll(async () => {
    await client?.close();
    await master?.stop();
  }, 60_000);

  /** A framework that holds on to its offers. */
  async function framework(name: string, stated: Partial<FrameworkOptions> = {}) {
    const scheduler = new Scheduler({ name, masters: master.address, ...stated });
    schedulers.push(scheduler);
    const offered: string[] = [];
    scheduler.on("offers", (offers) => offered.push(...offers.map(({ id }) => id)));
    await scheduler.ready();
    return { scheduler, offered };
  }

  async function agent(hostname: string): Promise<void> {
    const what = { master: master.address, hostname, resources: resources({ cpus: 4, mem: 1024 }) };
    const one = new SimulatedAgent({ ...what, taskMs: 0 });
    agents.push(one);
    await one.registered;
  }

  test(
    "the higher priority comes first, stated by field or label",
    async () => {
      const early = await framework("early");
      const labels = { "tepui.priority": "3" };
      const [middle, urgent] = [
        await framework("middle", { labels }),
        await framework("urgent", { priority: 5, demand: { "*": resources({ cpus: 3 }) } }),
      ];
      const order: string[] = [];
      for (const hostname of ["a1", "a2"]) {
        await agent(hostname);
        await until(`an offer of ${hostname}`, () => {
          if (urgent.offered.length > 0 && !order.includes("urgent")) order.push("urgent");
          if (middle.offered.length > 0 && !order.includes("middle")) order.push("middle");
          return order.length === agents.length;
        });
      }
      // The second agent was not for the most urgent one any more: its demand was met by the first.
      expect([order, early.offered.length]).toEqual([["urgent", "middle"], 0]);
      const told = await client.request("explain-framework", { framework: "urgent" });
      expect(told.roles).toMatchObject([{ priority: 5, demand: { cpus: 3_000 }, wants: {} }]);
      const { frameworks } = await client.request("frameworks", {});
      const stated = frameworks.map((one) => [one.framework.priority, one.demand]);
      expect(stated).toEqual([
        [undefined, undefined],
        [3, undefined],
        [5, { "*": { cpus: 3_000 } }],
      ]);
      const at = ["--master", master.address];
      const table = (await runCli(["frameworks", ...at])).out;
      expect(table).toMatch(/REGISTERED +PRIORITY +DEMAND\n/);
      expect(table).toMatch(/ urgent .* 5 {2}\*: cpus:3\n/);
      expect(table).toMatch(/ early .* - {2}-\n/);
      const lines = (await runCli(["explain", "framework", "urgent", ...at])).out;
      expect(lines).toContain(
        "  stated priority 5\n  stated a demand of cpus:3, and has all of it\n",
      );
    },
    PATIENCE_MS,
  );

  test(
    "who asks for more is offered more, and who has enough is not",
    async () => {
      const one = await framework("one", { demand: { "*": resources({ cpus: 1 }) } });
      for (const hostname of ["a1", "a2", "a3"]) await agent(hostname);
      await until("an offer", () => one.offered.length === 1);
      // Somebody else is offered what is left, so a round has passed it over.
      const other = await framework("other");
      await until("the others", () => other.offered.length === 2);
      await other.scheduler.teardown();
      schedulers.splice(schedulers.indexOf(other.scheduler), 1);
      expect(one.offered).toHaveLength(1);
      one.scheduler.request(resources({ cpus: 12 }));
      await until("all of them", () => one.offered.length === 3);
      one.scheduler.request(resources({ cpus: 13 }));
      const wants = async () => {
        const told = await client.request("explain-framework", { framework: "one" });
        return told.roles[0]?.wants;
      };
      await until("what it lacks", async () => (await wants())?.["cpus"] === 1_000);
      await agent("a4");
      await until("it, too", () => one.offered.length === 4);
    },
    PATIENCE_MS,
  );

  test("a demand that is badly written is refused with its place", async () => {
    const labels = { "tepui.demand": "cpus:1;mem=64" };
    const bad = new Scheduler({ name: "bad", masters: master.address, labels });
    await expect(bad.ready()).rejects.toMatchObject({
      code: "FRAMEWORK_INVALID",
      message: expect.stringContaining("labels/tepui.demand, column 8:"),
    });
  });
});
