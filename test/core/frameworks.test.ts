import { expect } from "vitest";
import type { FrameworkId } from "../../contract/ids.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { oneOfEach as running, runTask } from "../support/one-task.ts";
import { scenario } from "../support/scenario.ts";

scenario("B1 the same name subscribes twice and is two frameworks", "", (c) => {
  c.do("framework web");
  c.do("framework again role=web");
  c.expect("web < subscribed\nagain < subscribed");
  expect([...c.state.frameworks.keys()]).toEqual(["m-0000", "m-0001"]);
});

scenario(
  "B2, O3 a new connection takes over: error to the old, agents told, offers anew",
  running,
  (c) => {
    runTask(c);
    c.do("web revives");
    c.expect("web < offers a1(cpus:3;mem:960)");
    c.do("web returns");
    c.expect(`
    old-web < error FRAMEWORK_FAILED_OVER
    old-web closed FRAMEWORK_FAILED_OVER
    web < subscribed
    a1 < update-framework web
    web < offers a1(cpus:3;mem:960)
  `);
  },
);

scenario("B3 an unknown id is taken as it is", "", (c) => {
  c.do("framework web id=other-0007");
  c.expect("web < subscribed");
  expect(c.state.frameworks.has("other-0007" as FrameworkId)).toBe(true);
});

scenario(
  "B8 an id is over for good, however many others came and went since, minted or brought",
  "",
  (c) => {
    c.do("framework web");
    c.do("framework api id=other-0007");
    c.do("web tears down");
    c.do("api tears down");
    for (let number = 0; number < 60; number++) {
      c.do(`framework f${number}`);
      c.do(`f${number} tears down`);
    }
    expect(c.state.completedFrameworks.size).toBe(50);
    c.told();
    c.do("framework again id=m-0000");
    c.expect("again < error FRAMEWORK_REMOVED\nagain closed FRAMEWORK_REMOVED");
    c.do("framework other id=other-0007");
    c.expect("other < error FRAMEWORK_REMOVED\nother closed FRAMEWORK_REMOVED");
  },
);

scenario("A7 an id that a framework brings is never given to another", "", (c) => {
  c.do("framework web id=m-0000");
  c.do("framework api");
  c.expect("web < subscribed\napi < subscribed");
  expect([...c.state.frameworks.keys()]).toEqual(["m-0000", "m-0001"]);
});

scenario(
  "B6 user and checkpoint stay, the rest is replaced, a new principal is refused",
  running,
  (c) => {
    c.do("web returns user=other role=ops checkpoint");
    c.told();
    const [framework] = c.state.frameworks.values();
    expect(framework?.info).toMatchObject({ user: "nobody", checkpoint: false, roles: ["ops"] });
    c.do("web returns principal=somebody");
    c.expect("web < error FRAMEWORK_INVALID\nweb closed FRAMEWORK_INVALID");
  },
);

scenario(
  "B6 a role that is left tracks what still runs in it, and gets no offers",
  running,
  (c) => {
    runTask(c);
    c.do("web returns role=ops");
    c.told();
    expect([...c.state.roles.keys()]).toEqual(["web", "ops"]);
    c.do("a1 updates t1 FINISHED");
    c.do("web acks t1");
    c.told();
    expect([...c.state.roles.keys()]).toEqual(["ops"]);
  },
);

scenario("B7 an update without subscribing waits for the batch, and tells agents", running, (c) => {
  runTask(c);
  const [web] = c.state.frameworks.values();
  const framework = { ...web?.info, name: "new", roles: ["ops"] } as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 1, framework });
  c.expect("a1 < update-framework web\nweb < updated ok");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:3;mem:960)");
  const other = { ...framework, user: "other" };
  c.call("web", { type: "update-framework", requestId: 2, framework: other });
  c.expect("web < updated FRAMEWORK_INVALID");
});

scenario("B7 offers for a role that an update leaves are rescinded", running, (c) => {
  c.do("web returns role=ops,dev");
  c.told();
  const [web] = c.state.frameworks.values();
  const role = [...c.state.offers.values()].map((offer) => offer.client.role.name).join();
  const kept = { ...web?.info, roles: [role] } as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 1, framework: kept });
  c.expect("web < updated ok");
  const left = { ...kept, roles: ["new"] } as FrameworkInfo;
  c.call("web", { type: "update-framework", requestId: 2, framework: left });
  c.expect("web < rescind a1\nweb < updated ok");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;mem:1024)");
  expect([...c.state.offers.values()].map((offer) => offer.client.role.name)).toEqual(["new"]);
});

