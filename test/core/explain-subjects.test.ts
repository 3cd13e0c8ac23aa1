import { describe, expect, test } from "vitest";
import type { RoleName } from "../../contract/ids.ts";
import { Explained, quota } from "../support/explained.ts";

const SMALL = "cpus:1;mem:64";

describe("an agent", () => {
  test("tells who holds it, what is free, and why nobody is offered that", () => {
    const c = new Explained();
    c.framework("batch");
    c.agent("a1", "cpus:4;mem:64");
    c.launch("batch", "a1", "cpus:3;mem:16", 60_000);
    c.framework("web", { suppressed: true });
    c.framework("old", { offerFilters: { old: { minAllocatable: [{ cpus: 9_000 }] } } });
    const told = c.explainAgent("a1");
    expect(told.holders).toMatchObject([{ framework: "batch", tasks: 1, offers: 0 }]);
    expect(told.free).toMatchObject([{ name: "cpus", scalar: 1_000 }, { name: "mem" }]);
    const codes = Object.fromEntries(
      told.frameworks.map(({ code, examples }) => [code, examples[0]?.framework]),
    );
    expect(codes).toEqual({ filtered: "batch", suppressed: "web", "too-small": "old" });
    expect(told.lookedIn).toBe(told.lastRound?.round);
  });

  test.each([
    ["agent-recovering", "recovering"],
    ["agent-unreachable", "unreachable"],
    ["agent-gone", "gone"],
  ] as const)("%s: only the registry knows it", (code, kind) => {
    const c = new Explained();
    const { state } = c.master;
    const info = { hostname: "h", ip: "i", port: 0, resources: [] };
    if (kind === "recovering") state.recovering.set("x" as never, info);
    else state.registry[kind].set("x" as never, { sinceMs: 5 });
    expect(c.explainAgent("x").blocked).toMatchObject([{ code }]);
  });

  test("an agent that nobody knows, or that is one of several, is refused", () => {
    const c = new Explained();
    c.agent("a1", SMALL);
    c.agent("a1", SMALL, { ip: "10.0.0.2" });
    expect(() => c.explainAgent("a2")).toThrow("agent a2 is not known");
    expect(() => c.explainAgent("a1")).toThrow('2 agents have the hostname "a1"');
    const [id] = c.master.state.agents.keys();
    expect(c.explainAgent(id as string).agentId).toBe(id);
  });
});

describe("a role", () => {
  test("tells its share beside those around it, its quota, and what its frameworks wait for", () => {
    const c = new Explained();
    c.framework("web", { role: "eng/web" });
    c.agent("a1", "cpus:8;mem:64");
    c.launch("web", "a1", "cpus:6;mem:32", 3_600_000);
    c.framework("ads");
    c.operate(quota("eng", { limit: 6_000, guarantee: 7_000 }));
    c.operate(quota("eng", { limit: 6_000 }));
    const told = c.explainRole("eng");
    expect(told.share).toEqual({ dominant: 0.75, weight: 1, resource: "cpus" });
    expect(told.holds).toEqual({ cpus: 6_000, mem: 32_000 });
    expect(told.limit).toEqual({ cpus: 6_000, mem: 1 });
    expect(told.siblings.map(({ role }) => role)).toEqual(["ads", "eng"]);
    expect(told.blocked.map(({ text }) => text)).toContain(
      "of the cpus of role eng 6 of 6 are consumed",
    );
    const below = c.explainRole("eng/web");
    expect(below.blocked.map(({ code }) => code)).toEqual(["limit-reached", "limit-reached"]);
    expect(below.frameworks).toMatchObject([
      { code: "wants-offers", count: 1, examples: [{ framework: "web" }] },
    ]);
    expect(below.frameworks[0]?.examples[0]?.text).toMatch(
      /^holds cpus:6;mem:32, share 0.75, last/,
    );
  });

  test("says when nobody in it asks, and when nobody is in it", () => {
    const c = new Explained();
    c.framework("web", { suppressed: true });
    c.operate(quota("db", { guarantee: 1_000 }));
    expect(c.explainRole("web").blocked).toMatchObject([{ code: "nobody-asks" }]);
    expect(c.explainRole("db").blocked).toMatchObject([
      { code: "no-frameworks" },
      { code: "guarantee-unmet", text: expect.stringContaining("lacks cpus:1") },
    ]);
    expect(() => c.explainRole("nobody")).toThrow("there is no role nobody here");
  });
});

