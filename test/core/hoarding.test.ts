import { expect, test } from "vitest";
import { Random } from "../../conformance/random.ts";
import type { FrameworkId } from "../../contract/ids.ts";
import { TestCluster } from "../support/cluster.ts";
import { scenario } from "../support/scenario.ts";

// In these clusters the client that was there first takes everything: `idle` before `busy`.
const two = `
  framework idle
  framework busy
  agent a1 cpus:4;mem:1024
`;

/** Roles of those that keep giving everything back. */
const idleRoles = (c: TestCluster): string[] =>
  [...c.state.rounds.idle].map((row) => c.state.clientRows[row]?.role.name ?? "");

/** Lets a batch pass; whoever got the agent is returned, and gives it back unused. */
function batch(c: TestCluster): string {
  c.do("wait 1s");
  const got = c.told().map((line) => line.split(" ")[0] as string);
  for (const name of new Set(got)) c.do(`${name} declines all refuse=0`);
  return got.join(",");
}

scenario(
  "a client that gives everything back is set behind the others, twice as long each time",
  two,
  (c) => {
    c.do("idle declines a1 refuse=0");
    // `busy` has work: it uses a little of each offer, and gives back the rest.
    const seen: string[] = [];
    for (let count = 0; count < 24; count++) {
      c.do("wait 1s");
      const [who = ""] = c.told().map((line) => line.split(" ")[0] as string);
      seen.push(who);
      if (who === "busy") c.do(`busy accepts a1 t${count}(cpus:0.1;mem:1) refuse=0`);
      else c.do("idle declines a1 refuse=0");
      c.told();
    }
    const runs = seen.join(" ").replaceAll("idle", "|").split("|");
    expect(runs.map((run) => run.trim().split(" ").filter(Boolean).length)).toEqual([
      0, 1, 2, 4, 8, 4,
    ]);
  },
  { backOffCyclesMax: 8 },
);

scenario("it may have at once what those in front of it leave", two, (c) => {
  c.do("idle declines a1 refuse=0");
  expect(batch(c)).toBe("idle");
  c.do("wait 1s");
  c.expect("busy < offers a1(cpus:4;mem:1024)");
  c.do("busy declines a1 refuse=3600000");
  // Nobody in front may have the agent now, and no batch is waited for in vain.
  for (let count = 0; count < 5; count++) expect(batch(c)).toBe("idle");
});

scenario("nobody stands behind when nobody else wants offers (C11)", two, (c) => {
  c.do("busy suppresses");
  c.do("idle declines a1 refuse=0");
  for (let count = 0; count < 10; count++) expect(batch(c)).toBe("idle");
});

for (const [what, words] of [
  ["revives", "idle revives"],
  ["comes back", "idle leaves\nidle returns"],
  ["updates itself", "idle updates itself"],
  ["asks for resources", "idle requests"],
] as const) {
  scenario(`whoever ${what} is trusted with offers again at once`, two, (c) => {
    c.do("idle declines a1 refuse=0");
    expect([batch(c), batch(c), batch(c)]).toEqual(["idle", "busy", "idle"]);
    expect(idleRoles(c)).toEqual(["idle", "busy"]);
    if (words === "idle updates itself") {
      const { id, info } = c.names.frameworks.get("idle") ?? { id: "", info: {} };
      const framework = { ...info, id: id as FrameworkId } as never;
      c.call("idle", { type: "update-framework", requestId: 1 as never, framework });
    } else if (words === "idle requests") c.call("idle", { type: "request", requests: [] });
    else c.do(words);
    c.told();
    expect(idleRoles(c)).toEqual(["busy"]);
  });
}

scenario("a refusal that leaves a filter is no hoarding, however often (C8)", two, (c) => {
  c.do("idle declines a1 refuse=1");
  for (let count = 0; count < 6; count++) {
    c.do("wait 1s");
    c.told();
    c.do("idle declines all refuse=1\nbusy declines all refuse=1");
  }
  expect(c.state.rounds.idle.size).toBe(0);
});

scenario(
  "an offer that is left to run out counts as given back (C4)",
  two,
  (c) => {
    c.do("wait 30s");
    c.told();
    expect(idleRoles(c)).toEqual(["idle", "busy"]);
  },
  { offerTimeoutMs: 2_000 },
);

scenario(
  "with one agent used, those that came back unused are not counted",
  "framework idle\nframework busy\nagent a1 cpus:4;mem:64\nagent a2 cpus:4;mem:64",
  (c) => {
    for (let count = 0; count < 5; count++) {
      c.do(`idle accepts a1 t${count}(cpus:0.1;mem:1) refuse=0`);
      c.do("idle declines a2 refuse=0");
      c.do("wait 1s");
      c.told();
    }
    expect(c.state.rounds.idle.size).toBe(0);
  },
);

scenario(
  "on trial a client is given one agent, and the others go to those with work",
  "framework idle\nframework busy\nagent a1 cpus:4;mem:64\nagent a2 cpus:4;mem:64\nagent a3 cpus:4;mem:64",
  (c) => {
    c.do("idle declines all refuse=0");
    c.do("wait 1s");
    c.expect(`
      idle < offers a1(cpus:4;mem:64)
      busy < offers a2(cpus:4;mem:64) a3(cpus:4;mem:64)
    `);
  },
);

scenario(
  "the rule can be switched off",
  two,
  (c) => {
    c.do("idle declines a1 refuse=0");
    for (let count = 0; count < 10; count++) expect(batch(c)).toBe("idle");
  },
  { backOffCyclesMax: 0 },
);

test("whoever has work again waits no longer than the longest back-off, whatever went before", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const c = new TestCluster(two, { backOffCyclesMax: 8 });
    c.told();
    for (let count = 0; count < 20 + random.below(60); count++) {
      c.do("idle declines all refuse=0");
      const [offer] = [...c.state.offers.values()].filter(({ client }) => isBusy(client));
      if (offer !== undefined)
        c.do(`busy accepts a1 s${seed}-${count}(cpus:0.001;mem:0.1) refuse=0`);
      c.do("wait 1s");
      c.told();
    }
    let waited = 0;
    while (![...c.state.offers.values()].some(({ client }) => !isBusy(client))) {
      c.do(`busy accepts a1 w${seed}-${waited}(cpus:0.001;mem:0.1) refuse=0\nwait 1s`);
      c.told();
      waited += 1;
      expect(waited, `seed ${seed}`).toBeLessThanOrEqual(8 + 1);
    }
  }
});

const isBusy = ({ role }: { readonly role: { readonly name: string } }) => role.name === "busy";
