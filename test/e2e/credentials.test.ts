import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type LocalCluster, startLocalCluster } from "./support/local-cluster.ts";

let cluster: LocalCluster;
let folder: string;
let task = "";
let framework = "";
let agent = "";
let shown: string[];

const credentials = [{ principal: "ops", secret: "known only to few" }];
const authorization = `Basic ${Buffer.from("ops:known only to few").toString("base64")}`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-credentials-"));
  const config = join(folder, "local.json");
  const both = [{ plugin: "uws-msgpack" }, { plugin: "mesos-v1-http", config: { credentials } }];
  const sides = {
    master: { plugins: [...both, { plugin: "embedded" }] },
    agent: { plugins: [...both, { plugin: "process" }] },
  };
  writeFileSync(config, JSON.stringify(sides));
  writeFileSync(join(folder, "right"), "ops:known only to few\n");
  writeFileSync(join(folder, "wrong"), "ops:guessed\n");
  shown = ["--credentials-file", join(folder, "right")];
  cluster = await startLocalCluster(1, ["--config", config]);
  const { stdout } = await cluster.run("agents", "-o", "json");
  const [first] = (JSON.parse(stdout) as { agents: { agent: { port: number } }[] }).agents;
  agent = `http://127.0.0.1:${first?.agent.port}`;
  cluster.start("run", "--cpus", "0.1", "--mem", "32", "--", "sh", "-c", "echo said; sleep 1000");
  for (const end = Date.now() + 30_000; task === "" && Date.now() < end; ) {
    const [one] = await cluster.liveTasks();
    if (one?.state === "TASK_RUNNING") [task, framework] = [one.taskId, one.frameworkId];
  }
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

const status = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
  const answer = await fetch(agent + path, { headers });
  await answer.body?.cancel();
  return answer.status;
};

test("the doors to files and tasks of such an agent ask for credentials, in every form", async () => {
  const file = `path=${encodeURIComponent("/slave/log")}`;
  const paths = [
    ...["", "/slave(1)"].flatMap((prefix) =>
      ["browse", "read", "download"].flatMap((page) =>
        ["", ".json"].map((suffix) => `${prefix}/files/${page}${suffix}?${file}`),
      ),
    ),
    ...["/files/debug", `/sandbox/${framework}/${task}`, `/sandbox/${framework}/${task}/stdout`],
    ...["/executors", "/usage", "/state", "/logging/toggle", "/system/stats.json"],
  ];
  for (const path of paths) {
    expect([path, await status(path)]).toEqual([path, 401]);
    expect([path, await status(path, { authorization: "Basic b3BzOng=" })]).toEqual([path, 401]);
    expect([path, await status(path, { authorization })]).toEqual([path, 200]);
  }
  const { headers } = await fetch(`${agent}/files/debug`);
  expect(headers.get("www-authenticate")).toBe('Basic realm="mesos-agent-readonly"');
  for (const path of ["/health", "/version"]) expect(await status(path)).toBe(200);
});

test("metrics of masters and agents ask for credentials, in Prometheus' form too", async () => {
  for (const server of [agent, `http://${cluster.address}`]) {
    for (const path of ["/metrics", "/metrics/snapshot"]) {
      const bare = await fetch(server + path);
      expect([path, bare.status, await bare.text()]).toEqual([path, 401, "Unauthorized"]);
      expect(bare.headers.get("www-authenticate")).toContain("-readonly");
      const known = await fetch(server + path, { headers: { authorization } });
      expect([path, known.status]).toEqual([path, 200]);
      expect((await known.text()).length).toBeGreaterThan(1_000);
    }
  }
});

test("logs, browse, cp and stats show what they are given, and say what is missing", async () => {
  const copy = join(folder, "copy");
  const commands = [
    ["logs", task],
    ["browse", task],
    ["cp", `${task}:stdout`, copy],
    ["stats", task],
  ];
  const bare = await Promise.all(commands.map((words) => cluster.run(...words)));
  for (const { code, stderr } of bare) {
    expect([code, stderr]).toEqual([1, expect.stringContaining("wants other credentials")]);
  }
  const right = await Promise.all(commands.map((words) => cluster.run(...words, ...shown)));
  for (const { code, stderr } of right) expect([code, stderr]).toEqual([0, ""]);
  expect(right[0]?.stdout).toBe("said\n");
  const wrong = await cluster.run("logs", task, "--credentials-file", join(folder, "wrong"));
  expect(wrong.stderr).toContain("AGENT_CREDENTIALS");
  expect(readFileSync(copy, "utf8")).toBe("said\n");
  expect((await cluster.run("logs", "-f", task)).stderr).toContain("AGENT_CREDENTIALS");
}, 180_000);

test("run shows what its task prints, or warns that it cannot, and ends as the task did", async () => {
  const words = ["--cpus", "0.1", "--mem", "32", "--", "sh", "-c", "echo printed; exit 7"];
  const right = await cluster.run("run", ...shown, ...words);
  expect([right.code, right.stdout]).toEqual([7, "printed\n"]);
  const bare = await cluster.run("run", ...words);
  expect([bare.code, bare.stdout]).toEqual([7, ""]);
  expect(bare.stderr).toContain("wants other credentials");
});

test("a file that holds no credentials is refused", async () => {
  const bad = join(folder, "bad");
  writeFileSync(bad, "nothing of the kind\n");
  for (const file of [bad, join(folder, "none")]) {
    const { code, stderr } = await cluster.run("logs", task, "--credentials-file", file);
    expect([code, stderr]).toEqual([78, expect.stringContaining("CREDENTIALS_INVALID")]);
  }
});
