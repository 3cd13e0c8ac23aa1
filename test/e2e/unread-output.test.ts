import { writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DaemonProcess, startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import { type CommandResult, type RunningCommand, tepui } from "./support/local-cluster.ts";

let master: DaemonProcess;
/** Takes connections and says nothing, as what a firewall swallows comes to. */
let silent: Server;
const sockets = new Set<Socket>();
const agents: RunningCommand[] = [];
const addresses = { refusing: "", silent: "", open: "" };

const command = (...words: string[]) => tepui(words, { TEPUI_MASTER: master.address });
const run = (where: keyof typeof addresses, script: string): Promise<CommandResult> => {
  const size = ["--cpus", "0.1", "--mem", "32", "--attr", `where=${where}`, "--name", where];
  return command("run", ...size, "--", "sh", "-c", script).result;
};

function startAgent(where: string, advertise: readonly string[] = []): RunningCommand {
  const folder = join(temporaryFolder("tepui-unread-"), "agent");
  const place = ["--listen-port", "0", ...advertise, "--work-dir", folder];
  const agent = command("agent", ...place, "--attributes", `where:${where}`);
  agents.push(agent);
  return agent;
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

beforeAll(async () => {
  master = await startMasterProcess();
  silent = createServer((socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
  });
  addresses.silent = await listening(silent);
  const closed = createServer();
  addresses.refusing = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  startAgent("refusing", ["--listen-advertise", addresses.refusing]);
  startAgent("silent", ["--listen-advertise", addresses.silent]);
  startAgent("open");
  await until("agents", async () => {
    const { stdout, code } = await command("agents", "-o", "json").result;
    return code === 0 && (JSON.parse(stdout) as { agents: unknown[] }).agents.length === 3;
  });
}, 120_000);
afterAll(async () => {
  for (const { child } of agents) child.kill("SIGTERM");
  await Promise.all(agents.map(({ result }) => result));
  silent?.close();
  await master?.stop();
}, 120_000);

const warnings = ({ stderr }: CommandResult) =>
  stderr.split("\n").filter((line) => line.startsWith("warning: "));

test.each(["refusing", "silent"] as const)(
  "run says once that the output of a task on a %s agent is missing, and ends as the task did",
  async (where) => {
    const reasons = { refusing: "connect ECONNREFUSED", silent: "it is silent" };
    const result = await run(where, "echo hello; echo oops >&2; exit 7");
    expect([result.code, result.stdout]).toEqual([7, ""]);
    const told = `printed could not be read from ${addresses[where]}: ${reasons[where]}`;
    expect(warnings(result)).toEqual([expect.stringMatching(`^warning: what ${where}-\\w+ `)]);
    expect(warnings(result)[0]).toContain(told);
  },
  60_000,
);

test("of a task that never ran, nothing is said to be missing", async () => {
  const size = ["--cpus", "0.1", "--mem", "32", "--attr", "where=refusing", "--retries", "0"];
  const result = await command("run", ...size, "--", "no-such-program", "x").result;
  expect(result.code).not.toBe(0);
  expect(result.stderr).toContain("no-such-program");
  expect(warnings(result)).toEqual([]);
}, 60_000);

test("logs -f says so, too", async () => {
  const go = join(temporaryFolder("tepui-unread-"), "go");
  const size = ["--cpus", "0.1", "--mem", "32", "--attr", "where=silent", "-o", "json"];
  const running = command("run", ...size, "--", `until [ -e ${go} ]; do sleep 0.1; done`);
  let task = "";
  await until("it runs", async () => {
    const { stdout } = await command("ps", "-o", "json").result;
    const { tasks } = JSON.parse(stdout) as { tasks: { task: { taskId: string } }[] };
    task = tasks[0]?.task.taskId ?? "";
    return task !== "";
  });
  sockets.clear();
  const following = command("logs", "-f", task);
  await until("it asks the agent", () => sockets.size > 0);
  // From here on nobody listens there.
  silent.close();
  for (const socket of sockets) socket.destroy();
  writeFileSync(go, "");
  const result = await following.result;
  expect([result.code, result.stdout]).toEqual([0, ""]);
  expect(warnings(result)).toEqual([
    expect.stringContaining(`what ${task} printed could not be read from ${addresses.silent}: `),
  ]);
  await running.result;
}, 60_000);

test("an agent that goes away with its task takes the rest of its output along", async () => {
  const size = ["--cpus", "0.1", "--mem", "32", "--attr", "where=open", "--retries", "0"];
  const words = ["run", ...size, "--name", "half", "--", "sh", "-c", "echo one; sleep 600"];
  const running = command(...words);
  await until("it prints", () => running.output() === "one\n");
  const listed = await command("agents", "-o", "json").result;
  const all = JSON.parse(listed.stdout) as {
    agents: { agent: { id: string; port: number; attributes: unknown } }[];
  };
  const open = all.agents.find(({ agent }) => JSON.stringify(agent.attributes).includes("open"));
  agents[2]?.child.kill("SIGKILL");
  expect(await command("gone", open?.agent.id ?? "").result).toMatchObject({ code: 0 });
  running.child.kill("SIGINT");
  const result = await running.result;
  expect(result.stdout).toBe("one\n");
  expect(warnings(result)).toEqual([
    expect.stringMatching(/^warning: the rest of what half-\w+ printed could not be read from /),
  ]);
}, 60_000);
