import { expect } from "vitest";
import type { OfferId, RoleName } from "../../contract/ids.ts";
import type { TestCluster } from "../support/cluster.ts";
import { oneOfEach } from "../support/one-task.ts";
import { scenario } from "../support/scenario.ts";

scenario("O1 a task runs, ends, and its resources are offered again", oneOfEach, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=0");
  c.expect("a1 < launch t1 with framework");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:3;mem:960)");
  c.do("a1 updates t1 RUNNING");
  c.expect("web < t1 RUNNING ack?");
  c.do("web acks t1");
  c.expect("a1 < ack t1");
  c.do("a1 updates t1 FINISHED");
  c.expect("web < t1 FINISHED ack?");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:1;mem:64)");
  c.do("web acks t1");
  c.expect("a1 < ack t1");
});

/** Two tasks run, and what they left is refused for a minute. */
function runTwo(c: TestCluster): void {
  c.do("web accepts a1 t1(cpus:1;mem:64) t2(cpus:1;mem:64) refuse=60000");
  c.do("a1 updates t1 RUNNING");
  c.do("a1 updates t2 RUNNING");
  c.do("wait 1s");
  c.told();
}

scenario("C1 what tasks free is offered soon, and all of it together", oneOfEach, (c) => {
  runTwo(c);
  c.do("a1 updates t1 FINISHED");
  c.do("wait 30ms");
  c.do("a1 updates t2 FINISHED");
  c.do("wait 19ms");
  c.expect("web < t1 FINISHED ack?\nweb < t2 FINISHED ack?");
  c.do("wait 1ms");
  c.expect("web < offers a1(cpus:4;mem:1024)");
});

scenario("C1 what a framework that leaves held is offered to others soon", oneOfEach, (c) => {
  c.do("framework batch");
  c.told();
  c.do("web leaves");
  c.do("wait 49ms");
  c.expect("");
  c.do("wait 1ms");
  c.expect("batch < offers a1(cpus:4;mem:1024)");
});

scenario(
  "C1 freed resources wait for the batch where the config says so, as in Mesos",
  oneOfEach,
  (c) => {
    runTwo(c);
    c.do("a1 updates t1 FINISHED");
    c.do("wait 999ms");
    c.expect("web < t1 FINISHED ack?");
    c.do("wait 1ms");
    c.expect("web < offers a1(cpus:3;mem:960)");
  },
  { freedResourcesDelayMs: 1_000 },
);

scenario(
  "C1 a new agent is offered at once, what is declined waits for the batch",
  oneOfEach,
  (c) => {
    c.do("agent a2 cpus:2;mem:512");
    c.expect("a2 < registered\nweb < offers a2(cpus:2;mem:512)");
    c.do("web declines a2 refuse=0");
    c.expect("");
    c.do("wait 999ms");
    c.expect("");
    c.do("wait 1ms");
    c.expect("web < offers a2(cpus:2;mem:512)");
  },
);

scenario(
  "C1 a policy that waits for time to pass sees idle agents again with every batch",
  oneOfEach,
  (c) => {
    let rounds = 0;
    c.decide = () => {
      rounds += 1;
      return [];
    };
    c.lookAgain = true;
    c.do("agent a2 cpus:2;mem:512");
    c.expect("a2 < registered");
    c.do("wait 2s");
    expect(rounds).toBe(3);
    c.lookAgain = false;
    c.do("wait 5s");
    expect(rounds).toBe(4);
  },
);

scenario("C2 one round sends each framework one event with all its offers", "", (c) => {
  c.do("agent a1 cpus:1;mem:32");
  c.do("agent a2 cpus:2;mem:64");
  c.do("framework web");
  c.expect(`
    a1 < registered
    a2 < registered
    web < subscribed
    web < offers a1(cpus:1;mem:32) a2(cpus:2;mem:64)
  `);
});

scenario(
  "C2 an offer of a part takes ports in proportion, and the rest is still there",
  "",
  (c) => {
    c.decide = () => [
      { agentRow: 0, clientRow: 0, whole: false, amounts: [1_000, 256_000, 0, 0, 0, 0, 0, 0] },
    ];
    c.do("agent a1 cpus:4;mem:1024;ports:[31000-31007]");
    c.expect("a1 < registered");
    c.do("framework web");
    c.expect("web < subscribed\nweb < offers a1(cpus:1;mem:256;ports:[31000-31001])");
    c.decide = () => [{ agentRow: 0, clientRow: 0, whole: true }];
    c.do("web revives");
    c.expect("web < offers a1(cpus:3;mem:768;ports:[31002-31007])");
  },
);

