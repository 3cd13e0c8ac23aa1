import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import type { LocalCluster } from "./support/local-cluster.ts";
import { runShell, type ShellResult } from "./support/shell.ts";
import { forAllTests } from "./support/suite-cluster.ts";

const file = fileURLToPath(new URL("../../docs/tutorials/mesos-curl.md", import.meta.url));

/** The commands of the page, each block with the output that is shown after it, if any is. */
const blocks = [
  ...readFileSync(file, "utf8").matchAll(
    /^```sh\n([\s\S]*?)^```\n(?:\n```text\n([\s\S]*?)^```\n)?/gm,
  ),
].map(([, commands = "", output = ""]) => ({ commands, output }));

/** Printed between the outputs of two blocks. */
const MARK = "----------";

describeWith("curl-jq", "docs/tutorials/mesos-curl.md", () => {
  let cluster: LocalCluster;
  forAllTests(2, (started) => {
    cluster = started;
  });

  function shell(script: string): Promise<ShellResult> {
    const env = { ...process.env, TEPUI_MASTER: cluster.address };
    return runShell("bash", ["-eu", "-c", script], { env });
  }

  test("its commands, in one shell from first to last, print what it shows", async () => {
    expect(blocks.length).toBeGreaterThan(8);
    const script = blocks.map(({ commands }) => `${commands}\necho ${MARK}\n`).join("");
    // What is left when the script fails must not outlive it.
    const { code, out, error } = await shell(
      `trap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}`,
    );
    const printed = out.split(`${MARK}\n`).slice(0, -1);
    expect(printed, error).toEqual(blocks.map(({ output }) => output));
    expect(code, error).toBe(0);
    expect(await cluster.liveTasks()).toEqual([]);
  }, 120_000);
});
