import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as ranges from "../../contract/resources/ranges.ts";
import { parseResources, printResources } from "../../contract/resources/text.ts";
import {
  add,
  contains,
  equal,
  identityKey,
  isEmpty,
  normalize,
  type Ranges,
  sameIdentity,
  scalarOf,
  subtract,
  trySubtract,
} from "../../contract/resources.ts";
import {
  countablePool,
  pool,
  textualPool,
  untidyRanges,
  untidyResources,
} from "./resources-arbitraries.ts";

/** Fails with the smallest example when the law does not hold. */
function law<Ts extends [unknown, ...unknown[]]>(
  arbitraries: { [K in keyof Ts]: fc.Arbitrary<Ts[K]> },
  holds: (...values: Ts) => boolean | undefined,
): void {
  fc.assert(
    fc.property(
      fc.tuple(...arbitraries),
      (values) => holds(...(values as unknown as Ts)) !== false,
    ),
    { numRuns: 500 },
  );
}

describe("Laws of resource arithmetic (E20)", () => {
  it("normalising twice changes nothing, and gives what adding one by one gives", () => {
    law([untidyResources], (list) => {
      const once = normalize(list);
      expect(normalize(once)).toEqual(once);
      const summed = list.reduce((sum, one) => add(sum, normalize([one])), normalize([]));
      expect(summed).toEqual(once);
      return true;
    });
  });

  it("two resources have one identity key exactly when they have the same identity", () => {
    law([pool, pool], (a, b) => {
      for (const left of a) {
        for (const right of b) {
          expect(identityKey(left) === identityKey(right)).toBe(sameIdentity(left, right));
        }
      }
      return true;
    });
  });

  it("adding is commutative and associative, down to the order of entries", () => {
    law([pool, pool, pool], (a, b, c) => {
      expect(add(a, b)).toEqual(add(b, a));
      expect(add(add(a, b), c)).toEqual(add(a, add(b, c)));
      return true;
    });
  });

  it("subtracting undoes adding for what is counted, shared volumes among it (E13)", () => {
    law([countablePool, countablePool], (a, b) => equal(subtract(add(a, b), b), a));
  });

  it("adding back what was subtracted restores ranges and sets too", () => {
    law([pool, pool], (a, b) => {
      const both = add(a, b);
      return equal(add(subtract(both, b), b), both);
    });
  });

  it("containing is a partial order: reflexive, antisymmetric, transitive", () => {
    law([pool, pool, pool], (a, b, c) => {
      const [more, most] = [add(a, b), add(add(a, b), c)];
      expect(contains(a, a) && contains(more, a) && contains(most, more)).toBe(true);
      expect(contains(most, a)).toBe(true);
      expect(contains(a, more)).toBe(equal(a, more));
      return (contains(a, b) && contains(b, a)) === equal(a, b);
    });
  });

  it("containing and subtracting agree, and all of a pool leaves nothing", () => {
    law([pool, pool], (a, b) => {
      expect(isEmpty(subtract(a, a))).toBe(true);
      return contains(a, b) === (trySubtract(a, b) !== undefined);
    });
  });

  it("does not drift over 10,000 additions and subtractions of tenths", () => {
    const step = normalize([{ name: "cpus", scalar: 100 }]);
    let sum = normalize([]);
    for (let i = 0; i < 10_000; i++) sum = add(sum, step);
    expect(scalarOf(sum, "cpus")).toBe(1_000_000);
    for (let i = 0; i < 10_000; i++) sum = subtract(sum, step);
    expect(sum).toEqual([]);
  });

  it("comes back from the text syntax as it went in (P1)", () => {
    law([textualPool], (a) => {
      expect(parseResources(printResources(a))).toMatchObject({
        ok: true,
        value: { resources: a },
      });
      return true;
    });
  });
});

describe("Ranges against naive sets of numbers", () => {
  const numbers = (list: Ranges) => {
    const all = new Set<number>();
    for (const { begin, end } of list) for (let n = begin; n <= end; n++) all.add(n);
    return all;
  };
  const sorted = (all: Iterable<number>) => [...all].sort((a, b) => a - b);

  it("union, difference, count and inclusion agree", () => {
    law([untidyRanges, untidyRanges], (a, b) => {
      const [left, right] = [ranges.normalizeRanges(a), ranges.normalizeRanges(b)];
      const [naiveA, naiveB] = [numbers(a), numbers(b)];
      const union = ranges.unionRanges(left, right);
      const rest = ranges.subtractRanges(left, right);
      expect(sorted(numbers(union))).toEqual(sorted(new Set([...naiveA, ...naiveB])));
      expect(sorted(numbers(rest))).toEqual(sorted([...naiveA].filter((n) => !naiveB.has(n))));
      expect(ranges.normalizeRanges(union)).toBe(union);
      expect(ranges.normalizeRanges(rest)).toBe(rest);
      expect(ranges.countRanges(left)).toBe(naiveA.size);
      const inside = [...naiveB].every((n) => naiveA.has(n));
      return ranges.containsRanges(left, right) === inside;
    });
  });

  it("takes the lowest numbers, or none when there are too few", () => {
    law([untidyRanges, fc.nat(40)], (a, count) => {
      const list = ranges.normalizeRanges(a);
      const all = sorted(numbers(list));
      const taken = ranges.takeRanges(list, count);
      if (all.length < count) return taken === undefined;
      expect(sorted(numbers(taken ?? []))).toEqual(all.slice(0, count));
      return true;
    });
  });
});
