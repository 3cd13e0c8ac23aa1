import { expect, test } from "vitest";
import type { AgentId } from "../../contract/ids.ts";
import { agentsView } from "../../kernel/core/views.ts";
import { TestCluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

const checkpointing = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000 checkpoint aware
`;

function runTask(c: TestCluster): void {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.told();
}

scenario(
  "B21 an agent that has but a task of a framework is told who that is with the next launch",
  "agent a1 cpus:4;mem:1024\nframework web failover=60000",
  (c) => {
    c.told();
    c.do("a1 returns web?/t1=DROPPED(cpus:0)");
    c.told();
    // An update of what it does not know is passed over by it.
    c.do("web leaves");
    c.do("web returns");
    c.do("wait 1s");
    c.told();
    c.do("web accepts a1 t2(cpus:1) refuse=0");
    c.expect("a1 < launch t2 with framework");
    c.do("wait 1s");
    c.told();
    c.do("web accepts a1 t3(cpus:1) refuse=0");
    c.expect("a1 < launch t3");
  },
);

scenario("B20 an agent is admitted once the registry has it, and told once", "", (c) => {
  c.writesAtOnce = false;
  c.do("agent a1 cpus:1;mem:64");
  c.expect("");
  expect([...c.registry.keys()]).toEqual(["agents/m-S0"]);
  c.writesAtOnce = true;
  c.say("a1", { type: "pong" });
  c.expect("a1 < registered");
});

scenario("B20 one that is gone before the registry has it is forgotten again", "", (c) => {
  c.writesAtOnce = false;
  c.do("agent a1 cpus:1;mem:64");
  c.do("a1 leaves");
  c.writesAtOnce = true;
  c.input({ type: "tick" });
  expect(c.state.agents.size).toBe(0);
  expect(c.registry.size).toBe(0);
});

scenario(
  "B21, O5 an agent that returns keeps its tasks, and is offered again",
  checkpointing,
  (c) => {
    runTask(c);
    c.do("web revives");
    c.do("a1 leaves");
    c.expect("web < offers a1(cpus:3;mem:960)\nweb < rescind a1");
    c.do("a1 returns web/t1=RUNNING(cpus:1;mem:64)");
    c.expect(`
    a1 < reregistered
    a1 < update-framework web
    web < offers a1(cpus:3;mem:960)
  `);
  },
);

scenario("B21 tasks that the agent does not report are asked for", checkpointing, (c) => {
  runTask(c);
  c.do("a1 leaves");
  c.do("a1 returns");
  c.expect("a1 < reregistered t1?");
});

scenario("B21 tasks of a framework that is gone are shut down", checkpointing, (c) => {
  runTask(c);
  c.do("a1 leaves");
  c.do("web tears down");
  c.expect("web closed FRAMEWORK_REMOVED");
  c.do("a1 returns web/t1=RUNNING(cpus:1;mem:64)");
  c.expect("a1 < reregistered\na1 < shutdown-framework web");
});

scenario(
  "B22, B24, O6 five pings without an answer make it unreachable; back, it runs on",
  checkpointing,
  (c) => {
    runTask(c);
    c.do("a1 falls silent");
    c.do("wait 80s");
    c.expect("");
    c.do("wait 15s");
    c.expect("web < t1 UNREACHABLE AGENT_REMOVED\nweb < failure a1\na1 closed AGENT_UNREACHABLE");
    c.do("web reconciles t1");
    c.expect("web < t1 UNREACHABLE RECONCILIATION");
    expect([...c.registry.keys()]).toEqual(["unreachable/m-S0"]);
    // Which machine is missing can be seen, by the next master, too.
    const [agent] = c.state.registry.unreachable.values();
    const mirror = new TestCluster("", {}, [...c.registry]).state;
    for (const state of [c.state, mirror]) {
      expect(agentsView(state, {}).agents).toMatchObject([
        { state: "unreachable", unreachableMs: agent?.sinceMs, agent: { hostname: "a1" } },
      ]);
    }
    c.do("a1 returns web/t1=RUNNING(cpus:1;mem:64)");
    c.expect(`
    web < t1 RUNNING AGENT_REREGISTERED
    a1 < reregistered
    a1 < update-framework web
    web < offers a1(cpus:3;mem:960)
  `);
    expect([...c.registry.keys()]).toEqual(["agents/m-S0"]);
  },
);

scenario("B22 an agent that answers in between stays", checkpointing, (c) => {
  c.do("a1 falls silent");
  c.do("wait 60s");
  c.do("a1 answers");
  c.do("a1 falls silent");
  c.do("wait 60s");
  c.expect("");
  expect(c.state.agents.size).toBe(1);
});

scenario(
  "B23 a lost connection costs the tasks of frameworks that do not checkpoint",
  "agent a1 cpus:4;mem:1024",
  (c) => {
    c.do("framework web aware failover=10000");
    runTask(c);
    c.do("web revives");
    c.do("a1 leaves");
    c.expect(`
    web < offers a1(cpus:3;mem:960)
    web < rescind a1
    web < t1 LOST AGENT_DISCONNECTED
  `);
  },
);

scenario(
  "B23 an agent that does not come back in time is given up",
  checkpointing,
  (c) => {
    runTask(c);
    c.do("a1 leaves");
    c.do("wait 59s");
    c.expect("");
    c.do("wait 1s");
    c.expect("web < t1 UNREACHABLE AGENT_REMOVED\nweb < failure a1");
  },
  { agentReregisterTimeoutMs: 60_000 },
);

scenario(
  "B27 removals are rationed, and an answer takes an agent off the list",
  "agent a1 cpus:1\nagent a2 cpus:1\nagent a3 cpus:1",
  (c) => {
    c.do("a1 falls silent\na2 falls silent\na3 falls silent");
    c.do("wait 95s");
    expect(c.state.agents.size).toBe(2);
    c.do("a2 answers");
    c.do("wait 30s");
    expect([...c.state.agents.keys()]).toEqual(["m-S1"]);
    c.told();
  },
  { agentRemovalRateLimit: { count: 1, perMs: 10_000 } },
);

scenario("B28 an agent that unregisters takes its tasks with it", checkpointing, (c) => {
  runTask(c);
  c.do("a1 unregisters");
  c.expect("web < t1 LOST AGENT_REMOVED\nweb < failure a1");
  expect(c.registry.size).toBe(0);
});

scenario("B29 a register that is repeated is answered with the same id", checkpointing, (c) => {
  const agent = c.names.agents.get("a1")?.info as never;
  c.say("a1", { type: "register", agent, version: "0.1.0", capabilities: [] });
  c.expect("a1 < registered");
  expect([...c.state.agents.keys()]).toEqual(["m-S0"]);
});

scenario(
  "B29 a new agent at the address of a disconnected one takes its place",
  checkpointing,
  (c) => {
    runTask(c);
    c.do("a1 leaves");
    const agent = c.names.agents.get("a1")?.info as never;
    c.input({
      type: "agent-message",
      peer: 99,
      message: { type: "register", agent, version: "0.1.0", capabilities: [] },
    });
    c.expect(`
    web < t1 LOST AGENT_REMOVED
    web < failure a1
    #99 < registered
    web < offers m-S1(cpus:4;mem:1024)
  `);
  },
);

scenario("B30 an agent that comes back from elsewhere is shut down", checkpointing, (c) => {
  c.do("a1 leaves");
  c.told();
  const party = c.names.agents.get("a1");
  if (party) party.info = { ...party.info, ip: "10.9.9.9" };
  c.do("a1 returns");
  c.expect("a1 < shutdown AGENT_MOVED\na1 closed AGENT_MOVED");
});

scenario("D10 a kill for an agent that is away waits for its return", checkpointing, (c) => {
  runTask(c);
  c.do("a1 leaves");
  c.do("web kills t1");
  c.expect("");
  c.do("a1 returns web/t1=RUNNING(cpus:1;mem:64)");
  c.told().includes("a1 < kill t1") || expect.fail("the kill was forgotten");
});

scenario("B22 an agent that the master does not know is asked to register", "", (c) => {
  c.input({ type: "agent-message", peer: 5, message: { type: "pong" } });
  c.expect("#5 < register again");
});

const info = { id: "old-S0", hostname: "a1", ip: "10.1.0.1", port: 5051, resources: [] };

test("B26, D13, O4 a new master waits for known agents, answers nothing of them, then gives up", () => {
  const c = new TestCluster("framework web aware", {}, [["agents/old-S0", info]]);
  c.told();
  c.do("web reconciles t1");
  c.do("web reconciles t1@old-S0");
  c.expect("");
  c.do("wait 600s");
  c.expect("web < failure old-S0");
  c.do("web reconciles t1@old-S0");
  c.expect("web < t1 UNREACHABLE RECONCILIATION");
  c.done();
});

test("B26 a new master stops rather than give up too many agents", () => {
  const options = { recoveryAgentRemovalLimit: 0.5 };
  const c = new TestCluster("", options, [["agents/old-S0", info]]);
  c.do("wait 600s");
  expect(c.recorder.aborted).toBe("AGENTS_MISSING");
});

test("G6 frameworks and tasks are known again by the agents that bring them", () => {
  const c = new TestCluster("framework web id=old-0000", {}, []);
  c.told();
  const state = new TestCluster("", {}, [["agents/old-S0", info]]);
  state.names.frameworks.set("web", {
    id: "old-0000",
    peer: undefined,
    info: { name: "web", user: "u", roles: ["web"], failoverTimeoutMs: 10_000 },
  });
  const resources = [{ name: "cpus", scalar: 4_000 }];
  const agent = { ...info, resources };
  state.names.agents.set("a1", { id: "old-S0", peer: undefined, info: agent });
  state.do("a1 returns web/t1=RUNNING(cpus:1)");
  state.expect("a1 < reregistered");
  expect(state.state.recovering.size).toBe(0);
  state.do("web returns");
  state.expect("web < subscribed\na1 < update-framework web\nweb < offers a1(cpus:3)");
  state.do("web reconciles");
  state.expect("web < t1 RUNNING RECONCILIATION");
});

test("B31 an agent that was marked as gone is told to stop", () => {
  const c = new TestCluster("", {}, [["gone/old-S0", 1]]);
  c.names.agents.set("a1", { id: "old-S0", peer: undefined, info });
  c.do("a1 returns");
  c.expect("a1 < shutdown AGENT_GONE\na1 closed AGENT_GONE");
});

test("B33 agents that are away too long are forgotten, and their tasks are unknown", () => {
  const c = new TestCluster("framework web aware", {}, [["unreachable/old-S0", 1]]);
  c.told();
  c.do("web reconciles t1@old-S0");
  c.expect("web < t1 UNREACHABLE RECONCILIATION");
  c.nowMs += 1_300_000_000;
  c.do("wait 900s");
  expect(c.state.registry.unreachable.has("old-S0" as AgentId)).toBe(false);
  c.do("web reconciles t1@old-S0");
  c.expect("web < t1 UNKNOWN RECONCILIATION");
});
