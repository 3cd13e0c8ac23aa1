import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import type { RoleName } from "../../contract/ids.ts";
import {
  add,
  allocatableTo,
  contains,
  equal,
  fromScalars,
  giveBack,
  holdsAny,
  identityKey,
  normalize,
  persistentVolumes,
  type Reservation,
  type Resource,
  reserve,
  reservedFor,
  sameIdentity,
  scalarOf,
  shared,
  subtract,
  take,
  toMilli,
  toScalars,
  trySubtract,
  tryTake,
  unreserve,
  unreserved,
  unshared,
  validate,
} from "../../contract/resources.ts";
import { ResourcesSchema } from "../../contract/schema/resource.ts";

const role = (name: string) => name as RoleName;
const dynamic = (name: string, value?: string): Reservation => ({
  type: "dynamic",
  role: role(name),
  ...(value === undefined ? {} : { labels: [{ key: "for", value }] }),
});
const mount: Resource = {
  name: "disk",
  scalar: 10_000,
  disk: { source: { type: "MOUNT", root: "/mnt" } },
};
const volume: Resource = {
  name: "disk",
  scalar: 64_000,
  reservations: [dynamic("a")],
  disk: { persistence: { id: "v" } },
  shared: true,
};

describe("Resource arithmetic", () => {
  it("rounds decimals to thousandths, halves up (E20)", () => {
    expect([0.0004, 0.0005, 0.1 + 0.2, 1.0015].map(toMilli)).toEqual([0, 1, 300, 1002]);
    expect(toScalars(fromScalars({ cpus: 0.5, mem: 64, gpus: 0 }))).toEqual({ cpus: 0.5, mem: 64 });
  });

  it("adds 0.1 and 0.2 cpus to exactly 0.3 (E20)", () => {
    const sum = add(fromScalars({ cpus: 0.1 }), fromScalars({ cpus: 0.2 }));
    expect(equal(sum, fromScalars({ cpus: 0.3 }))).toBe(true);
  });

  it("does not merge dynamic reservations with other labels, in any order of labels (E11)", () => {
    const one = reserve(fromScalars({ cpus: 1 }), dynamic("a", "x"));
    const other = reserve(fromScalars({ cpus: 1 }), dynamic("a", "y"));
    expect(add(one, other)).toHaveLength(2);
    expect(contains(one, other)).toBe(false);
    const labels = [{ key: "k" }, { key: "l", value: "1" }];
    const turned = (list: typeof labels): Resource => ({
      name: "cpus",
      scalar: 1,
      reservations: [{ ...dynamic("a"), labels: list }],
    });
    expect(sameIdentity(turned(labels), turned([...labels].reverse()))).toBe(true);
    expect(identityKey(turned(labels))).toBe(identityKey(turned([...labels].reverse())));
  });

  it("takes MOUNT disks whole (E12, E14), PATH disks in parts", () => {
    const part = { ...mount, scalar: 4_000 };
    expect(contains([mount], [part])).toBe(false);
    expect(add([mount], [mount])).toHaveLength(2);
    const path = (scalar: number): Resource => ({
      ...mount,
      scalar,
      disk: { source: { type: "PATH", root: "/mnt" } },
    });
    expect(subtract([path(10_000)], [path(4_000)])).toEqual([path(6_000)]);
  });

  it("does not merge whole resources, however often they are in a list (E12)", () => {
    const twice = add([volume], [volume]);
    expect(twice).toHaveLength(2);
    expect(contains([volume], twice)).toBe(false);
    expect(subtract(twice, [volume])).toEqual([volume]);
  });

  it("gives a shared volume to any number of users, all else to one (E13)", () => {
    const pool = add(fromScalars({ cpus: 2 }), [volume]);
    const wanted = add(fromScalars({ cpus: 1 }), [volume]);
    const left = take(take(pool, wanted), wanted);
    expect(left).toEqual([volume]);
    expect(tryTake(left, wanted)).toBeUndefined();
    expect(tryTake(left, add([volume], [volume]))).toEqual([volume]);
    expect(tryTake(fromScalars({ cpus: 2 }), wanted)).toBeUndefined();
    expect(() => take([], [volume])).toThrow("assertion");
    expect(giveBack(giveBack(left, wanted), wanted)).toEqual(pool);
    expect(giveBack([], add([volume], [volume]))).toEqual([volume]);
    const { shared: _, ...own } = volume;
    expect(tryTake(take([own], [own]), [own])).toBeUndefined();
    expect([shared(pool), unshared(pool)]).toEqual([[volume], fromScalars({ cpus: 2 })]);
    expect(unshared(left)).toEqual([]);
  });

  it("leaves how a volume is mounted out of its identity, and keeps the pool's own (E12)", () => {
    const mounted: Resource = {
      ...volume,
      disk: { persistence: { id: "v" }, volume: { containerPath: "data", mode: "RW" } },
    };
    expect(trySubtract([volume], [mounted])).toEqual([]);
  });

  it("says no to more than there is, and throws where that would be our mistake", () => {
    const pool = normalize([
      { name: "cpus", scalar: 1000 },
      { name: "ports", ranges: [{ begin: 1, end: 9 }] },
    ]);
    const wanted = normalize([{ name: "ports", ranges: [{ begin: 9, end: 10 }] }]);
    expect(trySubtract(pool, wanted)).toBeUndefined();
    expect(trySubtract(pool, fromScalars({ mem: 1 }))).toBeUndefined();
    expect(() => subtract(pool, fromScalars({ cpus: 1.001 }))).toThrow("assertion");
    expect(contains(pool, fromScalars({ cpus: 1, mem: 0 }))).toBe(true);
  });

  it("offers a role what is unreserved or kept for it or above, not below (E5)", () => {
    const of = (name: string) => reserve(fromScalars({ cpus: 1 }), dynamic(name));
    const pool = [fromScalars({ mem: 1 }), of("a"), of("a/b"), of("ab")].reduce(add);
    expect(scalarOf(allocatableTo(pool, role("a/b")), "cpus")).toBe(2000);
    expect(scalarOf(allocatableTo(pool, role("a")), "cpus")).toBe(1000);
    expect(reservedFor(pool, role("a"))).toEqual(of("a"));
    expect(unreserved(pool)).toEqual(fromScalars({ mem: 1 }));
  });

  it("refines a reservation and takes the refinement off again (E11)", () => {
    const outer = reserve(fromScalars({ cpus: 1 }), dynamic("a"));
    const refined = reserve(outer, dynamic("a/b"));
    expect(reservedFor(refined, role("a"))).toEqual([]);
    expect(refined.map(validate)).toEqual([undefined]);
    expect(unreserve(refined)).toEqual(outer);
    expect(unreserve(unreserve(refined))).toEqual(fromScalars({ cpus: 1 }));
    expect(persistentVolumes(add(refined, [volume]))).toEqual([volume]);
  });

  it("asks an agent's leftovers for one of the minima, over all identities (C13)", () => {
    const minima = [{ cpus: 10 }, { mem: 32_000 }];
    expect(holdsAny(fromScalars({ cpus: 0.009, mem: 31 }), minima)).toBe(false);
    expect(holdsAny(fromScalars({ cpus: 0.01 }), minima)).toBe(true);
    expect(holdsAny([], [])).toBe(true);
  });
});

