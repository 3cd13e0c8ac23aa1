import { existsSync, writeFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { execLimits } from "../../contract/limits/exec.ts";
import { type ExecEnd, type ExecOptions, type ExecSession, openExec } from "../../sdk/index.ts";
import { pause, until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { placeOf, post } from "./support/exec-client.ts";

vi.setConfig({ testTimeout: 120_000 });

let rig: AgentRig;
beforeEach(async () => {
  rig = await new AgentRig().open();
});
afterEach(() => rig.close());

/** An agent with one task at work. */
async function start(
  settings: Readonly<Record<string, unknown>> = {},
  within = rig,
): Promise<AgentProcess> {
  const agent = await within.start(settings);
  within.master.launch({ t1: "exec sleep 600" });
  await within.told("t1", ({ state }) => state === "TASK_RUNNING");
  return agent;
}

const open = (agent: AgentProcess, line: string, more: Partial<ExecOptions> = {}) =>
  openExec(placeOf(agent), { command: ["sh", "-c", line], ...more });

/** All that a session writes, and how it ends. */
async function read(session: ExecSession): Promise<{ out: string; error: string; end: ExecEnd }> {
  const text = { stdout: "", stderr: "" };
  const pieces = session.output();
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return { out: text.stdout, error: text.stderr, end: value };
    text[value.stream] += Buffer.from(value.data).toString("latin1");
  }
}

/** Only the task itself is left. */
const alone = (within = rig) => until("nothing is left", () => within.left().length === 1);

/** Where an agent hangs during the other tests: that is as long as it has, and they take. */
const hung = new AgentRig();
let hanging: AgentProcess;
let givenUp: Promise<{ readonly tookMs: number; readonly thrown: unknown }>;

beforeAll(async () => {
  await hung.open();
  hanging = await start({}, hung);
  const session = await open(hanging, "sleep 625");
  const beganMs = performance.now();
  hanging.child.kill("SIGSTOP");
  const thrown = read(session).catch((error: unknown) => error);
  givenUp = thrown.then((error) => ({ tookMs: performance.now() - beganMs, thrown: error }));
});
afterAll(() => hung.close());

describe("a session over HTTP", () => {
  test("carries output, error output, input and the exit status, whatever the bytes", async () => {
    const agent = await start();
    const session = await open(agent, "cat; echo $TEPUI_TASK_ID >&2; exit 9", { stdin: true });
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 31) % 256));
    const sending = (async () => {
      for (let at = 0; at < bytes.length; at += 70_000) {
        await session.send(bytes.subarray(at, at + 70_000));
      }
      session.endInput();
    })();
    const { out, error, end } = await read(session);
    await sending;
    expect(end).toEqual({ code: 9 });
    expect(error).toBe("t1\n");
    expect(Buffer.from(out, "latin1").equals(bytes)).toBe(true);
    await alone();
  });

  test("holds up a program whose output is not read, and loses nothing of it", async () => {
    const agent = await start();
    const session = await open(agent, "head -c 8000000 /dev/zero; touch all");
    const all = join(rig.workDir, "slaves/m1-S0/frameworks/f1/executors/t1/runs/latest/all");
    const isDone = () => existsSync(all);
    await pause(1_000);
    expect(isDone()).toBe(false);
    expect((await read(session)).out.length).toBe(8_000_000);
    expect(isDone()).toBe(true);
  });

  test("drops input that the program does not want, and tells its end all the same", async () => {
    const agent = await start();
    const session = await open(agent, "exec <&-; sleep 1; exit 4", { stdin: true });
    const sending = (async () => {
      while (!session.isInputClosed) await session.send(Buffer.alloc(100_000));
    })();
    expect((await read(session)).end).toEqual({ code: 4 });
    await sending;
  });

  test("ends with its task, and with its agent, whose next one finds nothing of it", async () => {
    const agent = await start();
    const first = await open(agent, "setsid sleep 615 & sleep 616");
    rig.master.kill("t1");
    await expect(read(first)).rejects.toMatchObject({
      code: "EXEC_ENDED",
      message: expect.stringContaining("its task has ended"),
    });
    rig.master.launch({ t2: "exec sleep 600" });
    await rig.told("t2", ({ state }) => state === "TASK_RUNNING");
    await alone();
    const place = placeOf(agent, "t2");
    const stubborn = ["sh", "-c", "trap '' HUP TERM PIPE; setsid sleep 617 & sleep 618"];
    const second = await openExec(place, { command: stubborn });
    await until("it runs", () => rig.left().length >= 5);
    await agent.kill("SIGKILL");
    await expect(read(second)).rejects.toMatchObject({ code: "EXEC_LOST" });
    const next = await rig.start();
    await alone();
    const third = await openExec(placeOf(next, "t2"), { command: ["sleep", "619"] });
    const reading = expect(read(third)).rejects.toMatchObject({ code: "EXEC_ENDED" });
    await next.kill("SIGTERM");
    await reading;
    await alone();
  });
});

