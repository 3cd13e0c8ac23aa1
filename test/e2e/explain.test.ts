import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OperatorResult } from "../../contract/operator-api.ts";
import { type Offer, resources, Scheduler } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { type LocalCluster, startLocalCluster } from "./support/local-cluster.ts";

type Told = OperatorResult<"explain-framework">;

describe("explanations on a local cluster of real processes", () => {
  let cluster: LocalCluster;
  const schedulers: Scheduler[] = [];
  beforeAll(async () => {
    cluster = await startLocalCluster(2);
  }, 180_000);
  afterAll(async () => {
    for (const scheduler of schedulers) await scheduler.stop();
    await cluster?.stop();
  }, 60_000);

  /** A framework that keeps every offer until it is told otherwise. */
  async function keeper(name: string): Promise<{ scheduler: Scheduler; offers: Offer[] }> {
    const scheduler = new Scheduler({ name, masters: cluster.address, roles: [name] });
    schedulers.push(scheduler);
    const offers: Offer[] = [];
    scheduler.on("offers", (more) => offers.push(...more));
    await scheduler.ready();
    return { scheduler, offers };
  }

  async function asked(...words: string[]): Promise<Told> {
    const { stdout, stderr, code } = await cluster.run("explain", ...words, "-o", "json");
    expect(stderr).toBe("");
    expect(code).toBe(0);
    return JSON.parse(stdout) as Told;
  }

  const codes = ({ roles }: Told): string[] => (roles[0]?.agents ?? []).map(({ code }) => code);

  test("from being outranked over an offer, a refusal and suppression to a task", async () => {
    const first = await keeper("first");
    await until("both agents", () => first.offers.length === 2);
    const second = await keeper("second");

    const outranked = await asked("framework", "second");
    expect(codes(outranked)).toEqual(["outranked"]);
    expect(outranked.roles[0]?.agents[0]?.examples[0]?.text).toMatch(
      /^to first \(.*\) in role first/,
    );
    const table = await cluster.run("explain", "framework", "second");
    expect(table.stdout).toContain("  2  outranked: ");
    expect(table.stdout).toContain("- agent-1 (");

    const agent = await cluster.run("explain", "agent", "agent-1");
    expect(agent.code).toBe(0);
    expect(agent.stdout).toMatch(/^HELD BY +ROLE +TASKS/m);
    expect(agent.stdout).toMatch(/1 {2}offered: [\s\S]*first/);

    for (const { id } of first.offers.splice(0)) first.scheduler.decline(id, { refuseMs: 600_000 });
    await until("what was declined", () => second.offers.length === 2);
    expect(codes(await asked("framework", "second"))).toEqual(["offered"]);

    const [one, other] = second.offers.splice(0) as [Offer, Offer];
    second.scheduler.decline(other.id, { refuseMs: 600_000 });
    const task = { taskId: "explained", resources: resources({ cpus: 0.1, mem: 32 }) };
    second.scheduler.launch(one, [{ ...task, command: { value: "sleep 1000" } }], {
      refuseMs: 600_000,
    });
    await until(
      "two refusals",
      async () => codes(await asked("framework", "first"))[0] === "filtered",
    );
    const filtered = await asked("framework", "first", "--all");
    expect(filtered.roles[0]?.agents[0]?.change).toMatch(/^the first ends in [\d.]+ mins; REVIVE/);

    first.scheduler.suppress();
    await until("the suppression", async () => {
      const { stdout } = await cluster.run("explain", "role", "first");
      return stdout.includes("nobody-asks: ") && stdout.includes("suppressed: ");
    });

    await until("the running task", async () => {
      const { stdout } = await cluster.run("explain", "task", "expl");
      return /^task explained of second .*, TASK_RUNNING$/m.test(stdout);
    });
    first.scheduler.revive();
    await until("what nobody refuses any more", () => first.offers.length > 0);
  }, 180_000);

  test("what is not there is refused with its code and status 1", async () => {
    for (const [words, code] of [
      [["framework", "nobody"], "FRAMEWORK_NOT_FOUND"],
      [["agent", "nowhere"], "AGENT_UNKNOWN"],
      [["role", "none"], "ROLE_UNKNOWN"],
      [["task", "never"], "TASK_UNEXPLAINED"],
    ] as const) {
      const { stderr, code: status } = await cluster.run("explain", ...words);
      expect(stderr).toContain(`error[${code}]`);
      expect(status).toBe(1);
    }
  }, 120_000);
});