describe("Validation of a resource (M14)", () => {
  it.each<[string, Resource, RegExp | undefined]>([
    ["custom scalar", { name: "bandwidth", scalar: 5 }, undefined],
    ["NaN", { name: "cpus", scalar: Number.NaN }, /scalar: cpus is NaN/],
    ["infinity", { name: "cpus", scalar: Number.POSITIVE_INFINITY }, /not a finite/],
    ["negative", { name: "mem", scalar: -1 }, /negative/],
    ["half a gpu", { name: "gpus", scalar: 500 }, /whole number/],
    ["two kinds", { name: "odd", scalar: 1, set: [] }, /scalar and set/],
    ["no kind", { name: "odd" }, /there is none/],
    ["ports as a number", { name: "ports", scalar: 1 }, /must be ranges/],
    ["range backwards", { name: "ports", ranges: [{ begin: 2, end: 1 }] }, /ends before/],
    ["range with a fraction", { name: "ports", ranges: [{ begin: 0.5, end: 1 }] }, /whole numbers/],
    ["set with a duplicate", { name: "s", set: ["a", "b", "a"] }, /"a" more than once/],
    ["empty name", { name: "", scalar: 1 }, /name: it is empty/],
    ["name of the syntax", { name: "a;b", scalar: 1 }, /character ";"/],
    ["bad role", { name: "cpus", scalar: 1, reservations: [dynamic("a//b")] }, /empty component/],
    ["role *", { name: "cpus", scalar: 1, reservations: [dynamic("*")] }, /unreserved/],
    [
      "refinement to a sibling",
      { name: "cpus", scalar: 1, reservations: [dynamic("a"), dynamic("ab")] },
      /does not refine/,
    ],
    ["disk on cpus", { ...mount, name: "cpus" }, /only "disk"/],
    ["shared without a volume", { name: "disk", scalar: 1, shared: true }, /persistent volumes/],
    ["a shared volume", volume, undefined],
  ])("%s", (_, resource, problem) => {
    if (problem === undefined) expect(validate(resource)).toBeUndefined();
    else expect(validate(resource)).toMatch(problem);
  });

  it("has a schema that a strict validator takes, and that refuses what is not a resource", () => {
    const fits = new Ajv({ strict: true }).compile(ResourcesSchema);
    expect(fits([{ name: "cpus", scalar: 500 }, volume, mount])).toBe(true);
    for (const bad of [
      { scalar: -1 },
      { scalar: 0.5 },
      {},
      { scalar: 1, set: [] },
      { scalar: "1" },
    ]) {
      expect(fits([{ name: "cpus", ...bad }])).toBe(false);
    }
    expect(fits([{ name: "cpus", scalar: 1, allocation: "a" }])).toBe(false);
  });
});
