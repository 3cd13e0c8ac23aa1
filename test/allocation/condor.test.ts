import { describe, expect, test } from "vitest";
import { vector } from "./support/cluster.ts";
import { CondorCluster, type CondorConfig, condor, factsOf } from "./support/condor.ts";

// Compiled before the first test, which has a time limit.
condor();

const setUp = (config: CondorConfig = {}) => new CondorCluster(condor(config));
const requires = (text: string) => ({ "condor.requirements": text });
const ranks = (text: string) => ({ "condor.rank": text });

describe("a match", () => {
  test("needs what the framework requires of the agent", () => {
    const cluster = setUp();
    cluster.framework("f", "a", requires('TARGET.rack == "r2" && cpus >= 2'));
    cluster.machine("a0", { rack: "r1" }, 4, 4);
    cluster.machine("a1", { rack: "R2" }, 4, 4);
    cluster.machine("a2", { rack: "r2" }, 1, 4);
    cluster.machine("a3", {}, 4, 4);
    expect(cluster.pairs()).toEqual(["a1>f"]);
  });

  test("needs what the agent requires of the framework", () => {
    const cluster = setUp();
    cluster.framework("red", "a", { team: "red" });
    cluster.framework("blue", "b", { team: "blue" });
    cluster.machine("a0", requires('TARGET.team == "blue"'));
    cluster.machine("a1", requires('TARGET.user == "red-user"'));
    cluster.machine("a2", requires("TARGET.nothing"));
    expect(cluster.pairs()).toEqual(["a1>red", "a0>blue"]);
  });

  test("needs both to be true: undefined and error are not", () => {
    const cluster = setUp();
    for (const text of ["TARGET.nothing == 1", "1 / 0 == 1", '"yes"', "false", "0"]) {
      cluster.framework(text, "a", requires(text));
    }
    cluster.framework("met", "b", requires("2"));
    for (let n = 0; n < 3; n++) cluster.machine(`a${n}`, {});
    expect(cluster.tally()).toEqual({ met: 3 });
  });

  test("looks at what an agent has left, reservations of the framework's role included", () => {
    const cluster = setUp();
    for (const role of ["a", "b"]) cluster.framework(role, role, requires("cpus >= 4"));
    const row = cluster.machine("a0", {}, 2, 2);
    cluster.tables.setReservation(row, cluster.role("b"), vector(2, 2), vector(2, 2));
    expect(cluster.pairs()).toEqual(["a0>b"]);
  });

  test("looks again at what is left when others had a part", () => {
    const cluster = setUp();
    cluster.framework("first", "a", ranks("1"));
    cluster.framework("second", "b", requires("cpus >= 3"));
    const limit = [2_000, ...Array(7).fill(Number.POSITIVE_INFINITY)];
    cluster.tables.setRoleQuota(cluster.role("a"), undefined, limit);
    cluster.machine("a0", {}, 4, 4);
    // Without the second look, what first leaves of a0 would be offered to second.
    expect(cluster.allocate().map(({ client, cpus }) => [client, cpus])).toEqual([["first", 2]]);
  });

  test("is none for who states something that cannot be read, and the others go on", () => {
    const cluster = setUp();
    cluster.framework("bad", "a", requires("cpus >"));
    cluster.framework("good", "b", ranks("cpus cpus"));
    cluster.machine("a0", requires("TARGET.user =="));
    cluster.machine("a1", { "condor.requirements": 1_000 });
    cluster.machine("a2", ranks("TARGET.user =="));
    cluster.machine("a3", { "condor.rank": 1_000 });
    expect(cluster.pairs()).toEqual(["a2>good", "a3>good"]);
  });

  test("needs what the config requires for agents that require nothing", () => {
    const cluster = setUp({ agentRequirements: 'TARGET.team == "red"' });
    cluster.framework("red", "a", { team: "red" });
    cluster.framework("blue", "b", { team: "blue" });
    cluster.machine("a0", {});
    cluster.machine("a1", {});
    cluster.machine("a2", requires("true"));
    expect(cluster.tally()).toEqual({ red: 2, blue: 1 });
  });
});

describe("a framework is given", () => {
  test("the agent that it ranks highest, then the next", () => {
    const cluster = setUp();
    cluster.framework("f", "a", ranks('(rack == "near" ? 10 : 0) + mem'));
    cluster.machine("a0", { rack: "far" }, 1, 5);
    cluster.machine("a1", { rack: "near" }, 1, 1);
    cluster.machine("a2", { rack: "far" }, 1, 20);
    cluster.machine("a3", { rack: "near" }, 1, 2);
    expect(cluster.pairs()).toEqual(["a2>f", "a3>f", "a1>f", "a0>f"]);
  });

  test("of two that it ranks alike, the one that ranks it higher, else the one that waits", () => {
    const cluster = setUp({ agentRank: 'TARGET.team == "red"' });
    cluster.framework("f", "a", { team: "red" });
    cluster.machine("a0", ranks("0"));
    cluster.machine("a1", {});
    cluster.machine("a2", ranks('TARGET.team == "red" ? 2 : 0'));
    cluster.machine("a3", {});
    expect(cluster.pairs()).toEqual(["a2>f", "a1>f", "a3>f", "a0>f"]);
  });

  test("anything where its rank is no number", () => {
    const cluster = setUp();
    cluster.framework("f", "a", ranks("TARGET.speed"));
    cluster.machine("a0", { speed: "fast" });
    cluster.machine("a1", { speed: 2_000 });
    cluster.machine("a2", { speed: -1_000 });
    cluster.machine("a3", {});
    expect(cluster.pairs()).toEqual(["a1>f", "a0>f", "a3>f", "a2>f"]);
  });
});

