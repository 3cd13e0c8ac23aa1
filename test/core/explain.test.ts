import { describe, expect, test } from "vitest";
import type { RoleName } from "../../contract/ids.ts";
import { Explained, quota } from "../support/explained.ts";

// Each test makes a reason, reads it, does what the explanation proposes, and sees the offer come.

const SMALL = "cpus:1;mem:64";

describe("what keeps a framework from one agent", () => {
  test.each([
    ["gpu-capability", "GPU_RESOURCES", "cpus:1;gpus:1", {}],
    ["region-capability", "REGION_AWARE", SMALL, { domain: { region: "there", zone: "z" } }],
    [
      "revocable-capability",
      "REVOCABLE_RESOURCES",
      "ports:[1-2]",
      { resources: [{ name: "cpus", scalar: 1_000, revocable: true }] },
    ],
    [
      "refinement-capability",
      "RESERVATION_REFINEMENT",
      "ports:[1-2]",
      {
        resources: [
          {
            name: "cpus",
            scalar: 1_000,
            reservations: [
              { type: "static", role: "eng" },
              { type: "dynamic", role: "eng/web" },
            ],
          },
        ],
      },
    ],
  ] as const)("%s: the capability %s (C19, C20, E16)", (code, capability, resources, more) => {
    const c = new Explained();
    const role = "eng/web";
    c.framework("web", { role });
    c.agent("a1", resources, more as never);
    expect(c.offered("web")).toEqual([]);
    const finding = c.why("web", "a1");
    expect(finding.code).toBe(code);
    expect(finding.change).toContain(`the capability ${capability}`);
    c.framework("able", { role, capabilities: [capability] });
    expect(c.offered("able")).toEqual(["a1"]);
  });

  test("what is free is reserved for another role (E10)", () => {
    const c = new Explained();
    c.framework("web");
    c.agent("a1", "cpus(db):2;mem(db):64");
    const finding = c.why("web", "a1");
    expect([finding.code, finding.examples[0]?.text]).toEqual(["reserved", "for db"]);
    c.framework("base", { role: "db" });
    expect(c.offered("base")).toEqual(["a1"]);
  });

  test("its offer constraints rule the agent out (C14)", () => {
    const c = new Explained();
    c.framework("web", { rack: "r1" });
    c.agent("a1", SMALL, { attributes: [{ name: "rack", text: "r2" }] });
    c.agent("a2", SMALL, { attributes: [{ name: "rack", text: "r1" }] });
    expect(c.offered("web")).toEqual(["a2"]);
    expect(c.why("web", "a1").code).toBe("constraint");
    expect(c.why("web", "a2").code).toBe("offered");
  });

  test("it refused: the time is told at which that ends, and it does (C8)", () => {
    const c = new Explained();
    c.framework("web");
    c.agent("a1", SMALL);
    c.agent("a2", SMALL);
    c.decline("web", 10_000, "a1");
    c.decline("web", 3_600_000, "a2");
    c.wait(5_800);
    const finding = c.why("web", "a1");
    expect(finding.code).toBe("filtered");
    expect(finding.examples).toMatchObject([
      { hostname: "a1", text: "ends in 4.2 s", untilMs: 10_000 },
      { hostname: "a2", text: "ends in 59.9 mins" },
    ]);
    expect(finding.change).toBe("the first ends in 4.2 s; REVIVE drops refusals at once");
    c.wait(4_100);
    expect(c.offered("web")).toEqual([]);
    c.wait(1_100);
    expect(c.offered("web")).toEqual(["a1"]);
    c.call("web", "revive");
    expect(c.offered("web")).toEqual(["a1", "a2"]);
  });

  test("tasks use all of it: when one ends, the agent is offered", () => {
    const c = new Explained();
    c.framework("batch");
    c.agent("a1", SMALL);
    const task = c.launch("batch", "a1", SMALL);
    c.framework("web");
    const finding = c.why("web", "a1");
    expect([finding.code, finding.examples[0]?.text]).toEqual(["in-use", "1 task of batch"]);
    c.update("batch", task, "TASK_FINISHED");
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a1"]);
  });

  test("too little is left: what is needed and where most is free is told (C13)", () => {
    const c = new Explained();
    c.framework("batch");
    c.agent("a1", "cpus:4;mem:64");
    c.agent("a2", "cpus:4;mem:64");
    const tasks = [
      c.launch("batch", "a1", "cpus:3;mem:1", 100_000),
      c.launch("batch", "a2", "cpus:2.5;mem:1", 100_000),
    ];
    c.framework("web", { offerFilters: { web: { minAllocatable: [{ cpus: 2_000 }] } } });
    expect(c.offered("web")).toEqual([]);
    const finding = c.why("web", "a1");
    expect(finding).toMatchObject({ code: "below-minimum", count: 2 });
    expect(finding.text).toContain("cpus:2");
    expect(finding.change).toContain("the most that is free is cpus(*):1.5; mem(*):63 on a2");
    expect(finding.examples[0]?.hostname).toBe("a2");
    c.update("batch", tasks[1] as never, "TASK_FINISHED");
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a2"]);
  });

  test("no agent has as much as it takes (C13)", () => {
    const c = new Explained();
    c.framework("web", { offerFilters: { web: { minAllocatable: [{ cpus: 8_000 }] } } });
    c.agent("a1", "cpus:4;mem:64");
    const finding = c.why("web", "a1");
    expect([finding.code, finding.count]).toEqual(["too-small", 1]);
    expect(finding.change).toContain("the most there is is cpus(*):4; mem(*):64 on a1");
    c.agent("a2", "cpus:8;mem:64");
    expect(c.offered("web")).toEqual(["a2"]);
  });

  test("its role's limit is reached: raising it helps, and the figures are right (E9)", () => {
    const c = new Explained();
    c.framework("web", { role: "eng/web" });
    c.agent("a1", "cpus:10;mem:0.001");
    c.operate(quota("eng", { limit: 10_000 }));
    c.wait(1_000);
    c.launch("web", "a1", "cpus:10");
    c.agent("a2", "cpus:4");
    expect(c.offered("web")).toEqual([]);
    const finding = c.why("web", "a2");
    expect(finding).toMatchObject({
      code: "quota-limit",
      text: "of the cpus of role eng 10 of 10 are consumed",
      change: "raise the limit of role eng (`tepui quota set`), or end tasks in it",
    });
    c.operate(quota("eng", { limit: 12_000 }));
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a2"]);
  });

  test("what is free is held back for another role's guarantee (E8)", () => {
    const c = new Explained();
    c.framework("web");
    c.operate(quota("db", { guarantee: 4_000 }));
    c.agent("a1", "cpus:4");
    c.wait(1_000);
    expect(c.offered("web")).toEqual([]);
    const finding = c.why("web", "a1");
    expect(finding.code).toBe("quota-headroom");
    expect(finding.text).toContain("db lacks cpus:4");
    c.operate(quota("db", { guarantee: 0 }));
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a1"]);
  });

  test("others come first, with the shares that decided it: it waits for their answer (E2)", () => {
    const c = new Explained();
    c.framework("web");
    c.agent("a1", "cpus:8;mem:64");
    c.launch("web", "a1", "cpus:8;mem:64");
    c.framework("batch");
    c.agent("a2", "cpus:2;mem:64");
    expect(c.offered("batch")).toEqual(["a2"]);
    const finding = c.why("web", "a2");
    const { id } = c.frameworkOf("batch");
    expect(finding.code).toBe("outranked");
    expect(finding.examples[0]?.text).toBe(`to batch (${id}) in role batch: share 0 against 0.8`);
    c.decline("batch", 3_600_000);
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a2"]);
  });

  test("shares are compared where the roles part, over their weights (E5, E7)", () => {
    const c = new Explained();
    c.framework("web", { role: "eng/web" });
    c.agent("a1", "cpus:8;mem:64");
    c.launch("web", "a1", "cpus:6;mem:32", 3_600_000);
    c.framework("ads", { role: "ads" });
    c.framework("eng", { role: "eng" });
    const weights = [{ role: "eng" as RoleName, weight: 3 }];
    c.operate({ method: "update-weights", params: { weights } });
    c.wait(1_000);
    // Of 8 cpus web has 6: eng 0.75 / 3 = 0.25 against 0 of ads; within eng, "." has nothing.
    expect(c.offered("ads")).toEqual(["a1"]);
    const text = (name: string) => c.why(name, "a1").examples[0]?.text;
    expect(text("eng")).toMatch(/^to ads .* share 0 against 0\.25$/);
    c.decline("ads", 3_600_000);
    c.wait(1_000);
    expect(c.offered("eng")).toEqual(["a1"]);
    expect(c.why("web", "a1").code).toBe("filtered");
  });
});
