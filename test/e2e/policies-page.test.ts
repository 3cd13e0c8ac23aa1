import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { OperatorResult } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { type LocalCluster, startLocalCluster } from "./support/local-cluster.ts";
import { runShell, type ShellResult } from "./support/shell.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/policies.md"), "utf8");

/** The blocks of commands of the page, each with the output that is shown after it, if any is. */
const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm)].map(
  ([, commands = "", output = ""]) => ({ commands: commands.trim().split("\n"), output }),
);

/** Lines of an output that are titles of a table, with single spaces. */
function titles(output: string): string[] {
  return output
    .split("\n")
    .map((line) => line.trim().replace(/ +/g, " "))
    .filter((line) => /^[A-Z]+( [A-Z]+)+$/.test(line));
}

describe("docs/policies.md", () => {
  let cluster: LocalCluster;
  let folder = "";
  beforeAll(async () => {
    cluster = await startLocalCluster(2);
    folder = mkdtempSync(join(tmpdir(), "tepui-page-"));
    const script = `#!/bin/sh\nexec '${process.execPath}' '${root}dist/cli/main.js' "$@"\n`;
    writeFileSync(join(folder, "tepui"), script, { mode: 0o755 });
    cpSync(join(root, "dist/plugins/allocators/fifo"), join(folder, "my-policy"), {
      recursive: true,
    });
  }, 120_000);
  afterAll(async () => {
    await cluster?.stop();
  }, 60_000);

  function shell(command: string): Promise<ShellResult> {
    const path = `${folder}${delimiter}${process.env["PATH"]}`;
    const env = { ...process.env, PATH: path, TEPUI_MASTER: cluster.address, NO_COLOR: "1" };
    return runShell("/bin/sh", ["-c", command], { cwd: folder, env });
  }

  test("every command of the page runs as it stands there, and prints tables as they are shown", async () => {
    expect(blocks.length).toBeGreaterThan(6);
    let tables = 0;
    for (const { commands, output } of blocks) {
      let printed = "";
      for (const command of commands) {
        const { code, out, error } = await shell(command);
        expect({ command, code, error: code === 0 ? "" : error }).toEqual({
          command,
          code: 0,
          error: "",
        });
        printed += out;
      }
      expect(titles(printed)).toEqual(expect.arrayContaining(titles(output)));
      tables += titles(output).length;
    }
    expect(tables).toBeGreaterThan(4);
  }, 300_000);

  test("a promoted policy is live again after the master was killed", async () => {
    await cluster.run("policy", "promote", "fifo");
    await cluster.run("policy", "configure", "--set", "backFill=0");
    const live = async () => {
      const { code, stdout } = await cluster.run("policy", "list", "-o", "json");
      if (code !== 0) return undefined;
      const { policies } = JSON.parse(stdout) as OperatorResult<"policies">;
      return policies.find(({ state }) => state === "live");
    };
    const before = await live();
    expect(before).toMatchObject({ name: "fifo", config: { backFill: 0 } });
    const pid = cluster.masterPid();
    process.kill(pid, "SIGKILL");
    const after = await until(
      "another master",
      async () => cluster.masterPid() !== pid && (await live()),
      60_000,
    );
    expect(after).toEqual(before);
    const { stdout } = await cluster.run("policy", "history");
    expect(stdout).toContain("an operator made it live before");
  }, 120_000);

  test("offers name the policy that made them, as `tepui offers` shows", async () => {
    const { stdout } = await cluster.run("offers");
    expect(stdout.split("\n")[0]).toMatch(/^OFFER .* ROLE +POLICY +RESOURCES$/);
  }, 60_000);
});
