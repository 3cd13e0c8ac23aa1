import { describe, expect, test } from "vitest";
import type { RoleName } from "../../contract/ids.ts";
import { Explained } from "../support/explained.ts";

const HOUR = 3_600_000;

function quota(c: Explained, role: string, of: { limit?: number; guarantee?: number }): void {
  const entry = {
    role: role as RoleName,
    ...(of.limit === undefined ? {} : { limit: { cpus: of.limit } }),
    ...(of.guarantee === undefined ? {} : { guarantee: { cpus: of.guarantee } }),
  };
  c.operate({ method: "update-quota", params: { quotas: [entry], force: true } });
}

/** Two agents of two cpus, and `web`, which wants two and declines whatever has less. */
function waiting(of: Parameters<typeof quota>[2], role: string): Explained {
  const c = new Explained();
  quota(c, role, of);
  c.framework("web");
  for (const name of ["a1", "a2"]) c.agent(name, "cpus:2;mem:100");
  for (let second = 0; second < 5; second++) {
    c.wait(1_000);
    c.decline("web", HOUR);
  }
  return c;
}

/** Cpus of what `web` is offered. */
function cpus(c: Explained): (number | undefined)[] {
  return [...c.frameworkOf("web").offers].map(
    ({ wire }) => wire.resources.find(({ name }) => name === "cpus")?.scalar,
  );
}

// Memory alone is enough for an offer, so that a quota of cpus leaves offers without any (C13).

test("what was refused stays refused while the policy looks at it again (C8, E8)", () => {
  const c = new Explained();
  quota(c, "db", { guarantee: 4_000 });
  quota(c, "api", { limit: 1_000 });
  c.framework("api");
  c.framework("web");
  for (const name of ["a1", "a2", "a3"]) c.agent(name, "cpus:2;mem:100");
  const refused = new Set<string>();
  const codes = new Set<string>();
  for (let second = 0; second < 100; second++) {
    c.wait(500);
    for (const name of refused) codes.add(c.why("web", name).code);
    for (const { agent } of c.frameworkOf("web").offers) refused.add(agent.info.hostname);
    c.decline("web", HOUR);
  }
  expect(refused.size).toBe(3);
  expect(codes).toContain("filtered");
  // Of two agents that it refused, one may be offered anew with more while that leaves the other
  // nothing; but nowhere is there anything that it has not refused and that the policy withholds.
  expect(codes).not.toContain("passed-over");
});

describe("a quota that leaves nothing of one kind is why nothing useful is offered", () => {
  const held = "of the cpus all that are free are held back for guarantees: db lacks cpus:4";
  const lower = "lower the guarantees (`tepui quota set`), or add agents";

  test("for other roles' guarantees, whatever the framework refused of the rest (E8)", () => {
    const c = waiting({ guarantee: 4_000 }, "db");
    expect(cpus(c)).toEqual([]);
    const said = {
      code: "quota-headroom",
      text: `${held}; what else is free may be offered`,
      change: lower,
    };
    expect(c.why("web", "a1")).toMatchObject({ ...said, count: 2 });
    expect(c.explainAgent("a1").frameworks).toMatchObject([said]);
    quota(c, "db", { guarantee: 0 });
    c.wait(1_000);
    expect(cpus(c)).toEqual([2_000, 2_000]);
    expect(c.why("web", "a1").text).toBe("offered, and not answered yet");
  });

  test("for a limit that is reached, with its figures (E9)", () => {
    const c = new Explained();
    quota(c, "web", { limit: 2_000 });
    c.framework("web");
    c.agent("a1", "cpus:2;mem:100");
    c.launch("web", "a1", "cpus:2;mem:100");
    c.agent("a2", "cpus:2;mem:100");
    c.wait(1_000);
    c.decline("web", HOUR);
    expect(c.why("web", "a2")).toMatchObject({
      code: "quota-limit",
      text: "of the cpus of role web 2 of 2 are consumed; what else is free may be offered",
      change: "raise the limit of role web (`tepui quota set`), or end tasks in it",
    });
    quota(c, "web", { limit: 4_000 });
    c.wait(1_000);
    expect(cpus(c)).toEqual([2_000]);
  });

  test("and is told with an offer of the rest", () => {
    const c = new Explained();
    quota(c, "db", { guarantee: 4_000 });
    c.framework("web");
    for (const name of ["a1", "a2"]) c.agent(name, "cpus:2;mem:100");
    c.wait(1_000);
    expect(cpus(c)).toEqual([undefined, undefined]);
    const finding = c.why("web", "a1");
    expect(finding).toMatchObject({
      code: "offered",
      text: `offered, and not answered yet; but ${held}`,
    });
    expect(finding.change).toContain(lower);
  });

  test("to the role that lacks it, nothing is held back", () => {
    const c = waiting({ guarantee: 4_000 }, "web");
    expect(c.why("web", "a1")).toMatchObject({
      code: "filtered",
      text: "the framework refused as much as is free there, and the refusal holds still",
    });
  });
});

describe("a quota that leaves some of a kind is told beside the reason", () => {
  test("where a limit has less room than the agent (E9)", () => {
    const c = waiting({ limit: 1_000 }, "web");
    const finding = c.why("web", "a1");
    expect(finding).toMatchObject({
      code: "filtered",
      text:
        "the framework refused as much as it may have there, and the refusal holds still; " +
        "but of the cpus of role web 0 of 1 are consumed, so that no more than 1 may be offered",
    });
    expect(finding.change).toContain("REVIVE drops refusals at once; raise the limit of role web");
    quota(c, "web", { limit: 2_000 });
    c.wait(1_000);
    expect(cpus(c)).toContain(2_000);
  });

  test("where guarantees leave less than the agent has (E8)", () => {
    const c = waiting({ guarantee: 3_000 }, "db");
    expect(c.why("web", "a1").text).toMatch(
      /refused as much as it may have .* of the cpus all but 1 are held back .* db lacks cpus:3$/,
    );
    quota(c, "db", { guarantee: 0 });
    c.wait(1_000);
    expect(cpus(c)).toEqual([2_000, 2_000]);
  });

  test("and not at all where there is room for all of the agent", () => {
    const c = waiting({ limit: 2_000 }, "web");
    expect(c.why("web", "a1").text).not.toContain("limit");
    expect(c.why("web", "a1").text).toContain("refused as much as is free there");
  });
});
