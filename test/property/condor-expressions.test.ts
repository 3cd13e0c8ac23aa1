import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Ads, meaningOf, type Value } from "../allocation/references/classad.ts";
import { printed, printedValue } from "../allocation/references/classad-text.ts";
import { CondorCluster, condor, RankReader } from "../allocation/support/condor.ts";
import { bytesOf, trees, values } from "./expressions.ts";

// Compiled before the first test, which has a time limit.
const instances = condor();
const reader = new RankReader();

/** Names that both ads may have, and some that neither has. */
const NAMES = ["rack", "size", "cpus", "total_mem", "name", "user", "vip", "nowhere", "my-attr"];

const agentAttributes = fc.record(
  {
    rack: fc.constantFrom("r1", "R1", "r2", ""),
    size: fc.integer({ min: -3_000, max: 3_000 }),
    "my-attr": fc.constantFrom("a", "é"),
    vip: fc.constantFrom("yes", 1_500),
  },
  { requiredKeys: [] },
);

const literal = values.filter(({ is }) => is !== "undefined" && is !== "error");

const frameworkLabels = fc.record(
  { rack: fc.constantFrom("r1", "r9"), "condor.size": literal, "condor.vip": literal },
  { requiredKeys: [] },
);

const string = (text: string): Value => ({ is: "string", value: bytesOf(text) });
const real = (value: number): Value => ({ is: "real", value });

/** -0 and 0 are the same to every operator, and what is said of a string ends at 48 bytes. */
function comparable(value: Value): Value {
  if (value.is === "real") return real(value.value + 0);
  return value.is === "string" ? { is: "string", value: value.value.slice(0, 48) } : value;
}

describe("expressions mean what the reference says", () => {
  test("for ranks of frameworks over an agent, and of the agent over frameworks", () => {
    let compared = 0;
    const seen = new Set<string>();
    const expression = trees(NAMES);
    const framework = fc.record({ labels: frameworkLabels, rank: expression });
    const frameworks = fc.array(framework, { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(agentAttributes, expression, frameworks, (attributes, agentRank, drawn) => {
        const cluster = new CondorCluster(instances);
        const { labels: _, ...texts } = { labels: 0, ...attributes };
        const stated = { ...texts, "condor.rank": printed(agentRank) };
        cluster.machine("host", stated, 4, 2.5);
        const agentAd: Record<string, Value> = {
          cpus: real(4),
          total_mem: real(2.5),
          hostname: string("host"),
        };
        for (const [name, value] of Object.entries(attributes)) {
          if (value === undefined) continue;
          agentAd[name] = typeof value === "number" ? real(value / 1000) : string(value);
        }
        const ads: Ads[] = [];
        for (const [n, { labels, rank }] of drawn.entries()) {
          const { rack, ...own } = labels;
          const literals = Object.entries(own).map(([key, value]) => [key, printedValue(value)]);
          cluster.framework(`f${n}`, "role", {
            ...Object.fromEntries(literals),
            ...(rack === undefined ? {} : { rack }),
            "condor.rank": printed(rank),
          });
          const ad: Record<string, Value> = { name: string(`f${n}`), user: string(`f${n}-user`) };
          if (rack !== undefined) ad["rack"] = string(rack);
          for (const [key, value] of Object.entries(own)) ad[key.slice(7)] = value as Value;
          ads.push({ my: ad, target: agentAd });
        }
        for (const [n, [mine, theirs]] of reader.read(cluster.tables).entries()) {
          const { my, target } = ads[n] as Ads;
          const rank = drawn[n]?.rank as (typeof drawn)[number]["rank"];
          const wanted = meaningOf(rank, { my, target });
          expect(comparable(mine), printed(rank)).toEqual(comparable(wanted));
          const answer = meaningOf(agentRank, { my: target, target: my });
          expect(comparable(theirs), printed(agentRank)).toEqual(comparable(answer));
          seen.add(wanted.is);
          compared += 2;
        }
      }),
      { numRuns: 150 },
    );
    expect(compared).toBeGreaterThan(5_000);
    expect([...seen].sort()).toEqual([
      "boolean",
      "error",
      "integer",
      "real",
      "string",
      "undefined",
    ]);
  }, 300_000);
});
