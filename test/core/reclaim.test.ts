import { describe, expect, test } from "vitest";
import { offersOut } from "../../kernel/core/offers-out.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { capacityMaster } from "../allocation/support/capacity-master.ts";
import { instancesOf } from "../allocation/support/cluster.ts";
import type { TestCluster } from "../support/cluster.ts";
import { setUp } from "../support/cluster-words.ts";
import { scenario } from "../support/scenario.ts";

// Compiled before the first test, which has a time limit.
instancesOf("capacity");

const two = `
  framework f
  framework g
  agent a1 cpus:4;mem:1024
  agent a2 cpus:4;mem:1024
`;

/** Row of an agent, and of the client of a framework, by name. */
const rows = (c: TestCluster, agent: string, framework: string) => ({
  agentRow: c.state.agentRows.findIndex((one) => one?.info.hostname === agent),
  clientRow: c.state.clientRows.findIndex((one) => one?.framework.info.name === framework),
});

/** Has the next round take back what a framework was offered, and give nothing. */
function takeBack(c: TestCluster, agent: string, framework: string): void {
  const { decide } = c;
  const row = rows(c, agent, framework);
  c.decide = () => {
    c.decide = decide;
    return [{ ...row, whole: false, reclaim: true }];
  };
  c.lookAgain = true;
  c.do("wait 1s");
  c.do("wait 1s");
}

/** How many offers a framework holds. */
const held = (c: TestCluster, name: string): number =>
  [...c.state.offers.values()].filter(({ framework }) => framework.info.name === name).length;

describe("a decision that takes back", () => {
  scenario("rescinds what was not answered, and the next round gives it out (C12)", two, (c) => {
    c.lookAgain = true;
    c.do("f declines a2 refuse=1000");
    c.do("wait 2s");
    c.told();
    takeBack(c, "a1", "f");
    c.expect("f < rescind a1\nf < offers a1(cpus:4;mem:1024)");
    expect(c.state.counts).toMatchObject({ offersRescinded: 1, offersReclaimed: 1 });
    expect(c.state.rounds.idle.size).toBe(0);
  });

  scenario(
    "again and again waits for the batch each time, so that nobody is kept from answering (C1)",
    two,
    (c) => {
      let count = 0;
      // Gives what is free and takes back what is out, in every round.
      c.decide = (state) => {
        count += 1;
        if (count > 1_000) throw new Error("the rounds do not come to rest");
        const gives = c.state.agentRows.flatMap((agent) =>
          agent === undefined || agent.free.length === 0
            ? []
            : [{ agentRow: agent.row, clientRow: rows(c, "a1", "f").clientRow, whole: true }],
        );
        const takes = [...state.offers.values()].map(({ agent, client }) => ({
          agentRow: agent.row,
          clientRow: client.row,
          whole: false,
          reclaim: true,
        }));
        return [...gives, ...takes];
      };
      c.lookAgain = true;
      c.do("f declines a2 refuse=1000");
      c.do("wait 2s");
      count = 0;
      c.do("wait 10s");
      expect(count).toBeLessThanOrEqual(30);
      expect(c.state.counts.offersReclaimed).toBeGreaterThan(10);
      c.told();
    },
  );

  scenario("finds nothing when the offer has been answered, and harms nobody", two, (c) => {
    c.lookAgain = true;
    c.do("f declines a2 refuse=1000\nf accepts a1 t1(cpus:4;mem:1024)");
    c.do("wait 2s");
    c.told();
    takeBack(c, "a1", "f");
    expect(c.state.counts).toMatchObject({ offersReclaimed: 0, decisionsDropped: 1 });
    c.told();
  });
});