describe("who may not", () => {
  test("web pages are refused, and so is whoever does not know what this is", async () => {
    const agent = await start();
    const own = { "x-tepui-exec": "1" };
    const page = { ...own, origin: `http://${agent.address}` };
    expect(await post(agent, "/exec/f1/t1", undefined, page)).toEqual([403, "EXEC_NOT_ALLOWED"]);
    expect(await post(agent, "/exec/f1/t1", undefined, {})).toEqual([403, "EXEC_NOT_ALLOWED"]);
    expect(await post(agent, `/exec-session/${"0".repeat(32)}`, "", {})).toEqual([
      403,
      "EXEC_NOT_ALLOWED",
    ]);
    expect(await post(agent, "/exec/f1/t1", undefined, own)).toEqual([200, undefined]);
  });

  test("nobody may where the config says so, and over other addresses only with a secret", async () => {
    const agent = await start({ "exec.allow": "nobody", hostname: "here" });
    await expect(open(agent, "true")).rejects.toMatchObject({
      code: "EXEC_NOT_ALLOWED",
      message: expect.stringContaining("nobody may"),
    });
    await agent.kill("SIGTERM");
    const any = { "listen.host": "0.0.0.0", insecureRemote: true, hostname: "here" };
    const remote = await rig.start(any);
    const [, port = ""] = remote.address?.split(":") ?? [];
    const at = (ip: string, secret?: string) =>
      openExec(
        { ...placeOf(remote), ip, port: Number(port) },
        { command: ["true"], ...(secret && { secret }) },
      ).then(read);
    expect((await at("127.0.0.1")).end).toEqual({ code: 0 });
    const other = Object.values(networkInterfaces())
      .flatMap((list) => list ?? [])
      .find(({ internal, family }) => !internal && family === "IPv4")?.address;
    if (other !== undefined) {
      await expect(at(other)).rejects.toMatchObject({ code: "EXEC_NOT_ALLOWED" });
    }
    await remote.kill("SIGTERM");
  });

  test("the secret is asked for, also of this machine", async () => {
    const secretFile = join(rig.folder, "secret");
    writeFileSync(secretFile, "correct-horse-battery\n");
    const agent = await start({ "exec.allow": "secret", "exec.secretFile": secretFile });
    for (const secret of [undefined, "correct-horse-batter", ""]) {
      await expect(
        open(agent, "true", secret === undefined ? {} : { secret }),
      ).rejects.toMatchObject({ code: "EXEC_SECRET_WRONG" });
    }
    const session = await open(agent, "sleep 1; exit 6", { secret: "correct-horse-battery" });
    expect((await read(session)).end).toEqual({ code: 6 });
  });

  test("an agent whose secret is none does not start", async () => {
    const secretFile = join(rig.folder, "short");
    writeFileSync(secretFile, "short\n");
    const refused = (more: object) =>
      expect(rig.start({ "exec.allow": "secret", ...more })).rejects;
    await refused({}).toThrow("secretFile");
    await refused({ "exec.secretFile": secretFile }).toThrow("EXEC_SECRET_INVALID");
    await refused({ "exec.secretFile": join(rig.folder, "none") }).toThrow("EXEC_SECRET_INVALID");
  });
});

