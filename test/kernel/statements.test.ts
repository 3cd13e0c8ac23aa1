import { describe, expect, test } from "vitest";
import type { FrameworkCallOf } from "../../contract/framework-api.ts";
import type { FrameworkId, RoleName } from "../../contract/ids.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { silentLog } from "../../contract/ports/log.ts";
import type { PolicyCompanion, StatementProblem } from "../../contract/ports/policy-companion.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { Statements } from "../../kernel/io/statements.ts";
import { TestCluster } from "../support/cluster.ts";

const problem: StatementProblem = {
  where: "labels/wish",
  column: 3,
  message: "it is bad",
  hint: "be good",
};

/** Objects to every framework and agent that is called "bad". */
const companion: PolicyCompanion = {
  checkFramework: ({ name }) => (name === "bad" ? problem : undefined),
  checkAgent: ({ hostname }) => (hostname === "bad" ? problem : undefined),
  compiler: () => ({ compile: () => new Uint8Array(0) }),
};

function statements(live: PolicyCompanion | undefined = companion) {
  const lines: { fields: unknown; text: string | undefined }[] = [];
  const warn: Logger["warn"] = (fields: unknown, text?: string) => lines.push({ fields, text });
  const log = { ...silentLog, warn } as Logger;
  return { checks: new Statements(() => ({ name: "p", companion: live }), log), lines };
}

const subscribe = (name: string, peer = 77, more: object = {}): ClusterInput => ({
  type: "framework-call",
  peer,
  call: { type: "subscribe", framework: { name, user: "u", roles: ["*" as RoleName], ...more } },
});

const register = (hostname: string): ClusterInput => ({
  type: "agent-message",
  peer: 78,
  message: {
    type: "register",
    agent: { hostname, ip: "10.0.0.9", port: 0, resources: [] },
    version: "1",
    capabilities: [],
  },
});

const text = "labels/wish, column 3: it is bad";

describe("statements of frameworks", () => {
  test("that the companion objects to go on with the objection, the others as they are", () => {
    const { checks } = statements();
    const good = subscribe("good");
    expect(checks.vetted(good)).toBe(good);
    expect(checks.vetted(subscribe("bad"))).toMatchObject({
      objection: {
        code: "STATEMENT_INVALID",
        message: text,
        where: "policy p",
        hint: "be good",
      },
    });
    const closed: ClusterInput = { type: "framework-closed", peer: 1 };
    expect(checks.vetted(closed)).toBe(closed);
  });

  test("pass where the policy has no companion", () => {
    const { checks } = statements({ compiler: companion.compiler });
    expect(checks.vetted(subscribe("bad"))).toEqual(subscribe("bad"));
  });

  test("do not pass a companion that fails", () => {
    const failing: PolicyCompanion = {
      ...companion,
      checkFramework: () => {
        throw new Error("a bug");
      },
    };
    const { checks } = statements(failing);
    expect(checks.vetted(subscribe("good"))).toMatchObject({
      objection: { code: "POLICY_COMPANION", message: expect.stringContaining("a bug") },
    });
  });

  test("refuse a subscription in the core (B1), and an update without an end (B7)", () => {
    const { checks } = statements();
    const cluster = new TestCluster("framework web", {});
    cluster.input(checks.vetted(subscribe("bad")));
    cluster.expect("#77 < error STATEMENT_INVALID\n#77 closed STATEMENT_INVALID");
    expect(cluster.state.frameworks.size).toBe(1);
    const [web] = cluster.state.frameworks.values();
    const framework = { ...(web?.info as FrameworkCallOf<"subscribe">["framework"]), name: "bad" };
    const call = { type: "update-framework", framework, requestId: 1 } as const;
    cluster.input(checks.vetted({ type: "framework-call", peer: web?.peer as number, call }));
    cluster.expect("web < updated STATEMENT_INVALID");
    expect(web?.info.name).toBe("web");
  });
});

test("a framework that comes back is taken in with what it states, and that is logged (B2)", () => {
  const { checks, lines } = statements();
  const cluster = new TestCluster("", {});
  // It came before the policy became live, and loses its connection since.
  const failoverTimeoutMs = 60_000;
  cluster.input(subscribe("bad", 70, { failoverTimeoutMs }));
  const [id] = cluster.state.frameworks.keys();
  cluster.input({ type: "framework-closed", peer: 70 });
  cluster.told();
  cluster.input(checks.vetted(subscribe("bad", 71, { failoverTimeoutMs, id })));
  expect(cluster.told().join("\n")).not.toContain("STATEMENT_INVALID");
  expect(cluster.state.frameworks.get(id as FrameworkId)?.state).toBe("active");
  expect(lines.map(({ fields }) => fields)).toEqual([
    { framework: "bad", code: "STATEMENT_INVALID" },
  ]);
});

describe("statements of agents", () => {
  test("that are bad are logged, and the agent is taken in", () => {
    const { checks, lines } = statements();
    for (const hostname of ["good", "bad"]) {
      expect(checks.vetted(register(hostname))).toEqual(register(hostname));
    }
    expect(lines).toEqual([
      {
        fields: { agent: "bad", code: "STATEMENT_INVALID" },
        text: expect.stringContaining(text),
      },
    ]);
  });
});

test("what was there before the policy is looked at once, when it becomes live", () => {
  const { checks, lines } = statements();
  const cluster = new TestCluster("", {});
  cluster.input(subscribe("good", 70));
  cluster.input(subscribe("bad", 71));
  cluster.input(register("bad"));
  cluster.told();
  checks.audit(cluster.state.tables);
  checks.audit(cluster.state.tables);
  expect(lines.map(({ fields }) => fields)).toEqual([
    { framework: "bad", code: "STATEMENT_INVALID" },
    { agent: "bad", code: "STATEMENT_INVALID" },
  ]);
});