describe("the list of what is out", () => {
  const listed = (c: TestCluster) => {
    const into = {
      agent: new Uint32Array(2),
      client: new Uint32Array(2),
      sinceMs: new Float64Array(2),
      amounts: new Float64Array(2 * KINDS),
      unreserved: new Float64Array(2 * KINDS),
    };
    const count = offersOut(c.state).list(into);
    return Array.from({ length: count }, (_, row) =>
      [
        c.state.agentRows[into.agent[row] as number]?.info.hostname,
        c.state.clientRows[into.client[row] as number]?.framework.info.name,
        c.nowMs - (into.sinceMs[row] as number),
        into.amounts[row * KINDS],
        into.unreserved[row * KINDS],
      ].join(" "),
    );
  };

  scenario(
    "has a row a pair, the longest offered first, with what is reserved apart",
    "framework f role=r\nagent a1 cpus:4;cpus(r):2;mem:64\nagent a2 cpus:1;mem:64",
    (c) => {
      c.do("wait 3s");
      c.told();
      expect(listed(c)).toEqual(["a1 f 3000 6000 4000", "a2 f 3000 1000 1000"]);
      const before = offersOut(c.state).version;
      c.do("f declines a1 refuse=0");
      expect(listed(c)).toEqual(["a2 f 3000 1000 1000"]);
      expect(offersOut(c.state).version).toBeGreaterThan(before);
      c.do("wait 1s");
      c.told();
      expect(listed(c)).toEqual(["a2 f 4000 1000 1000", "a1 f 0 6000 4000"]);
    },
  );

  scenario("has one row for several offers to one client, since the newest", "framework f", (c) => {
    const parts = [1_000, 2_000];
    c.decide = () => {
      const cpus = parts.shift();
      const amounts = [cpus ?? 0, 1_000, 0, 0, 0, 0, 0, 0];
      return cpus === undefined ? [] : [{ ...rows(c, "a1", "f"), whole: false, amounts }];
    };
    c.lookAgain = true;
    setUp(c, "agent a1 cpus:4;mem:64");
    c.do("wait 2s");
    expect(held(c, "f")).toBe(2);
    expect(listed(c)).toHaveLength(1);
    expect(listed(c)[0]).toMatch(/^a1 f \d+ 3000 3000$/);
    c.told();
  });
});

describe("capacity in a master", () => {
  const agents = Array.from({ length: 8 }, (_, n) => `agent a${n} cpus:4;mem:1024`).join("\n");

  /** A framework that answers nothing has everything when another queue comes. */
  function hoarded(reclaim: number): TestCluster {
    const c = capacityMaster(`framework hog role=a\n${agents}`, reclaim);
    c.told();
    expect(held(c, "hog")).toBe(8);
    c.wait(10_000);
    setUp(c, "framework late role=b");
    return c;
  }

  test("a queue gets its half of what another hoards, soon, and that is all", () => {
    const c = hoarded(1);
    c.wait(1_100);
    expect([held(c, "hog"), held(c, "late")]).toEqual([4, 4]);
    // Nobody answers: all stays as it is.
    c.wait(120_000);
    expect([held(c, "hog"), held(c, "late")]).toEqual([4, 4]);
    expect(c.state.counts).toMatchObject({ offersReclaimed: 4, offersMade: 12 });
    const rescinds = c.told().filter((line) => line.includes("rescind"));
    expect(rescinds).toHaveLength(4);
    expect(rescinds.every((line) => line.startsWith("hog <"))).toBe(true);
  });

  test("nothing is taken back where that is switched off", () => {
    const c = hoarded(0);
    c.wait(120_000);
    expect([held(c, "hog"), held(c, "late")]).toEqual([8, 0]);
    c.told();
  });

  test("a framework has time to answer before its offers are taken", () => {
    const c = capacityMaster(`framework hog role=a\n${agents}`, 1, 30_000);
    setUp(c, "framework late role=b");
    c.wait(28_000);
    expect([held(c, "hog"), held(c, "late")]).toEqual([8, 0]);
    c.wait(4_000);
    expect([held(c, "hog"), held(c, "late")]).toEqual([4, 4]);
    c.told();
  });

  test("what tasks use is left alone, however much that is", () => {
    const c = capacityMaster(`framework hog role=a\n${agents}`);
    for (let n = 0; n < 6; n++) c.do(`hog accepts a${n} t${n}(cpus:4;mem:1024)`);
    setUp(c, "framework late role=b");
    c.wait(10_000);
    expect([held(c, "hog"), held(c, "late")]).toEqual([0, 2]);
    expect(c.state.agents.size).toBe(8);
    expect([...c.state.frameworks.values()].map(({ tasks }) => tasks.size)).toEqual([6, 0]);
    c.told();
  });

  test("a queue that refuses what it would be given is given nothing of others", () => {
    const c = hoarded(1);
    c.wait(1_100);
    c.do("late declines all refuse=600000");
    c.wait(120_000);
    // What it refused goes back; of the others it gets its half again, and refuses that, too.
    c.do("late declines all refuse=600000");
    c.wait(120_000);
    expect([held(c, "hog"), held(c, "late")]).toEqual([8, 0]);
    c.told();
  });
});
