import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { shippedNames } from "../journal/support/policies.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "tepui-simulate-"));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const small = file(
  "small.txt",
  "agents a cpus=4\nframework f\nframework g role=two\njob f tasks=6 duration=2s cpus=1\n",
);

describe("`tepui simulate`", () => {
  test("runs every policy over a generated workload, as a table, JSON and a page", async () => {
    const generated = await runCli(["simulate", "generate", "--jobs", "30", "--agents", "4"]);
    expect(generated.code).toBe(0);
    const workload = file("generated.txt", generated.out);
    const policies = shippedNames.flatMap((name) => ["--policy", name]);
    const page = join(folder, "page.html");
    const table = await runCli(["simulate", workload, ...policies, "--html", page]);
    expect(table.code, table.error).toBe(0);
    const rows = table.out.trimEnd().split("\n");
    expect(rows[0]).toMatch(/^POLICY +ENDED +MAKESPAN +WAIT +WAIT P95 .*FAIRNESS .*US\/DECISION$/);
    expect(rows.slice(1).map((row) => row.split(" ")[0])).toEqual(shippedNames);
    for (const name of shippedNames) expect(readFileSync(page, "utf8")).toContain(name);
    const json = await runCli(["simulate", workload, ...policies, "-o", "json"]);
    const { results } = JSON.parse(json.out) as { results: { label: string; figures: object }[] };
    expect(results.map(({ label }) => label)).toEqual(shippedNames);
    for (const { figures } of results) expect(figures).toHaveProperty("waitMs.p95");
  }, 120_000);

  test("runs one policy twice with other settings, under labels", async () => {
    const labels = ["--policy", "plain=fifo", "--policy", "filling=fifo"];
    const settings = ["--set", "plain.backFill=0", "--set", "filling.backFill=1"];
    const { out, code } = await runCli(["simulate", small, ...labels, ...settings, "-o", "json"]);
    expect(code).toBe(0);
    const { results } = JSON.parse(out) as { results: object[] };
    expect(results).toMatchObject([
      { label: "plain", name: "fifo", config: { backFill: 0 } },
      { label: "filling", name: "fifo", config: { backFill: 1 } },
    ]);
  }, 60_000);

  test("tells what is wrong with a workload by line and column", async () => {
    const bad = file("bad.txt", "agents a cpus=4\nframework f\njob g duration=2 cpus=1\n");
    const page = join(folder, "none.html");
    const { error, code } = await runCli(["simulate", bad, "--html", page]);
    expect(code).not.toBe(0);
    expect(error).toContain("error[WORKLOAD_INVALID]: 2 problems in the workload");
    expect(error).toContain('3:5: there is no framework "g"');
    expect(error).toContain('3:17: duration: "2" has no unit');
    expect(existsSync(page)).toBe(false);
  });

  test.each([
    [[join(folder, "nothing.txt")], "WORKLOAD_UNREADABLE", "ENOENT"],
    [[folder], "JOURNAL_UNREADABLE", "there are no .journal files in it"],
    [[file("empty.txt", "# nothing\n")], "WORKLOAD_EMPTY", "there are no agents in it"],
    [[small, "--policy", "dfr"], "PLUGIN_NOT_FOUND", 'there is no plugin "dfr"'],
    [[small, "--policy", "drf", "--policy", "drf"], "CLI_USAGE", 'two policies called "drf"'],
    [[small, "--policy", "drf", "--set", "fifo.x=1"], "CLI_USAGE", "POLICY is one of drf"],
    [[small, "--policy", "drf", "--set", "drf.x=1"], "PLUGIN_CONFIG_INVALID", "no field"],
    [[small, "--html", join(folder, "no", "page.html")], "CLI_FILE_UNWRITABLE", "ENOENT"],
  ])("%j is refused with %s", async (args, code, message) => {
    const { error, out } = await runCli(["simulate", ...args]);
    expect(error).toContain(`error[${code}]`);
    expect(error).toContain(message);
    expect(out).toBe("");
  });
});

test.each([
  [join(folder, "nothing"), "JOURNAL_UNREADABLE"],
  [file("text.journal", "no journal at all"), "JOURNAL_UNREADABLE"],
])("`tepui replay %s` is refused with %s", async (path, code) => {
  const { error } = await runCli(["replay", path]);
  expect(error).toContain(`error[${code}]`);
});