describe("frameworks share", () => {
  test("equally, when they are equals", () => {
    const cluster = setUp();
    for (const name of ["f1", "f2", "f3"]) cluster.framework(name, name, requires("cpus >= 1"));
    for (let n = 0; n < 12; n++) cluster.machine(`a${n}`, {});
    expect(cluster.tally()).toEqual({ f1: 4, f2: 4, f3: 4 });
  });

  test("by weight", () => {
    const cluster = setUp();
    cluster.framework("f1", "a");
    cluster.framework("f2", "b");
    cluster.tables.setRoleWeight(cluster.role("a"), 3);
    for (let n = 0; n < 16; n++) cluster.machine(`a${n}`, {});
    expect(cluster.tally()).toEqual({ f1: 12, f2: 4 });
  });

  test("what only some can use among these, and the rest goes to the others", () => {
    const cluster = setUp();
    cluster.framework("any", "a");
    cluster.framework("fast", "b", requires("TARGET.fast"));
    for (let n = 0; n < 8; n++) cluster.machine(`a${n}`, { fast: n < 6 ? 0 : 1_000 });
    expect(cluster.tally()).toEqual({ any: 6, fast: 2 });
  });

  test("and keep what they had: the one with less is served until it has as much", () => {
    const cluster = setUp();
    const rich = cluster.framework("rich", "a");
    cluster.framework("poor", "b");
    cluster.tables.addUsed(rich, vector(4, 4), 1);
    for (let n = 0; n < 6; n++) cluster.machine(`a${n}`, {});
    expect(cluster.tally()).toEqual({ rich: 1, poor: 5 });
  });
});

describe("changes are seen:", () => {
  test("of a framework's statement", () => {
    const cluster = setUp();
    const row = cluster.framework("f", "a", requires('rack == "r1"'));
    cluster.machine("a0", { rack: "r1" });
    cluster.machine("a1", { rack: "r2" });
    expect(cluster.pairs()).toEqual(["a0>f"]);
    cluster.tables.describeClient(row, factsOf("f", "a", requires('rack == "r2"')));
    expect(cluster.pairs()).toEqual(["a1>f"]);
  });

  test("of an agent's attributes and statement", () => {
    const cluster = setUp();
    cluster.framework("f", "a", requires('rack == "r1"'));
    const row = cluster.machine("a0", { rack: "r2" });
    expect(cluster.pairs()).toEqual([]);
    cluster.redescribe(row, { rack: "r1", ...requires("false") });
    expect(cluster.pairs()).toEqual([]);
    cluster.redescribe(row, { rack: "r1" });
    expect(cluster.pairs()).toEqual(["a0>f"]);
  });

  test("of a number that comes to stand for another word", () => {
    const cluster = setUp();
    cluster.framework("f", "a", requires('rack == "r2"'));
    const row = cluster.machine("a0", { rack: "r1" });
    expect(cluster.pairs()).toEqual([]);
    const { words } = cluster.tables.attributes;
    const number = words.numberOf("r1");
    cluster.redescribe(row, {});
    // Somebody else takes numbers until it is the turn of the one that r1 had.
    for (let n = 0; words.numberOf("r2") !== number; n++) {
      cluster.redescribe(row, n % 2 === 0 ? { rack: "r2" } : { other: `${n}`, rack: "r2" });
      expect(n).toBeLessThan(10);
    }
    expect(cluster.pairs()).toEqual(["a0>f"]);
  });

  test("of a resource that had no name before", () => {
    const cluster = setUp();
    cluster.framework("f", "a", requires("fpga >= 1"));
    const row = cluster.machine("a0", {});
    expect(cluster.pairs()).toEqual([]);
    const kind = cluster.tables.kindOf("FPGA") as number;
    cluster.tables.setAgentFree(row, vector(1, 1).with(kind, 2_000));
    expect(cluster.pairs()).toEqual(["a0>f"]);
  });

  test("of frameworks and agents that come, past the room that there was at first", () => {
    const cluster = setUp();
    for (let n = 0; n < 100; n++) cluster.framework(`f${n}`, "a", requires(`rack == "r${n}"`));
    for (let n = 0; n < 300; n++) cluster.machine(`a${n}`, { rack: `r${n % 100}` });
    const pairs = cluster.pairs();
    expect(pairs).toHaveLength(300);
    const wrong = pairs.filter((pair) => {
      const [agent, framework] = pair.slice(1).split(">f").map(Number) as [number, number];
      return agent % 100 !== framework;
    });
    expect(wrong).toEqual([]);
  });
});