scenario(
  "C4 an offer that nobody answers is rescinded after the timeout",
  oneOfEach,
  (c) => {
    c.do("wait 3s");
    c.expect("");
    c.do("wait 2s");
    c.expect("web < rescind a1\nweb < offers a1(cpus:4;mem:1024)");
  },
  { offerTimeoutMs: 5_000 },
);

scenario("C7, C8 a declined agent is offered again when the refusal is over", oneOfEach, (c) => {
  c.do("web declines a1 refuse=3000");
  c.do("wait 2s");
  c.expect("");
  c.do("wait 2s");
  c.expect("web < offers a1(cpus:4;mem:1024)");
});

scenario(
  "C8 senseless refusals are those of 5 s, short ones last until the batch",
  oneOfEach,
  (c) => {
    c.do("web declines a1 refuse=-1");
    c.do("wait 4s");
    c.expect("");
    c.do("wait 2s");
    c.expect("web < offers a1(cpus:4;mem:1024)");
    c.do("web declines a1 refuse=NaN");
    c.do("wait 4s");
    c.expect("");
    c.do("wait 2s");
    c.expect("web < offers a1(cpus:4;mem:1024)");
    c.do("web declines a1 refuse=1");
    c.do("wait 2s");
    c.expect("web < offers a1(cpus:4;mem:1024)");
  },
);

scenario("C8 a refusal binds only the framework and role that made it", oneOfEach, (c) => {
  c.do("framework batch");
  c.expect("batch < subscribed");
  c.do("web declines a1 refuse=3600000");
  c.do("wait 1s");
  c.expect("batch < offers a1(cpus:4;mem:1024)");
});

scenario("O8 REVIVE ends every refusal and offers at once", oneOfEach, (c) => {
  c.do("web declines a1 refuse=3600000");
  c.do("wait 60s");
  c.expect("");
  c.do("web revives");
  c.expect("web < offers a1(cpus:4;mem:1024)");
});

scenario("O9 an agent with more than was refused is offered again", oneOfEach, (c) => {
  c.do("web accepts a1 t1(cpus:1;mem:64) refuse=3600000");
  c.expect("a1 < launch t1 with framework");
  c.do("wait 10s");
  c.expect("");
  c.do("a1 updates t1 FINISHED");
  c.expect("web < t1 FINISHED ack?");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:4;mem:1024)");
});

scenario("C11 SUPPRESS keeps offers and stops new ones until REVIVE", oneOfEach, (c) => {
  c.do("web suppresses");
  c.expect("");
  c.do("web declines a1 refuse=0");
  c.do("wait 5s");
  c.expect("");
  c.do("web revives");
  c.expect("web < offers a1(cpus:4;mem:1024)");
});

scenario("C11 a role that the framework does not hold drops the whole call", oneOfEach, (c) => {
  c.do("web suppresses web other");
  c.expect("web < rejected suppress CALL_INVALID");
  expect(c.state.frameworks.values().next().value?.suppressed).toEqual(new Set<RoleName>());
});

scenario(
  "O10 a framework that subscribes without suppression gets offers again",
  oneOfEach,
  (c) => {
    c.do("web suppresses");
    c.do("web leaves");
    c.do("wait 1s");
    c.do("web returns");
    c.expectInAnyOrder("web < subscribed\nweb < offers a1(cpus:4;mem:1024)");
  },
);

scenario("C7 unknown ids in a DECLINE are passed over", oneOfEach, (c) => {
  c.call("web", { type: "decline", offerIds: ["m-O99" as OfferId] });
  c.expect("");
});

scenario("E21 a framework in two roles has a client in each", "agent a1 cpus:1;mem:64", (c) => {
  c.do("framework web role=a,b");
  c.expect("web < subscribed\nweb < offers a1(cpus:1;mem:64)");
  expect(c.offers[0]?.role).toBe("a");
  c.do("web declines a1 refuse=60000");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:1;mem:64)");
  expect(c.offers[1]?.role).toBe("b");
});

scenario(
  "E5, E10 what is reserved for a role is offered to it and below, not beside it",
  "agent a1 cpus:2;mem:64;cpus(eng):4",
  (c) => {
    c.do("framework web role=ops");
    c.expect("web < subscribed\nweb < offers a1(cpus:2;mem:64)");
    c.do("framework dev role=eng/dev");
    c.expect("dev < subscribed\ndev < offers a1(cpus(eng):4)");
  },
);
