import { expect, test } from "vitest";
import type { FrameworkId } from "../../contract/ids.ts";
import type { MachineId } from "../../contract/operator/maintenance-methods.ts";
import type { Unavailability } from "../../contract/schema/agent.ts";
import { isOn, scheduleProblem } from "../../kernel/core/maintenance.ts";
import { agentsView, maintenanceView, offersTo, snapshotOf } from "../../kernel/core/views.ts";
import type { TestCluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

const running = `
  agent a1 cpus:4;mem:1024
  agent a2 cpus:4;mem:1024
  framework web failover=10000 checkpoint
`;

const tonight: Unavailability = { startMs: 9_000_000, durationMs: 3_600_000 };

function schedule(c: TestCluster, machines: MachineId[], unavailability = tonight) {
  const windows = machines.length === 0 ? [] : [{ machines, unavailability }];
  return c.operate({ method: "update-maintenance", params: { windows } });
}

const a1: MachineId = { hostname: "a1" };

test("I1 machines are told apart by all that is said of them", () => {
  const agent = { hostname: "Web-1", ip: "10.0.0.1" };
  expect(isOn({ hostname: "web-1" }, agent)).toBe(true);
  expect(isOn({ ip: "10.0.0.1" }, agent)).toBe(true);
  expect(isOn({ hostname: "web-1", ip: "10.0.0.2" }, agent)).toBe(false);
});

test.each<[string, MachineId[][], MachineId[], string]>([
  ["no machines", [[]], [], "windows[0].machines: there is none"],
  ["no name", [[{}]], [], "windows[0].machines[0]: it needs a hostname, an ip, or both"],
  ["twice", [[a1], [{ hostname: "A1" }]], [], "windows[1].machines[0]: machine A1 is there twice"],
  [
    "one that is down left out",
    [[{ ip: "10.0.0.9" }]],
    [a1],
    "machine a1 is down and must stay in the schedule until it is brought up",
  ],
])("I1 a schedule with %s is refused", (_name, windows, down, problem) => {
  const given = windows.map((machines) => ({ machines, unavailability: tonight }));
  expect(scheduleProblem(given, down)).toBe(problem);
});

scenario("I3 offers of a scheduled agent say when it is away", running, (c) => {
  c.told();
  expect(schedule(c, [a1]).result).toEqual({});
  c.expect("web < rescind a1");
  expect(c.registry.get("maintenance/schedule")).toMatchObject({ windows: [{ machines: [a1] }] });
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;mem:1024)");
  expect(c.offers.at(-1)?.unavailability).toEqual(tonight);
  expect(agentsView(c.state, {}).agents[0]?.unavailability).toEqual(tonight);
  expect(schedule(c, []).result).toEqual({});
  c.expect("web < rescind a1");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;mem:1024)");
  expect(c.offers.at(-1)?.unavailability).toBeUndefined();
});

scenario(
  "C15, I4 who runs something there is asked, once, and the answer is shown",
  running,
  (c) => {
    c.do("web accepts a1 t1(cpus:4;mem:1024)");
    c.told();
    schedule(c, [a1]);
    c.expect("web < inverse-offers a1");
    c.do("wait 5s");
    c.expect("");
    const frameworkId = "m-0000" as FrameworkId;
    const asks = [{ frameworkId, agentId: "m-S0", unavailability: tonight }];
    expect(offersTo(c.state, frameworkId)).toMatchObject({ offers: [{}], inverseOffers: asks });
    expect(snapshotOf(c.state).inverseOffers).toMatchObject(asks);
    expect(offersTo(c.state, "m-0009" as FrameworkId).inverseOffers).toEqual([]);
    const answers = () => maintenanceView(c.state).draining[0]?.answers;
    expect(answers()).toMatchObject([{ frameworkId, agentId: "m-S0", answer: "UNKNOWN" }]);
    const [asked] = [...c.state.inverseOffers.keys()];
    if (asked === undefined) throw new Error("nobody was asked");
    const filters = { refuseMs: 10_000 };
    c.call("web", { type: "decline-inverse-offers", inverseOfferIds: [asked], filters });
    expect(answers()).toMatchObject([{ answer: "DECLINE", timestampMs: c.nowMs }]);
    c.do("wait 9s");
    c.expect("");
    c.do("wait 2s");
    c.expect("web < inverse-offers a1");
    expect(answers()).toMatchObject([{ answer: "DECLINE" }]);
  },
);

scenario("C15 a question that has no object any more is withdrawn", running, (c) => {
  c.do("web accepts a1 t1(cpus:4;mem:1024)");
  schedule(c, [a1]);
  c.told();
  c.do("a1 updates t1 FINISHED");
  c.do("web acks t1");
  c.do("wait 1s");
  expect(c.told()).toContain("web < rescind-inverse-offer");
  expect(c.state.inverseOffers.size).toBe(0);
});

scenario("C15 another schedule asks anew", running, (c) => {
  c.do("web accepts a1 t1(cpus:4;mem:1024)");
  schedule(c, [a1]);
  c.told();
  schedule(c, [a1], { startMs: tonight.startMs + 1 });
  c.expect("web < rescind-inverse-offer\nweb < inverse-offers a1");
});

scenario("I2 machines go down and come up", running, (c) => {
  c.do("web accepts a1 t1(cpus:4;mem:1024)");
  c.told();
  const machines = [a1];
  const start = () => c.operate({ method: "start-maintenance", params: { machines } });
  expect(start().code).toBe("MAINTENANCE_INVALID");
  schedule(c, machines);
  c.told();
  expect(start().result).toEqual({});
  c.expect(`
    web < rescind-inverse-offer
    web < t1 LOST AGENT_REMOVED
    web < failure a1
    a1 < shutdown MACHINE_DOWN
    a1 closed MACHINE_DOWN
  `);
  expect(maintenanceView(c.state)).toMatchObject({ down: machines, draining: [] });
  expect(start().code).toBe("MAINTENANCE_INVALID");
  c.do("agent a1 cpus:4;mem:1024");
  c.expect("a1 < shutdown MACHINE_DOWN\na1 closed MACHINE_DOWN");
  const stop = () => c.operate({ method: "stop-maintenance", params: { machines } });
  expect(stop().result).toEqual({});
  expect(maintenanceView(c.state)).toEqual({ windows: [], draining: [], down: [] });
  expect(stop().code).toBe("MAINTENANCE_INVALID");
  c.do("agent a1 cpus:4;mem:1024");
  c.expect("a1 < registered\nweb < offers a1(cpus:4;mem:1024)");
});

scenario("I5 agents are either scheduled or drained", running, (c) => {
  schedule(c, [a1]);
  c.told();
  const [scheduled, free] = [...c.state.agents.keys()];
  if (scheduled === undefined || free === undefined) throw new Error("agents are missing");
  expect(c.operate({ method: "drain-agent", params: { agentId: scheduled } }).code).toBe(
    "AGENT_NOT_DRAINABLE",
  );
  c.operate({ method: "drain-agent", params: { agentId: free } });
  c.told();
  expect(schedule(c, [a1, { hostname: "a2" }]).code).toBe("MAINTENANCE_INVALID");
});
