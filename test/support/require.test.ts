import { expect, test } from "vitest";
import { describeWith, judge, type Probes, probes } from "./require.ts";

const allThere = Object.fromEntries(
  Object.keys(probes).map((name) => [name, () => undefined]),
) as unknown as Probes;
const noDocker: Probes = { ...allThere, docker: () => "the daemon is away", etcd: () => "no etcd" };

test("tests run where everything they need is there, on a laptop and where changes land", () => {
  expect(judge(["docker", "root"], allThere, false)).toEqual({ run: true });
  expect(judge(["docker", "root"], allThere, true)).toEqual({ run: true });
  expect(judge([], noDocker, true)).toEqual({ run: true });
});

test("a missing feature skips with each reason on a laptop, and fails where changes land", () => {
  const reason = "needs docker: the daemon is away; needs etcd: no etcd";
  const needs = ["root", "docker", "etcd"] as const;
  expect(judge(needs, noDocker, false)).toEqual({ run: false, reason, fails: false });
  expect(judge(needs, noDocker, true)).toEqual({ run: false, reason, fails: true });
});

test("every probe answers on this host, with a text when something is missing", () => {
  for (const probe of Object.values(probes)) {
    const problem = probe();
    expect(problem === undefined || problem.length > 10).toBe(true);
  }
});

describeWith([], "a group without needs", () => {
  test("is defined at once", () => {
    expect(expect.getState().currentTestName).toContain("a group without needs");
  });
});
