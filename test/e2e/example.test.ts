import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import { startLocalCluster } from "./support/local-cluster.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/hello-framework.mjs", import.meta.url));

test("the framework of the documentation greets elsewhere when an agent is lost for good", async () => {
  const folder = temporaryFolder("tepui-example-");
  const config = join(folder, "local.json");
  const master = { agentPingTimeout: "1secs", maxAgentPingTimeouts: 2 };
  writeFileSync(config, JSON.stringify({ master }));
  const cluster = await startLocalCluster(1, ["--config", config]);
  const [lost = 0] = cluster.agentPids();
  // It takes its tasks, and is never heard of again.
  process.kill(lost, "SIGSTOP");
  const child = spawn(process.execPath, [EXAMPLE], {
    env: { ...process.env, TEPUI_MASTER: cluster.address },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const words = ["--work-dir", join(folder, "agent"), "--listen-port", "0"];
  const resources = ["--resources", "cpus:1;mem:512"];
  let other: ReturnType<typeof cluster.start> | undefined;
  try {
    await until("the loss", () => output.match(/TASK_UNREACHABLE/g)?.length === 5);
    other = cluster.start("agent", "--master", cluster.address, ...words, ...resources);
    expect(await Promise.race([ended, other.result])).toBe(0);
    expect(output.match(/-again TASK_FINISHED/g)).toHaveLength(5);
  } finally {
    child.kill("SIGKILL");
    other?.child.kill("SIGTERM");
    await other?.result;
    process.kill(lost, "SIGCONT");
    await cluster.stop();
  }
}, 120_000);
