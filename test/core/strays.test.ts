import { expect, test } from "vitest";
import { agentsView } from "../../kernel/core/views.ts";
import { TestCluster } from "../support/cluster.ts";

const info = { hostname: "a1", ip: "10.0.0.2", port: 5051, resources: [], attributes: [] };

/** `web` was launched anew on a2, while a new master waited for a1, which has it, too. */
function relaunched(): TestCluster {
  const c = new TestCluster("", {}, [["agents/old-S0", info]]);
  c.do("framework web failover=600000 checkpoint aware");
  c.do("agent a2 cpus:4");
  const resources = [{ name: "cpus", scalar: 4_000 }];
  c.names.agents.set("a1", { id: "old-S0", peer: undefined, info: { ...info, resources } });
  c.told();
  c.do("web reconciles t1");
  c.expect("");
  c.do("web accepts a2 t1(cpus:1) refuse=3600000");
  c.do("a2 updates t1 RUNNING");
  c.do("web acks t1");
  c.told();
  return c;
}

const usedOn = (c: TestCluster): unknown =>
  agentsView(c.state, { limit: 9 }).agents.find(({ agent }) => agent.id === "old-S0")?.used;
const cpus = (milli: number) => [{ name: "cpus", scalar: milli }];

test("B21, B26 what an agent brings back under an id that is in use is killed, unheard of", () => {
  const c = relaunched();
  c.do("a1 returns web/t1=RUNNING(cpus:3)");
  c.expect(`
    a1 < reregistered
    a1 < update-framework web
    a1 < kill t1
    web < offers a1(cpus:1)
  `);
  expect(usedOn(c)).toEqual(cpus(3_000));
  c.do("a1 updates t1 KILLING");
  c.expect("a1 < ack t1");
  c.do("a1 updates t1 KILLED");
  c.expect("a1 < ack t1");
  expect(usedOn(c)).toEqual([]);
  c.do("web reconciles t1");
  c.expect("web < t1 RUNNING RECONCILIATION");
  c.do("a2 updates t1 FINISHED");
  c.do("web acks t1");
  c.expect("web < t1 FINISHED ack?\na2 < ack t1");
});

test("D8 its resources are free as soon as it has ended, its end is swallowed all the same", () => {
  const c = relaunched();
  c.do("a1 returns web/t1=RUNNING(cpus:3)");
  c.told();
  c.do("a1 updates t1 KILLING latest=KILLED");
  expect(usedOn(c)).toEqual([]);
  c.do("a1 updates t1 KILLED");
  c.expect("a1 < ack t1\na1 < ack t1");
});

test("an end that it brings back holds nothing, and is acknowledged for its framework", () => {
  const c = relaunched();
  c.do("a1 returns web/t1=FAILED:7(cpus:3)");
  c.told();
  expect(usedOn(c)).toEqual([]);
  c.do("a1 updates t1 FAILED exit=7");
  c.expect("a1 < ack t1");
});

test("M2 its id is in use on its agent, also when the other task has ended", () => {
  const c = relaunched();
  c.do("a1 returns web/t1=RUNNING(cpus:3)");
  c.do("a2 updates t1 FINISHED");
  c.do("web acks t1");
  c.told();
  c.do("web accepts a1 t1(cpus:1)");
  c.expect("web < t1 ERROR TASK_INVALID");
  c.do("a1 updates t1 KILLED of=web");
  c.expect("a1 < ack t1");
});

test("it is killed again when its agent returns again, and counted once", () => {
  const c = relaunched();
  c.do("a1 returns web/t1=RUNNING(cpus:3)");
  c.do("a1 leaves");
  c.told();
  c.do("a1 returns web/t1=RUNNING(cpus:3)");
  c.expect(`
    a1 < reregistered
    a1 < update-framework web
    a1 < kill t1
    web < offers a1(cpus:1)
  `);
  c.do("a1 leaves");
  c.do("a1 returns");
  c.told();
  expect(usedOn(c)).toEqual([]);
});

test("B8 it goes with its framework, and with its agent", () => {
  for (const end of ["web tears down", "a1 unregisters"]) {
    const c = relaunched();
    c.do("a1 returns web/t1=RUNNING(cpus:3)");
    c.do(end);
    c.told();
    const strays = [...c.state.agents.values()].map((agent) => agent.strays.size);
    expect(Math.max(...strays)).toBe(0);
  }
});

const absences = {
  "for a moment": (c: TestCluster) => c.do("a1 leaves"),
  "for so long that it was given up": (c: TestCluster) => {
    c.do("a1 leaves");
    c.wait(600_000);
    expect([...c.state.registry.unreachable.keys()]).toEqual(["old-S0"]);
  },
};

test.each(Object.entries(absences))(
  "B21, D9 back after the end of the other task, with its agent away %s, it is still killed",
  (_, leave) => {
    const c = relaunched();
    c.do("a1 returns web/t1=RUNNING(cpus:3)");
    leave(c);
    c.do("a2 updates t1 FINISHED");
    c.do("web acks t1");
    c.told();
    c.do("a1 returns web/t1=RUNNING(cpus:3)");
    expect(c.told()).toContain("a1 < kill t1");
    c.do("web reconciles t1");
    c.expect("web < t1 UNKNOWN RECONCILIATION");
    for (const _time of ["once", "again, since its agent has not heard that it was acknowledged"]) {
      c.do("a1 updates t1 KILLED of=web");
      c.expect("a1 < ack t1");
    }
    expect(usedOn(c)).toEqual([]);
    c.do("a1 leaves");
    c.do("a1 returns");
    expect(c.state.strayIds.size).toBe(0);
    c.told();
  },
);

test("B24 it does not take the place of the other task whose agent is out of sight", () => {
  const c = relaunched();
  c.do("a2 leaves");
  c.wait(600_000);
  c.told();
  c.do("a1 returns web/t1=RUNNING(cpus:3)");
  expect(c.told()).toContain("a1 < kill t1");
  c.do("web reconciles t1");
  c.expect("web < t1 UNREACHABLE RECONCILIATION");
  c.do("a2 returns web/t1=RUNNING(cpus:1)");
  c.told();
  c.do("web reconciles t1");
  c.expect("web < t1 RUNNING RECONCILIATION");
});
