import { describe, expect, test } from "vitest";
import { Explained } from "../support/explained.ts";

// Each test makes a reason, reads it, does what the explanation proposes, and sees the offer come.

const SMALL = "cpus:1;mem:64";

describe("what keeps a framework from all offers", () => {
  test("it is suppressed: REVIVE (C11)", () => {
    const c = new Explained();
    c.framework("web", { suppressed: true });
    c.agent("a1", SMALL);
    expect(c.offered("web")).toEqual([]);
    expect(c.blocked("web")).toMatchObject([
      { code: "suppressed", change: "the framework has to send REVIVE" },
    ]);
    expect(c.why("web", "a1").code).toBe("free");
    c.call("web", "revive");
    expect(c.offered("web")).toEqual(["a1"]);
    expect(c.blocked("web")).toEqual([]);
  });

  test("it has no connection: it has to subscribe again (B4)", () => {
    const c = new Explained();
    c.framework("web");
    c.agent("a1", SMALL);
    c.leave("web");
    c.wait(2_000);
    const [finding] = c.blocked("web");
    expect(finding?.code).toBe("framework-disconnected");
    expect(finding?.change).toBe(
      "subscribe again with its id; else it is removed with its tasks in 58 s",
    );
    c.framework("web", { id: c.frameworkOf("web").id });
    expect(c.offered("web")).toEqual(["a1"]);
  });

  test("it is in no role (B11)", () => {
    const c = new Explained();
    c.framework("web", { role: "" });
    c.agent("a1", SMALL);
    expect(c.blocked("web")).toMatchObject([{ code: "no-roles" }]);
    expect(c.explain("web").roles).toEqual([]);
  });

  test("it has ended", () => {
    const c = new Explained();
    c.framework("web");
    const { id } = c.frameworkOf("web");
    c.operate({ method: "teardown", params: { frameworkId: id } });
    for (const asked of ["web", id]) {
      const told = c.explain(asked);
      expect([told.state, told.frameworkId, told.blocked[0]?.code]).toEqual([
        "completed",
        id,
        "framework-completed",
      ]);
    }
  });

  test("there are no agents", () => {
    const c = new Explained();
    c.framework("web");
    expect(c.blocked("web")).toMatchObject([{ code: "no-agents" }]);
    c.agent("a1", SMALL);
    expect(c.blocked("web")).toEqual([]);
  });

  test("it keeps giving everything back, so others come first: REVIVE or a launch", () => {
    const c = new Explained();
    c.framework("idle");
    c.agent("a1", SMALL);
    c.framework("busy");
    const codes = (): string[] => c.blocked("idle").map(({ code }) => code);
    c.decline("idle", 0);
    expect(codes()).toEqual(["on-trial"]);
    for (let batch = 0; batch < 4; batch++) {
      c.wait(1_000);
      c.decline("idle", 0);
      if (c.offered("busy").length > 0) c.launch("busy", "a1", "cpus:0.01");
    }
    c.wait(1_000);
    const [behind] = c.blocked("idle");
    expect(behind?.code).toBe("stands-behind");
    expect(behind?.text).toMatch(/gave everything back \d times in a row.* for \d more allocation/);
    expect(c.why("idle", "a1").examples[0]?.text).toMatch(
      /^to busy .* while this one stands behind$/,
    );
    c.call("idle", "revive");
    expect(codes()).toEqual([]);
    c.decline("busy", 0);
    c.wait(1_000);
    expect(c.offered("idle")).toEqual(["a1"]);
  });
});

describe("what keeps an agent from everybody", () => {
  test("it has no connection, and is given up at a time that is told (B23)", () => {
    const c = new Explained({ agentReregisterTimeoutMs: 600_000 });
    c.framework("web");
    c.agent("a1", SMALL);
    c.agentLeaves("a1");
    c.wait(60_000);
    const finding = c.why("web", "a1");
    expect(finding.code).toBe("agent-disconnected");
    expect(finding.examples[0]?.text).toBe("given up in 9 mins");
    expect(c.explainAgent("a1").blocked).toMatchObject([
      { code: "agent-disconnected", change: "start it again; given up in 9 mins" },
    ]);
  });

  test.each([
    ["deactivate-agent", "agent-deactivated"],
    ["drain-agent", "agent-draining"],
  ] as const)("an operator's %s: `tepui reactivate` (I5, I6)", (method, code) => {
    const c = new Explained();
    c.framework("web");
    c.agent("a1", SMALL);
    c.decline("web", 0);
    const params = { agentId: c.agentOf("a1").id };
    c.operate({ method, params });
    c.wait(2_000);
    expect(c.offered("web")).toEqual([]);
    expect(c.why("web", "a1")).toMatchObject({
      code,
      change: expect.stringContaining("reactivate"),
    });
    c.operate({ method: "reactivate-agent", params });
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a1"]);
  });
});
