import { describe, expect, test } from "vitest";
import type { RoleName } from "../../contract/ids.ts";
import { Explained } from "../support/explained.ts";

const HOUR = 3_600_000;

/** What a framework has been offered in all. */
function offersTo(c: Explained, name: string): number {
  return c.master.state.tables.clients.allocations[clientOf(c, name).row] as number;
}

function clientOf(c: Explained, name: string) {
  const [client] = c.frameworkOf(name).clients.values();
  if (client === undefined) throw new Error(`${name} is in no role`);
  return client;
}

/** Cpus that a framework is offered now. */
function cpus(c: Explained, name: string): (number | undefined)[] {
  return [...c.frameworkOf(name).offers].map(
    ({ wire }) => wire.resources.find((resource) => resource.name === "cpus")?.scalar,
  );
}

function quota(c: Explained, role: string, of: { limit?: number; guarantee?: number }): void {
  const { limit, guarantee } = of;
  const entry = {
    role: role as RoleName,
    ...(limit === undefined ? {} : { limit: { cpus: limit } }),
    ...(guarantee === undefined ? {} : { guarantee: { cpus: guarantee } }),
  };
  c.operate({ method: "update-quota", params: { quotas: [entry], force: true } });
}

/** Two agents of two cpus, and `web`, which declines all that it is offered for an hour. */
function declined(of: (c: Explained) => void): Explained {
  const c = new Explained();
  of(c);
  c.framework("web");
  for (const name of ["a1", "a2"]) c.agent(name, "cpus:2;mem:100");
  // What is cut is cut from one agent or the other: each of the offers that there can be is made.
  declineFor(c, 100);
  return c;
}

function declineFor(c: Explained, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    c.wait(1_000);
    c.decline("web", HOUR);
  }
}

describe("what was cut for a quota and refused is not offered again (C8, E8, E9)", () => {
  test("under a limit, for as long as the refusal holds and nothing changes", () => {
    const c = declined((each) => quota(each, "web", { limit: 1_000 }));
    expect(offersTo(c, "web")).toBeLessThanOrEqual(4);
    const before = offersTo(c, "web");
    declineFor(c, 1_000);
    expect(offersTo(c, "web")).toBe(before);
    c.wait(HOUR);
    expect(c.offered("web")).not.toEqual([]);
  });

  test("beside another role's guarantee", () => {
    const c = declined((each) => quota(each, "db", { guarantee: 4_000 }));
    expect(offersTo(c, "web")).toBe(2);
    declineFor(c, 1_000);
    expect(offersTo(c, "web")).toBe(2);
  });

  test("nor what another one left of an agent that was cut", () => {
    const c = new Explained({ backOffCyclesMax: 0 });
    c.framework("web");
    c.agent("a0", "cpus:4;mem:100");
    c.wait(1_000);
    // It holds more than the other from here on, and comes second.
    c.launch("web", "a0", "cpus:4;mem:100", HOUR);
    quota(c, "cut", { limit: 2_000 });
    c.framework("cut");
    c.agent("a1", "cpus:4;mem:100");
    for (let second = 0; second < 100; second++) {
      c.wait(1_000);
      c.decline("web", HOUR);
      c.decline("cut", 0);
    }
    // All of a0, and of a1 what was left, and the whole where that was offered later.
    expect(offersTo(c, "web")).toBeLessThanOrEqual(3);
  });

  test("and others have it meanwhile, however many refused it before", () => {
    const c = new Explained();
    quota(c, "all", { limit: 1_000 });
    for (let n = 0; n < 6; n++) c.framework(`f${n}`, { role: `all/${n}` });
    c.agent("a1", "cpus:2;mem:100");
    c.wait(1_000);
    for (let n = 0; n < 30; n++) {
      for (let f = 0; f < 5; f++) c.decline(`f${f}`, HOUR);
      c.wait(1_000);
    }
    expect(c.offered("f5")).toEqual(["a1"]);
    for (let f = 0; f < 5; f++) expect(offersTo(c, `f${f}`)).toBeLessThanOrEqual(2);
  });
});

describe("more than was refused is offered", () => {
  test("at once when a limit is raised", () => {
    const c = declined((each) => quota(each, "web", { limit: 1_000 }));
    quota(c, "web", { limit: 2_000 });
    c.wait(1_000);
    expect(cpus(c, "web")).toContain(2_000);
  });

  test("at once when the agent has more", () => {
    const c = declined((each) => quota(each, "web", { limit: 1_000 }));
    c.agent("a3", "cpus:1;mem:100");
    c.wait(1_000);
    expect(c.offered("web")).toEqual(["a3"]);
  });

  test("before long when its role holds less", () => {
    const c = new Explained();
    quota(c, "web", { limit: 2_000 });
    c.framework("web");
    c.agent("a1", "cpus:2;mem:100");
    c.wait(1_000);
    const task = c.launch("web", "a1", "cpus:1;mem:100", HOUR);
    c.update("web", task, "TASK_RUNNING");
    const { id: agentId } = c.agentOf("a1");
    c.operate({ method: "deactivate-agent", params: { agentId } });
    c.agent("a2", "cpus:2;mem:100");
    c.wait(1_000);
    expect(cpus(c, "web")).toEqual([1_000]);
    declineFor(c, 30);
    expect(c.offered("web")).toEqual([]);
    c.update("web", task, "TASK_FINISHED");
    c.wait(11_000);
    expect(cpus(c, "web")).toEqual([2_000]);
  });
});
