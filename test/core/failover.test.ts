import { expect } from "vitest";
import { scenario } from "../support/scenario.ts";

const running = `
  agent a1 cpus:4;mem:1024
  framework web failover=10000
`;

scenario("B5 however often a framework returns in time, one timer waits for it", running, (c) => {
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
