import { describe, expect, test } from "vitest";
import { type Declared, reconfigure } from "../../agent/core/reconfigure.ts";
import type { RoleName } from "../../contract/ids.ts";
import type { Resource } from "../../contract/schema/resource.ts";

const cpus = (amount: number): Resource => ({ name: "cpus", scalar: amount * 1_000 });
const reserved = (amount: number): Resource => ({
  ...cpus(amount),
  reservations: [{ type: "dynamic", role: "web" as RoleName }],
});

const before: Declared = {
  hostname: "h1",
  resources: [cpus(4)],
  attributes: [{ name: "rack", text: "a" }],
};
const held = [cpus(3), reserved(1)];

describe("an agent that is started anew (B32)", () => {
  test("keeps what operations made of its resources when nothing changed", () => {
    expect(reconfigure(before, before, held, "equal")).toEqual({ resources: held });
  });

  test.each<[string, Partial<Declared>, string]>([
    ["hostname", { hostname: "h2" }, "its hostname was h1 and is h2"],
    [
      "more resources",
      { resources: [cpus(5)] },
      "its resources changed: cpus(*):4 before and cpus(*):5 now",
    ],
    ["another attribute", { attributes: [{ name: "rack", text: "b" }] }, "its attributes changed"],
    ["a domain", { domain: { region: "r", zone: "z" } }, "its domain changed"],
  ])("may not be equal and have %s", (_name, change, problem) => {
    expect(reconfigure(before, { ...before, ...change }, held, "equal")).toEqual({ problem });
  });

  test("may grow where that is allowed", () => {
    const more = { resources: [cpus(6)], domain: { region: "r", zone: "z" } };
    const attributes = [...(before.attributes ?? []), { name: "ssd", text: "yes" }];
    const now = { ...before, ...more, attributes };
    expect(reconfigure(before, now, held, "additive")).toEqual({
      resources: [cpus(5), reserved(1)],
    });
  });

  test.each<[string, Partial<Declared>, string]>([
    [
      "resources",
      { resources: [cpus(3)] },
      "some of its resources are gone or changed: cpus(*):4 before and cpus(*):3 now",
    ],
    ["attributes", { attributes: [] }, "some of its attributes are gone or changed"],
  ])("may not shrink in %s", (_name, change, problem) => {
    expect(reconfigure(before, { ...before, ...change }, held, "additive")).toEqual({ problem });
  });

  test("may be anything, and then is what it is configured with", () => {
    const now = { hostname: "h2", resources: [cpus(1)] };
    expect(reconfigure(before, now, held, "any")).toEqual({ resources: [cpus(1)] });
  });
});
