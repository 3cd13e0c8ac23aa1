import { describe, expect, test } from "vitest";
import type { RoleName } from "../../contract/ids.ts";
import {
  builtInHeeds,
  explainFramework,
  type Heeds,
  unknownHeeds,
} from "../../kernel/core/explain.ts";
import { companion } from "../../plugins/allocators/condor/companion.ts";
import { Explained } from "../support/explained.ts";

/** A cluster in which the policy `p` decides from now on, going by this. */
function decidedBy(c: Explained, heeds: Partial<Heeds>): void {
  c.heeds.set("p", { ...unknownHeeds, ...heeds });
  c.decider = { name: "p" };
}

function guaranteed(): Explained {
  const c = new Explained();
  const quotas = [{ role: "db" as RoleName, guarantee: { cpus: 4_000 } }];
  c.operate({ method: "update-quota", params: { quotas, force: true } });
  c.framework("db", { suppressed: true });
  c.framework("web");
  for (const name of ["a1", "a2"]) c.agent(name, "cpus:2;mem:100");
  c.wait(1_000);
  c.decline("web", 3_600_000);
  return c;
}

describe("guarantees are told of as the policy that decides heeds them (E8)", () => {
  test.each([
    ["held-back", "which is held back from others", "it is served before all others"],
    ["served-first", "for which the policy p serves it first", "wait until tasks of others end"],
    ["ignored", "which the policy p does not look at", "`tepui policy promote` one that holds"],
    [undefined, "lacks cpus:4 to its guarantee", "what the policy p does about it is in its"],
  ] as const)("%s", (guarantees, text, change) => {
    const c = guaranteed();
    decidedBy(c, { guarantees });
    expect(c.explainRole("db").blocked.at(-1)).toMatchObject({
      code: "guarantee-unmet",
      text: expect.stringContaining(text),
      change: expect.stringContaining(change),
    });
    const isHeld = guarantees === "held-back";
    const code = isHeld ? "quota-headroom" : "filtered";
    expect(c.why("web", "a1").code).toBe(code);
    expect(c.explainAgent("a1").frameworks[0]?.code).toBe(code);
  });
});

describe("who came first", () => {
  function outranked(): Explained {
    const c = new Explained();
    c.framework("first");
    c.agent("a1", "cpus:2;mem:100");
    c.wait(1_000);
    c.framework("late");
    c.wait(1_000);
    return c;
  }
  const rival = (c: Explained) => c.why("late", "a1").examples[0]?.text;

  test("is told by the rule of the policy that made the offer, whoever decides now", () => {
    const c = outranked();
    const before = rival(c);
    expect(before).toMatch(/in role first: share 0 against 0/);
    decidedBy(c, { guarantees: "ignored" });
    expect(rival(c)).toBe(before);
    c.heeds.set("built-in", unknownHeeds);
    decidedBy(c, builtInHeeds);
    expect(rival(c)).toMatch(/by the policy built-in; share 0 against 0$/);
  });

  test("is told by shares without the kinds that this policy leaves out (E4)", () => {
    const c = new Explained();
    c.framework("first");
    c.agent("a0", "cpus:2;mem:100");
    c.launch("first", "a0", "cpus:2;mem:1");
    c.agent("a1", "cpus:2;mem:100");
    c.wait(1_000);
    c.framework("late");
    c.wait(1_000);
    const figures = () => /share [\d.]+ against 0/.exec(rival(c) ?? "")?.[0];
    expect(figures()).toBe("share 0.5 against 0");
    c.heeds.set("built-in", { ...builtInHeeds, excludedKinds: 1 });
    expect(figures()).toBe("share 0.005 against 0");
  });

  test("goes with what the policy says of the pair, for a few pairs", () => {
    const c = outranked();
    expect(rival(c)).toMatch(/^to first/);
    c.explainPair = companion({}).explain;
    expect(rival(c)).toMatch(/^to first/);
    c.framework("choosy", {
      labels: [{ key: "condor.requirements", value: 'TARGET.cpus == 2 && hostname == "a9"' }],
    });
    c.wait(1_000);
    expect(c.why("choosy", "a1").examples[0]?.text).toMatch(
      /^the framework requires hostname == "a9", which is false; to first/,
    );
    let asked = 0;
    c.explainPair = () => {
      asked += 1;
      return undefined;
    };
    for (let n = 2; n < 60; n++) c.agent(`a${n}`, "cpus:2;mem:100");
    c.wait(1_000);
    const params = { framework: "choosy", examples: 1_000 };
    const { roles } = explainFramework(c.master.state, params, c.asked());
    expect(roles[0]?.agents.find(({ code }) => code === "outranked")?.count).toBeGreaterThan(20);
    expect(asked).toBe(6);
  });
});
