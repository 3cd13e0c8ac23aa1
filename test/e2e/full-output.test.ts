import { spawn } from "node:child_process";
import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { CLI, startLocalCluster } from "./support/local-cluster.ts";

/** Runs the built command with its output going to a file, and gives its status and its errors. */
async function into(file: string, ...args: string[]): Promise<{ code: number; error: string }> {
  const fd = openSync(file, "a");
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", fd, "pipe"] });
  closeSync(fd);
  let error = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    error += text;
  });
  const code = await new Promise<number>((resolve) => child.on("close", resolve));
  return { code, error };
}

const unwritable = "error[CLI_OUTPUT_UNWRITABLE]: the output cannot be written: ENOSPC";

test("results that cannot be written are an error, and nobody is said to have interrupted", async () => {
  const version = await into("/dev/full", "version");
  expect([version.code, version.error]).toEqual([74, expect.stringContaining(unwritable)]);
  const cluster = await startLocalCluster(1);
  try {
    const where = ["--master", cluster.address, "--cpus", "0.1", "--mem", "16", "--"];
    const one = await into("/dev/full", "run", ...where, "echo begun; exec sleep 600");
    expect([one.code, one.error]).toEqual([74, expect.stringContaining(unwritable)]);
    expect(one.error).toContain("given up: killing 1 running task");
    expect(one.error).not.toContain("interrupted");
    expect(await cluster.liveTasks()).toEqual([]);
    const many = await into("/dev/full", "run", "--count", "3", ...where, "true");
    expect([many.code, many.error]).toEqual([74, expect.stringContaining(unwritable)]);
  } finally {
    await cluster.stop();
  }
}, 120_000);

describeWith("tmpfs", "a disk with room for a part of the results", () => {
  test("is told from one with room for all of them", async () => {
    const folder = temporaryFolder("tepui-nearly-full-");
    const run = (program: string, ...args: string[]) =>
      new Promise((resolve) => spawn(program, args, { stdio: "ignore" }).on("close", resolve));
    await run("mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", folder);
    try {
      const file = join(folder, "completion");
      const { code, error } = await into(file, "completion", "bash");
      expect(statSync(file).size).toBe(4_096);
      expect([code, error]).toEqual([74, expect.stringContaining(unwritable)]);
    } finally {
      await run("umount", folder);
    }
  }, 60_000);
});
