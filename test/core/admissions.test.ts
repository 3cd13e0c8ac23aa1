import { expect, test } from "vitest";
import type { AgentId } from "../../contract/ids.ts";
import { TestCluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

const info = {
  id: "old-S0",
  hostname: "a1",
  ip: "10.1.0.1",
  port: 5051,
  resources: [{ name: "cpus", scalar: 4_000 }],
};
const agentId = "old-S0" as AgentId;
const gone = { method: "mark-agent-gone", params: { agentId } } as const;

/** A cluster whose registry has a1 as `kept`; nothing more is written before `allow`. */
function holding(kept: string, id: string = agentId): TestCluster {
  const value = kept === "agents" ? { ...info, id } : 1_000_000;
  const c = new TestCluster("framework web aware", {}, [[`${kept}/${id}`, value]]);
  c.names.agents.set("a1", { id, peer: undefined, info });
  c.told();
  c.writesAtOnce = false;
  return c;
}

/** Writes go through again: first those that waited. */
function allow(c: TestCluster): void {
  c.writesAtOnce = true;
  c.input({ type: "tick" });
}

/** Somebody new registers, from another address. */
function register(c: TestCluster, peer: number): void {
  const agent = { hostname: "a2", ip: "10.1.0.2", port: 5051, resources: info.resources };
  const message = { type: "register" as const, agent, version: "0.1.0", capabilities: [] };
  c.input({ type: "agent-message", peer, message });
}

for (const kept of ["unreachable", "forgotten"]) {
  test(`B25 one admission of an agent (${kept}) that asks on two connections: the newer wins`, () => {
    const c = holding(kept);
    c.do("a1 returns");
    c.do("a1 returns");
    c.expect("old-a1 closed AGENT_REPLACED");
    allow(c);
    c.expect("a1 < reregistered\nweb < offers a1(cpus:4)");
    expect(c.state.agentRows.filter((agent) => agent?.id === agentId)).toHaveLength(1);
    c.done();
  });
}

test("B25 of two machines with one id the newer is taken, and the registry says so", () => {
  const c = holding("unreachable");
  c.do("a1 returns");
  const party = c.names.agents.get("a1");
  if (party) party.info = { ...info, hostname: "a9", ip: "10.9.9.9" };
  c.do("a1 returns");
  c.expect("old-a1 closed AGENT_REPLACED");
  allow(c);
  c.expect("a1 < reregistered\nweb < offers a1(cpus:4)");
  expect(c.state.agents.get(agentId)?.info.ip).toBe("10.9.9.9");
  expect(c.registry.get(`agents/${agentId}`)).toMatchObject({ hostname: "a9" });
  expect(c.state.registry.admitted.get(agentId)).toMatchObject({ hostname: "a9" });
  c.done();
});

test("B25 one that asks again after it left is admitted once, though both were written", () => {
  const c = holding("unreachable");
  c.do("a1 returns\na1 leaves\na1 returns");
  c.input({ type: "registry-written", token: c.heldWrites.shift() as number });
  c.do("a1 returns");
  c.expect("old-a1 closed AGENT_REPLACED");
  allow(c);
  c.expect("a1 < reregistered\nweb < offers a1(cpus:4)");
  c.do("a1 leaves");
  c.expect("web < rescind a1");
  expect(c.state.agentPeers.size).toBe(0);
  c.done();
});

test("B25 one that leaves before any of it is written is awaited", () => {
  const c = holding("unreachable");
  c.do("a1 returns\na1 returns\na1 leaves");
  c.expect("old-a1 closed AGENT_REPLACED");
  allow(c);
  expect([...c.state.recovering.keys()]).toEqual([agentId]);
  c.do("wait 600s");
  c.expect("web < failure a1");
  expect([...c.registry.keys()]).toEqual([`unreachable/${agentId}`]);
  c.done();
});

scenario("B21 a connection is one agent's", "agent a1 cpus:1", (c) => {
  const party = c.names.agents.get("a1");
  const agent = { ...info, id: "m-S9" as AgentId };
  const held = { tasks: [], executors: [], frameworks: [], operations: [] };
  const about = { ...held, capabilities: [], version: "0.1.0" };
  c.input({
    type: "agent-message",
    peer: party?.peer as number,
    message: { type: "reregister", agent, ...about },
  });
  c.expect("a1 < shutdown AGENT_INVALID\na1 closed AGENT_INVALID");
  c.do("a1 leaves");
  expect(c.state.agents.get("m-S0" as AgentId)?.peer).toBeUndefined();
});

test("A7 an id that an agent brings is not given to another", () => {
  const c = holding("forgotten", "m-S0");
  c.do("a1 returns");
  register(c, 99);
  allow(c);
  expect([...c.state.agents.keys()]).toEqual(["m-S0", "m-S1"]);
  c.told();
});

test("A7 an id too long to count is no reason to count inexactly", () => {
  const c = holding("forgotten", "m-S9007199254740993");
  c.do("a1 returns");
  register(c, 98);
  register(c, 99);
  allow(c);
  expect([...c.state.agents.keys()]).toEqual(["m-S9007199254740993", "m-S0", "m-S1"]);
  c.told();
});

for (const kept of ["agents", "unreachable", "gone"]) {
  test(`A7 an id that the registry has (${kept}) is not given to another`, () => {
    const c = holding(kept, "m-S4");
    register(c, 99);
    allow(c);
    expect([...c.state.agents.keys()]).toEqual(["m-S5"]);
    c.told();
  });
}

for (const kept of ["agents", "unreachable"]) {
  test(`B31 an agent (${kept}) that is being marked as gone is refused as a gone one is`, () => {
    const c = holding(kept);
    const token = c.nextToken;
    c.operate(gone);
    c.do("a1 returns");
    c.expect("a1 < shutdown AGENT_GONE\na1 closed AGENT_GONE");
    expect(c.answer(token)).toBeUndefined();
    allow(c);
    if (kept === "agents") c.expect("web < failure a1");
    expect(c.answer(token)?.result).toEqual({});
    expect(c.state.agents.size).toBe(0);
    expect([...c.registry.keys()]).toEqual([`gone/${agentId}`]);
    c.done();
  });
}

test("B31 an agent that was coming back when it was marked as gone is refused", () => {
  const c = holding("unreachable");
  c.do("a1 returns");
  const token = c.nextToken;
  c.operate(gone);
  c.expect("");
  allow(c);
  c.expect("a1 < shutdown AGENT_GONE\na1 closed AGENT_GONE");
  expect(c.answer(token)?.result).toEqual({});
  expect(c.state.agents.size + c.state.recovering.size).toBe(0);
  expect([...c.registry.keys()]).toEqual([`gone/${agentId}`]);
  expect(c.state.registry.admitted.size).toBe(0);
  c.done();
});

test("B31 an awaited agent that is being marked as gone is not given up beside that", () => {
  const c = holding("agents");
  c.wait(599_000);
  c.operate(gone);
  c.wait(1_000);
  allow(c);
  c.expect("web < failure a1");
  expect([...c.registry.keys()]).toEqual([`gone/${agentId}`]);
  expect(c.state.registry.unreachable.size).toBe(0);
  c.done();
});

test("B31, I6 nothing more is asked of an agent that is being marked as gone", () => {
  const c = holding("agents");
  c.operate(gone);
  for (const method of ["mark-agent-gone", "drain-agent", "deactivate-agent"] as const) {
    expect(c.operate({ method, params: { agentId } }).code).toBe("AGENT_LEAVING");
  }
  allow(c);
  c.expect("web < failure a1");
  expect([...c.registry.keys()]).toEqual([`gone/${agentId}`]);
  c.done();
});

const drained = "agent a1 cpus:4\nframework web failover=10000 checkpoint aware";
const here = { agentId: "m-S0" as AgentId };

scenario("B31, I5 no drain of an agent ends while it is being marked as gone", drained, (c) => {
  c.do("web accepts a1 t1(cpus:1) refuse=3600000");
  c.operate({ method: "drain-agent", params: here });
  c.writesAtOnce = false;
  c.operate({ method: "mark-agent-gone", params: here });
  c.do("web tears down");
  allow(c);
  expect([...c.registry.keys()]).toEqual(["gone/m-S0"]);
  expect(c.state.registry.drains.size).toBe(0);
  c.told();
});

scenario("B31, I5 a drain that was to mark an agent as gone finds that it is", drained, (c) => {
  c.do("web accepts a1 t1(cpus:1) refuse=3600000");
  c.operate({ method: "drain-agent", params: { ...here, markGone: true } });
  c.writesAtOnce = false;
  c.do("web tears down");
  c.operate({ method: "mark-agent-gone", params: here });
  const writes = c.state.counters.write;
  allow(c);
  expect(c.state.counters.write).toBe(writes);
  expect([...c.registry.keys()]).toEqual(["gone/m-S0"]);
  c.told();
});

test("I2 an agent whose machine went down while it was coming back is refused", () => {
  const c = holding("unreachable");
  const machine = { hostname: "a1", ip: "10.1.0.1" };
  const windows = [{ machines: [machine], unavailability: { startMs: 1_000_000 } }];
  c.operate({ method: "update-maintenance", params: { windows } });
  c.write();
  c.operate({ method: "start-maintenance", params: { machines: [machine] } });
  c.do("a1 returns");
  allow(c);
  c.expect("a1 < shutdown MACHINE_DOWN\na1 closed MACHINE_DOWN");
  expect(c.state.agents.size).toBe(0);
  c.done();
});
