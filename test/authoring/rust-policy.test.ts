import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith, wasmRustc } from "../support/require.ts";
import { brokenRules, conformanceReport } from "./support/conformance-report.ts";
import { type Project, Workshop } from "./support/projects.ts";

describeWith("rust", "a policy in Rust", () => {
  const workshop = new Workshop();
  let project: Project;
  beforeAll(() => {
    process.env["RUSTC"] = wasmRustc();
    project = workshop.make("rust-fair", { kind: "allocator", language: "rust" });
  });
  afterAll(() => workshop.close());

  test("builds without its standard library, and passes its own tests", () => {
    project.run("make", "-s");
    expect(project.run("make", "-s", "test")).toMatch(/^# fail 0$/m);
  }, 60_000);

  test("keeps every rule of the port", async () => {
    const report = await conformanceReport(project.folder, "--clusters", "4");
    expect(brokenRules(report)).toEqual([]);
  }, 120_000);
});