describe("a task", () => {
  test("tells its state, since when, and where its resources are, to its end", () => {
    const c = new Explained();
    c.framework("web");
    c.agent("a1", "cpus:4;mem:64");
    const task = c.launch("web", "a1", "cpus:1;mem:16", 60_000);
    c.wait(2_500);
    expect(c.explainTask(task)).toMatchObject({
      framework: "web",
      hostname: "a1",
      holds: true,
      findings: [{ code: "staging", text: expect.stringContaining("2.5 s ago") }],
    });
    c.update("web", task, "TASK_RUNNING");
    c.wait(1_000);
    expect(c.explainTask(task).findings.map(({ code }) => code)).toEqual([
      "running",
      "unacknowledged",
    ]);
    c.update("web", task, "TASK_FAILED");
    c.wait(1_000);
    const ended = c.explainTask("t");
    expect(ended.holds).toBe(false);
    expect(ended.findings[0]).toMatchObject({
      code: "ended",
      text: "TASK_FAILED 1 s ago: as told",
    });
    expect(ended.task.statuses.map(({ state }) => state)).toEqual(["TASK_RUNNING", "TASK_FAILED"]);
  });

  test("tells when it waits for its agent or for its framework", () => {
    const c = new Explained();
    c.framework("web", { checkpoint: true });
    c.agent("a1", SMALL);
    const task = c.launch("web", "a1", SMALL);
    c.agentLeaves("a1");
    c.leave("web");
    expect(c.explainTask(task).findings.map(({ code }) => code)).toEqual([
      "staging",
      "agent-disconnected",
      "framework-disconnected",
    ]);
  });

  test("one that the master never saw is refused with where to look instead", () => {
    const c = new Explained();
    expect(() => c.explainTask("t9")).toThrow('the master remembers no task "t9"');
    c.framework("web");
    c.agent("a1", "cpus:4;mem:64");
    c.launch("web", "a1", "cpus:1;mem:1");
    c.wait(1_000);
    c.launch("web", "a1", "cpus:1;mem:1");
    expect(() => c.explainTask("t")).toThrow('"t" fits 2 tasks');
    expect(c.explainTask("t0").task.taskId).toBe("t0");
  });
});

test("a framework that nobody knows, or that shares its name, is refused", () => {
  const c = new Explained();
  c.framework("web");
  expect(() => c.explain("wep")).toThrow('no framework has the id or the name "wep"');
  expect(() => c.explain("web", "db")).toThrow("there is no role db here: web is not in it");
  c.master.subscribe({ name: "web", user: "nobody", roles: ["x" as RoleName] });
  expect(() => c.explain("web")).toThrow('2 frameworks have the name "web"');
});

test("explaining changes nothing: the same question twice, and the same rounds after it", () => {
  const run = (curious: boolean): string => {
    const c = new Explained();
    c.framework("web", { role: "eng/web" });
    c.framework("batch");
    for (let number = 0; number < 4; number++) c.agent(`a${number}`, "cpus:4;mem:64");
    let told = "";
    for (let turn = 0; turn < 10; turn++) {
      if (curious) {
        for (const name of ["web", "batch"]) {
          expect(JSON.stringify(c.explain(name))).toBe(JSON.stringify(c.explain(name)));
        }
        c.explainAgent("a1");
        c.explainRole("eng");
      }
      c.decline(turn % 2 === 0 ? "web" : "batch", turn % 3 === 0 ? 0 : 2_000);
      c.wait(1_000);
      told += `${c.offered("web")}|${c.offered("batch")};`;
    }
    return told;
  };
  expect(run(true)).toBe(run(false));
});

test("an answer has few examples unless more are asked for, and counts them all", () => {
  const c = new Explained();
  c.framework("web");
  for (let number = 0; number < 20; number++) c.agent(`a${number}`, SMALL);
  const [finding] = c.explain("web").roles[0]?.agents ?? [];
  expect([finding?.count, finding?.examples.length]).toEqual([20, 3]);
});
