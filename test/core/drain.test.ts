import { expect, test } from "vitest";
import type { AgentId } from "../../contract/ids.ts";
import { agentsView } from "../../kernel/core/views.ts";
import type { TestCluster } from "../support/cluster.ts";
import { TestCluster as Cluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

const agentId = "m-S0" as AgentId;
const other = "m-S9" as AgentId;

const running = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000 checkpoint aware
`;

/** A task of web on a1; nothing is left to read. */
function launched(c: TestCluster): void {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=0");
  c.do("a1 updates t1 RUNNING");
  c.do("web acks t1");
  c.do("wait 1s");
  c.told();
}

function view(c: TestCluster) {
  return agentsView(c.state, { agentId }).agents[0];
}

scenario("I6 a deactivated agent is not offered, and its tasks go on", running, (c) => {
  launched(c);
  expect(c.operate({ method: "deactivate-agent", params: { agentId } }).result).toEqual({});
  c.expect("web < rescind a1");
  expect(view(c)).toMatchObject({ state: "inactive", deactivated: true, tasks: 1 });
  expect(c.registry.get(`deactivated/${agentId}`)).toBe(true);
  c.do("wait 5s");
  c.expect("");
  expect(c.operate({ method: "reactivate-agent", params: { agentId } }).result).toEqual({});
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:3;mem:960)");
  expect(c.registry.has(`deactivated/${agentId}`)).toBe(false);
});

scenario("I5 a drain kills, waits for the last task, and is done", running, (c) => {
  launched(c);
  const params = { agentId, maxGracePeriodMs: 3_000 };
  expect(c.operate({ method: "drain-agent", params }).result).toEqual({});
  c.expect("web < rescind a1\na1 < drain");
  expect(view(c)).toMatchObject({
    drain: { state: "DRAINING", config: { maxGracePeriodMs: 3_000 } },
  });
  expect(c.operate({ method: "reactivate-agent", params: { agentId } }).code).toBe(
    "AGENT_DRAINING",
  );
  c.do("a1 updates t1 KILLED");
  c.expect("web < t1 KILLED ack?");
  expect(view(c)?.drain?.state).toBe("DRAINING");
  c.do("web acks t1");
  c.expect("a1 < ack t1");
  expect(view(c)?.drain?.state).toBe("DRAINED");
  expect(c.registry.get(`drains/${agentId}`)).toMatchObject({ state: "DRAINED" });
  c.do("wait 5s");
  c.expect("");
  expect(c.operate({ method: "reactivate-agent", params: { agentId } }).result).toEqual({});
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;mem:1024)");
  expect(c.registry.has(`drains/${agentId}`)).toBe(false);
});

scenario("I5 an agent that comes back is told again that it is drained", running, (c) => {
  launched(c);
  c.operate({ method: "drain-agent", params: { agentId } });
  c.do("a1 leaves");
  c.told();
  c.do("a1 returns web/t1=RUNNING(cpus:1;mem:64)");
  c.expect("a1 < reregistered\na1 < update-framework web\na1 < drain");
});

scenario("I5 an empty agent is drained at once, and gone if that was asked", running, (c) => {
  const params = { agentId, markGone: true };
  expect(c.operate({ method: "drain-agent", params }).result).toEqual({});
  c.expect(`
    web < rescind a1
    a1 < drain
    web < failure a1
    a1 < shutdown AGENT_GONE
    a1 closed AGENT_GONE
  `);
  expect(view(c)?.state).toBe("gone");
});

scenario("B31 tasks of an agent that is marked as gone are gone", running, (c) => {
  launched(c);
  expect(c.operate({ method: "mark-agent-gone", params: { agentId } }).result).toEqual({});
  c.expect(`
    web < rescind a1
    web < t1 GONE_BY_OPERATOR AGENT_REMOVED_BY_OPERATOR
    web < failure a1
    a1 < shutdown AGENT_GONE
    a1 closed AGENT_GONE
  `);
  expect([...c.registry.keys()]).toEqual([`gone/${agentId}`]);
  expect(c.operate({ method: "mark-agent-gone", params: { agentId } }).result).toEqual({});
  expect(c.operate({ method: "mark-agent-gone", params: { agentId: other } }).code).toBe(
    "AGENT_UNKNOWN",
  );
});

scenario("B31 so are those that were out of sight", running, (c) => {
  launched(c);
  c.do("a1 leaves");
  c.do("wait 600s");
  c.told();
  c.operate({ method: "mark-agent-gone", params: { agentId } });
  c.expect("web < t1 GONE_BY_OPERATOR AGENT_REMOVED_BY_OPERATOR");
  c.do("web reconciles t1@a1");
  c.expect("web < t1 GONE_BY_OPERATOR RECONCILIATION");
});

scenario("B31 while that is being written, nothing else is begun", running, (c) => {
  c.writesAtOnce = false;
  c.operate({ method: "mark-agent-gone", params: { agentId } });
  c.expect("web < rescind a1");
  expect(c.operate({ method: "mark-agent-gone", params: { agentId } }).code).toBe("AGENT_LEAVING");
  expect(c.operate({ method: "drain-agent", params: { agentId } }).code).toBe("AGENT_LEAVING");
  c.do("wait 5s");
  c.expect("");
});

scenario("I5 nobody drains an agent that is not there", running, (c) => {
  const params = { agentId: other };
  expect(c.operate({ method: "drain-agent", params }).code).toBe("AGENT_UNKNOWN");
  expect(c.operate({ method: "deactivate-agent", params }).code).toBe("AGENT_UNKNOWN");
});

test("I5, I6 a new master knows what operators wanted of agents", () => {
  const first = new Cluster(running, {});
  first.operate({ method: "drain-agent", params: { agentId, maxGracePeriodMs: 5 } });
  const second = new Cluster("", {}, [...first.registry]);
  expect(view(second)).toMatchObject({
    state: "recovering",
    deactivated: true,
    drain: { state: "DRAINED", config: { maxGracePeriodMs: 5 } },
  });
});