describe("what is refused", () => {
  test("tasks and commands that are not there, and requests that are none", async () => {
    const agent = await start();
    const bodies = ["", "null", "{}", '{"command":[]}', '{"command":"a"}', "[".repeat(9e4)];
    for (const body of [...bodies, '{"command":["a"],"terminal":{"columns":0,"rows":1}}']) {
      expect(await post(agent, "/exec/f1/t1", body)).toEqual([400, "EXEC_REQUEST_INVALID"]);
    }
    const large = JSON.stringify({ command: ["x".repeat(execLimits.requestBytesMax)] });
    expect(await post(agent, "/exec/f1/t1", large)).toEqual([413, "BODY_TOO_LARGE"]);
    expect(await post(agent, "/exec/f1/t1/x")).toEqual([400, "EXEC_REQUEST_INVALID"]);
    expect(await post(agent, "/exec/f1/t9")).toEqual([404, "TASK_UNKNOWN_HERE"]);
    expect(await post(agent, "/exec")).toEqual([404, "TASK_UNKNOWN_HERE"]);
    const none = JSON.stringify({ command: ["no-such-program"] });
    expect(await post(agent, "/exec/f1/t1", none)).toEqual([400, "COMMAND_NOT_FOUND"]);
    expect(await post(agent, "/exec-session/none", "")).toEqual([404, "EXEC_SESSION_UNKNOWN"]);
    const answer = await fetch(`http://${agent.address}/exec/f1/t1`);
    expect(answer.status).toBe(405);
    rig.master.kill("t1");
    await rig.ended("t1");
    const [status, code] = await post(agent, "/exec/f1/t1");
    expect([404, 409]).toContain(status);
    expect(["TASK_UNKNOWN_HERE", "EXEC_TASK_NOT_RUNNING"]).toContain(code);
    expect(rig.left()).toEqual([]);
  });

  test("more sessions than a task, and than an agent, may have; one that ends makes room", async () => {
    const agent = await start({ "exec.sessionsPerTaskMax": 2, "exec.sessionsMax": 3 });
    const sessions = [await open(agent, "sleep 620"), await open(agent, "sleep 621")];
    const full = { code: "EXEC_SESSIONS_FULL", status: 429 };
    await expect(open(agent, "true")).rejects.toMatchObject({
      ...full,
      hint: expect.stringContaining("exec.sessionsPerTaskMax"),
    });
    rig.master.launch({ t2: "exec sleep 600" });
    await rig.told("t2", ({ state }) => state === "TASK_RUNNING");
    const second = () => openExec(placeOf(agent, "t2"), { command: ["sleep", "622"] });
    sessions.push(await second());
    await expect(second()).rejects.toMatchObject({
      ...full,
      hint: expect.stringContaining("exec.sessionsMax"),
    });
    sessions[0]?.close();
    sessions.push(await until("there is room", () => second().catch(() => undefined)));
    for (const session of sessions) session.close();
    await until("both tasks are left", () => rig.left().length === 2);
    await until("none is counted", async () => {
      const { text } = await rig.get(agent, "/metrics");
      return /^tepui_agent_exec_sessions 0$/m.test(text);
    });
  });
});

test("an agent that hangs is given up, after the time that it has", async () => {
  const { thrown, tookMs } = await givenUp;
  expect(thrown).toMatchObject({
    code: "EXEC_LOST",
    message: expect.stringContaining(`nothing came for ${execLimits.silenceMs} ms`),
  });
  expect(tookMs).toBeGreaterThan(execLimits.silenceMs - 1_000);
  hanging.child.kill("SIGCONT");
  await alone(hung);
});
