import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { followFile } from "../../cli/sandbox-follow.ts";
import { until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

const sandbox = (task: string) =>
  join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors", task, "runs/latest");
const filesOf = (task: string) =>
  readdirSync(sandbox(task))
    .filter((name) => name.startsWith("stdout"))
    .sort();
const numbers = (text: string) => text.split("\n").filter(Boolean).map(Number);
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** What `tepui logs -f` prints of a task, as it comes. */
function following(agent: AgentProcess, taskId: string) {
  const [ip = "", port] = (agent.address ?? "").split(":");
  const place = { ip, port: Number(port), frameworkId: "f1", taskId };
  const chunks: Uint8Array[] = [];
  let hasEnded = false;
  const done = followFile({
    place,
    file: "stdout",
    ended: () => hasEnded,
    print: async (chunk) => void chunks.push(chunk),
    signal: new AbortController().signal,
  });
  const text = () => Buffer.concat(chunks).toString();
  const rest = () => {
    hasEnded = true;
    return done.then(text);
  };
  return { text, rest };
}

describe("output that is rotated (F11)", () => {
  test("keeps the newest whole lines in so many files, and all is there at its end", async () => {
    await rig.start({ "outputs.size": "10KB", "outputs.files": 3 });
    rig.master.launch({ t1: "seq 20000; echo oops >&2; exit 3" });
    expect(await rig.ended("t1")).toMatchObject({ state: "TASK_FAILED", exitCode: 3 });
    expect(filesOf("t1")).toEqual(["stdout", "stdout.1", "stdout.2"]);
    const read = (name: string) => readFileSync(join(sandbox("t1"), name), "utf8");
    const kept = numbers(["stdout.2", "stdout.1", "stdout"].map(read).join(""));
    expect(kept.at(-1)).toBe(20_000);
    expect(kept).toEqual(upTo(20_000).slice(-kept.length));
    // A file is as long as the limit, and what was read at once when it came to that.
    for (const name of filesOf("t1")) expect(read(name).length).toBeLessThan(10_000 + 65_536);
    expect(read("stderr")).toBe("oops\n");
  });

  test("who follows it misses no line and sees none twice", async () => {
    const agent = await rig.start({ "outputs.size": "2KB", "outputs.files": 20 });
    const lines = "for i in $(seq 60); do seq $((i * 50 - 49)) $((i * 50)); sleep 0.02; done";
    rig.master.launch({ t1: lines });
    await until("it prints", () => existsSync(join(sandbox("t1"), "stdout")));
    const { rest } = following(agent, "t1");
    await rig.ended("t1");
    expect(filesOf("t1").length).toBeGreaterThan(3);
    expect(numbers(await rest())).toEqual(upTo(3_000));
  });

  test("goes on while no agent is there, and after the next one has come", async () => {
    const settings = { "outputs.size": "1KB", "outputs.files": 50 };
    const first = await rig.start(settings);
    const [go, end] = [join(rig.folder, "go"), join(rig.folder, "end")];
    const waits = (file: string) => `until [ -e ${file} ]; do sleep 0.05; done`;
    rig.master.launch({ t1: `seq 500; touch ${go}; seq 501 1000; ${waits(end)}; seq 1001 1500` });
    await until("it prints", () => existsSync(go));
    await first.kill("SIGKILL");
    const agent = await rig.start(settings);
    const { text, rest } = following(agent, "t1");
    await until("half of it came", () => numbers(text()).length === 1_000);
    writeFileSync(end, "");
    expect(await rig.ended("t1")).toMatchObject({ state: "TASK_FINISHED", exitCode: 0 });
    expect(numbers(await rest())).toEqual(upTo(1_500));
  });

  test("a daemon that holds the output delays the end of its task by little, and is ended", async () => {
    await rig.start({ "outputs.size": "1KB" });
    rig.master.launch({ t1: "setsid sleep 600 & echo up; exit 4" });
    expect(await rig.ended("t1")).toMatchObject({ state: "TASK_FAILED", exitCode: 4 });
    await until("nothing is left", () => rig.left().length === 0);
    expect(readFileSync(join(sandbox("t1"), "stdout"), "utf8")).toBe("up\n");
  });

  test("what a task puts in the way of its output is not written to", async () => {
    await rig.start({ "outputs.size": "1KB", "outputs.files": 2 });
    const other = join(rig.folder, "other");
    const way = `rm stdout; mkdir stdout.1; ln -s ${other} stdout; sleep 0.3; seq 5000`;
    rig.master.launch({ t1: way });
    expect(await rig.ended("t1")).toMatchObject({ state: "TASK_FINISHED" });
    expect(existsSync(other)).toBe(false);
  });
});