scenario(
  "B8, O13 a teardown closes the stream without a word and kills in the books",
  running,
  (c) => {
    runTask(c);
    c.do("web tears down");
    c.expect("a1 < shutdown-framework web\nweb closed FRAMEWORK_REMOVED");
    expect(c.state.agents.values().next().value?.free).toEqual([
      { name: "cpus", scalar: 4_000 },
      { name: "mem", scalar: 1_024_000 },
    ]);
    c.do("web returns");
    c.expect("web < error FRAMEWORK_REMOVED\nweb closed FRAMEWORK_REMOVED");
  },
);

scenario("B8 only so many removed frameworks are remembered", "", (c) => {
  for (let number = 0; number < 60; number++) {
    c.do(`framework f${number}`);
    c.do(`f${number} tears down`);
  }
  c.told();
  expect(c.state.completedFrameworks.size).toBe(50);
});

scenario("B10 suppressed roles must be among the roles", "", (c) => {
  c.do("framework web suppressed=other");
  c.expect("web < error FRAMEWORK_INVALID\nweb closed FRAMEWORK_INVALID");
});

scenario(
  "B11, E6 bad roles are refused, no roles are fine and get no offers",
  "agent a1 cpus:1",
  (c) => {
    c.do("framework bad role=a//b");
    c.expect("bad < error FRAMEWORK_INVALID\nbad closed FRAMEWORK_INVALID");
    c.do("framework twice role=a,a");
    c.expect("twice < error FRAMEWORK_INVALID\ntwice closed FRAMEWORK_INVALID");
    c.do("framework none role=");
    c.expect("none < subscribed");
  },
);

scenario("Q a call before SUBSCRIBE is refused", "", (c) => {
  const call = { type: "revive" } as const;
  c.input({ type: "framework-call", peer: 77, call });
  c.expect("#77 < rejected revive FRAMEWORK_NOT_SUBSCRIBED");
});

scenario(
  "D10 kills are passed on, an unknown task is reconciled, a wrong agent ignored",
  running,
  (c) => {
    runTask(c);
    c.do("web kills t1");
    c.expect("a1 < kill t1");
    c.do("web kills t1@elsewhere");
    c.expect("");
    c.do("web kills t2");
    c.expect("web < t2 LOST RECONCILIATION");
  },
);

scenario("D6 acknowledgements are passed on, and dropped while the agent is away", running, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.do("a1 updates t1 RUNNING");
  c.told();
  c.do("web acks t1");
  c.do("web acks t1");
  c.expect("a1 < ack t1\na1 < ack t1");
});

scenario(
  "D8 resources are free once the newest state is terminal, the task stays until the ack",
  running,
  (c) => {
    c.do("web accepts a1 t1(cpus:1;mem:64) refuse=0");
    c.do("wait 1s");
    c.told();
    c.do("a1 updates t1 RUNNING latest=FINISHED");
    c.expect("web < t1 RUNNING ack?");
    c.do("wait 1s");
    c.expect("web < offers a1(cpus:1;mem:64)");
    c.do("web reconciles");
    c.expect("web < t1 RUNNING RECONCILIATION");
    c.do("web acks t1");
    c.do("a1 updates t1 FINISHED");
    c.expect("a1 < ack t1\nweb < t1 FINISHED ack?");
    c.do("web acks t1");
    c.expect("a1 < ack t1");
    expect([...c.state.frameworks.values()][0]?.tasks.size).toBe(0);
  },
);

scenario("D9 a terminal state stays, late updates are still passed on", running, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.do("a1 updates t1 FAILED");
  c.do("a1 updates t1 RUNNING");
  c.expect(`
    a1 < launch t1 with framework
    web < t1 FAILED ack?
    web < t1 RUNNING ack?
  `);
  expect([...c.state.frameworks.values()][0]?.tasks.get("t1" as never)?.state).toBe("TASK_FAILED");
});

scenario("D13 explicit reconciliation answers by what is known of task and agent", running, (c) => {
  c.do("framework aware1 role=x aware");
  c.told();
  c.do("aware1 reconciles t9");
  c.do("aware1 reconciles t9@a1");
  c.do("aware1 reconciles t9@nowhere");
  c.do("web reconciles t9@a1");
  c.expect(`
    aware1 < t9 UNKNOWN RECONCILIATION
    aware1 < t9 GONE RECONCILIATION
    aware1 < t9 UNKNOWN RECONCILIATION
    web < t9 LOST RECONCILIATION
  `);
});

scenario("A4, D17 messages and executor shutdowns are passed on, or dropped", running, (c) => {
  const agentId = [...c.state.agents.keys()][0] as never;
  const executorId = "e1" as never;
  c.call("web", { type: "message", agentId, executorId, data: new Uint8Array([1]) });
  c.call("web", { type: "shutdown", agentId, executorId });
  c.call("web", { type: "shutdown", agentId: "nowhere" as never, executorId });
  c.expect("a1 < message e1\na1 < shutdown-executor e1");
});
