import { describe, expect, test } from "vitest";
import { ChangeLog } from "../../kernel/core/tables/rows.ts";
import { AgentFlag, ClientFlag, KINDS, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { vectorAt } from "../../kernel/core/tables/vectors.ts";
import { Words } from "../../kernel/core/tables/words.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";

const vector = (...quantities: number[]): number[] => {
  return [...quantities, ...Array(KINDS - quantities.length).fill(0)];
};

describe("a change log", () => {
  test("names a row once, however often it changed, until somebody read it", () => {
    const log = new ChangeLog(64);
    for (const row of [3, 5, 3, 3]) log.mark(row);
    expect(Array.from(log.since(0) ?? [])).toEqual([3, 5]);
    const cursor = log.read();
    log.mark(3);
    expect(Array.from(log.since(cursor) ?? [])).toEqual([3]);
  });

  test("tells every reader what it has not read, and one that is far behind to read all", () => {
    const log = new ChangeLog(64);
    const slow = log.read();
    log.mark(1);
    const fast = log.read();
    log.mark(2);
    expect(Array.from(log.since(slow) ?? [])).toEqual([1, 2]);
    expect(Array.from(log.since(fast) ?? [])).toEqual([2]);
    for (let n = 0; n < 200; n++) {
      log.mark(n % 64);
      log.read();
    }
    expect(log.since(slow)).toBeUndefined();
  });

  test("has everybody read all after growth", () => {
    const log = new ChangeLog(64);
    const cursor = log.read();
    log.grow(128);
    expect(log.since(cursor)).toBeUndefined();
  });
});

describe("words", () => {
  test("have one number for as long as an attribute uses them", () => {
    const words = new Words();
    expect([words.hold("rack"), words.hold("r1"), words.hold("rack")]).toEqual([1, 2, 1]);
    words.release(1);
    expect([words.numberOf("rack"), words.wordOf(1), words.renumbered]).toEqual([1, "rack", 0]);
    words.release(1);
    expect([words.numberOf("rack"), words.wordOf(1), words.numberOf("never")]).toEqual([
      0,
      undefined,
      0,
    ]);
  });

  test("tell when a number came to mean another word", () => {
    const words = new Words();
    words.release(words.hold("a"));
    expect([words.renumbered, words.hold("b"), words.renumbered]).toEqual([0, 1, 1]);
  });
});

describe("the tables", () => {
  test("sum what clients use over the role tree and back to nothing (E5)", () => {
    const tables = new AllocationTables();
    const a = tables.addRole(ROOT_ROLE, "a") as number;
    const ab = tables.addRole(a, "a/b") as number;
    const spec = { role: ab, framework: 0, submitOrder: 0, flags: ClientFlag.ACTIVE };
    const client = tables.addClient(spec) as number;
    tables.addUsed(client, vector(3, 4), 1, vector(1, 4));
    for (const role of [ab, a, ROOT_ROLE]) {
      expect(Array.from(vectorAt(tables.roles.used, role))).toEqual(vector(3, 4));
      expect(Array.from(vectorAt(tables.roles.consumed, role))).toEqual(vector(1, 4));
    }
    tables.addUsed(client, vector(3, 4), -1, vector(1, 4));
    expect(tables.roles.used.every((n) => n === 0)).toBe(true);
    expect(tables.roles.consumed.every((n) => n === 0)).toBe(true);
  });

  test("reuse the row that was freed last, with nothing left in it", () => {
    const tables = new AllocationTables();
    const rows = [0, 1, 2].map(() => tables.addAgent(AgentFlag.ACTIVE) as number);
    tables.setAgentTotal(1, vector(9));
    tables.setAgentFree(1, vector(9));
    tables.setReservation(1, ROOT_ROLE, vector(1), vector(1));
    tables.setFiltered(0, 1, true);
    tables.describeAgent(1, { hostname: "a1" }, [{ name: "rack", text: "r1" }]);
    tables.removeAgent(1);
    expect(Array.from(tables.clusterTotal)).toEqual(vector());
    expect(tables.roles.consumed[0]).toBe(0);
    expect([rows, tables.addAgent(AgentFlag.ACTIVE)]).toEqual([[0, 1, 2], 1]);
    expect(Array.from(vectorAt(tables.agents.free, 1))).toEqual(vector());
    expect(tables.agents.firstReservation[1]).toBe(0);
    expect(tables.agents.firstAttribute[1]).toBe(0);
    expect(tables.agents.facts[1]).toBe(undefined);
    expect(tables.filters.get(0, 1)).toBe(false);
  });

  test("keep filters where they are when agents or clients outgrow their room", () => {
    const tables = new AllocationTables();
    for (let n = 0; n < 64; n++) {
      tables.addClient({ role: 0, framework: n, submitOrder: n, flags: ClientFlag.ACTIVE });
    }
    tables.addAgent(AgentFlag.ACTIVE);
    tables.addAgent(AgentFlag.ACTIVE);
    tables.setFiltered(63, 1, true);
    tables.addClient({ role: 0, framework: 64, submitOrder: 64, flags: ClientFlag.ACTIVE });
    expect(tables.sizes.clients).toBe(128);
    const pairs = [0, 1].flatMap((agent) => {
      return Array.from({ length: 65 }, (_, client) => [client, agent] as const);
    });
    const set = pairs.filter(([client, agent]) => tables.filters.get(client, agent));
    expect(set).toEqual([[63, 1]]);
  });

  test("look again at an agent when something grows there, not when it shrinks", () => {
    const tables = new AllocationTables();
    tables.addAgent(AgentFlag.ACTIVE);
    tables.setAgentFree(0, vector(5));
    tables.dropCandidates(1);
    tables.addAgentFree(0, vector(2), -1);
    expect(tables.candidates).toHaveLength(0);
    tables.addAgentFree(0, vector(1), 1);
    expect(Array.from(tables.candidates)).toEqual([0]);
  });

  test("bind four more scalar names to kinds, and refuse the fifth", () => {
    const tables = new AllocationTables();
    const names = ["gpus", "ports", "a", "b", "c", "d", "a"];
    expect(names.map((name) => tables.kindOf(name))).toEqual([3, 4, 5, 6, 7, undefined, 5]);
  });
});
