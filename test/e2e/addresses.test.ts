import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { until } from "../support/until.ts";
import { type RunningCommand, tepui } from "./support/local-cluster.ts";

const started: RunningCommand[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const { child } of started.toReversed()) child.kill("SIGTERM");
  for (const { result } of started.splice(0)) await result;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** Starts a master or an agent; answers the address that it tells others. */
async function start(words: readonly string[]): Promise<string> {
  const process = tepui([...words, "--insecure-remote", "-o", "json"]);
  started.push(process);
  const line = await until("it is ready, or has ended", () => {
    if (process.child.exitCode !== null) return "ended";
    const [first = "", ...rest] = process.output().split("\n");
    return rest.length > 0 && first.startsWith("{") ? first : undefined;
  });
  if (line === "ended") throw new Error((await process.result).stderr);
  return (JSON.parse(line) as { address: string }).address;
}

/** what is listened on → what an address of it looks like */
const listened: readonly (readonly [string, RegExp])[] = [
  ["[::1]", /^\[::1\]:\d+$/],
  ["::", /^(?!\[?::\]?:)(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]):\d+$/],
  ["0.0.0.0", /^(?!0\.0\.0\.0)\d+\.\d+\.\d+\.\d+:\d+$/],
];

test.each(listened)(
  "a cluster that listens on %s is reached by what it says",
  async (host, looks) => {
    const hasSix = Object.values(networkInterfaces()).some((addresses) =>
      addresses?.some(({ address }) => address === "::1"),
    );
    // Where there is no IPv6 at all, only the last row can be tried.
    if (host.includes(":") && !hasSix) return;
    const folder = mkdtempSync(join(tmpdir(), "tepui-address-"));
    folders.push(folder);
    const listen = ["--listen-host", host, "--listen-port", "0"];
    const master = await start(["master", ...listen, "--data-dir", join(folder, "master")]);
    expect(master).toMatch(looks);
    const work = ["--work-dir", join(folder, "agent"), "--resources", "cpus:1;mem:256"];
    const agent = await start(["agent", ...listen, "--master", master, ...work]);
    expect(agent).toMatch(looks);
    const env = { TEPUI_MASTER: master };
    await until("the agent", async () => {
      const { stdout, code } = await tepui(["agents"], env).result;
      return code === 0 && stdout.includes(agent);
    });
    // What the task prints comes from the agent's own address.
    const run = await tepui(["run", "--mem", "32", "--", "echo", "hello"], env).result;
    expect([run.code, run.stdout]).toEqual([0, "hello\n"]);
    const leader = await fetch(`http://${master}/redirect`, { redirect: "manual" });
    expect(leader.headers.get("location")).toMatch(/^\/\/(\[[0-9a-f:]+\]|[^:]+):\d+$/);
  },
  240_000,
);
