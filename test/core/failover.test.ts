import { expect } from "vitest";
import { oneOfEach as running, runTask } from "../support/one-task.ts";
import { scenario } from "../support/scenario.ts";

scenario("B5 however often a framework returns in time, one timer waits for it", running, (c) => {
  runTask(c);
  const before = c.state.timers.size;
  for (let time = 0; time < 50; time++) {
    c.do("web leaves");
    c.do("wait 100ms");
    c.do("web returns");
  }
  expect(c.state.timers.size).toBeLessThan(before + 10);
  c.told();
  // The timer of the first absence is due now, in which nothing is to happen.
  c.do("wait 60s");
  c.do("web leaves");
  c.do("wait 9999ms");
  expect(c.state.frameworks.size).toBe(1);
  c.do("wait 1ms");
  expect(c.state.frameworks.size).toBe(0);
  c.told();
});

scenario("B5 a framework may return with another failover timeout, and go again", running, (c) => {
  runTask(c);
  for (const [failover, ms] of [
    [2_000, 2_000],
    [60_000, 60_000],
  ] as const) {
    c.do("web leaves");
    c.do("wait 1s");
    c.do(`framework web id=m-0000 failover=${failover}`);
    c.do("web leaves");
    c.do(`wait ${ms - 1}ms`);
    expect(c.state.frameworks.size).toBe(1);
    c.do(`framework web id=m-0000 failover=${failover}`);
  }
  c.do("web leaves");
  c.do("wait 60s");
  expect(c.state.frameworks.size).toBe(0);
  c.told();
});

scenario("B4, B5 a framework that returns in time finds its tasks", running, (c) => {
  runTask(c);
  c.do("web leaves");
  c.do("wait 9s");
  c.do("web returns");
  c.expect("web < subscribed\na1 < update-framework web\nweb < offers a1(cpus:3;mem:960)");
  c.do("wait 60s");
  c.do("web reconciles");
  c.expect("web < t1 RUNNING RECONCILIATION");
});

scenario("B5 one that does not return in time has its tasks killed", running, (c) => {
  runTask(c);
  c.do("web leaves");
  c.do("wait 10s");
  c.expect("a1 < shutdown-framework web");
  const [completed] = c.state.completedFrameworks.values();
  expect(completed?.tasks[0]?.state).toBe("TASK_KILLED");
  c.do("web returns");
  c.expect("web < error FRAMEWORK_REMOVED\nweb closed FRAMEWORK_REMOVED");
});

scenario(
  "B5 without a failover timeout the tasks go with the connection",
  "agent a1 cpus:1;mem:64",
  (c) => {
    c.do("framework web");
    c.do("web accepts a1 t1(cpus:1;mem:64)");
    c.told();
    c.do("web leaves");
    c.expect("a1 < shutdown-framework web");
    expect(c.state.frameworks.size).toBe(0);
  },
);

scenario("B5 a failover timeout that makes no sense is refused", "", (c) => {
  for (const failover of ["NaN", "-1", "1e20"]) {
    c.do(`framework web failover=${failover}`);
    c.expect("web < error FRAMEWORK_INVALID\nweb closed FRAMEWORK_INVALID");
  }
});
