import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { execFrames } from "../../contract/exec-api.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import { pause, until } from "../support/until.ts";
import type { AgentProcess } from "./support/agent-process.ts";
import { AgentRig } from "./support/agent-rig.ts";
import { bare, post } from "./support/exec-client.ts";

vi.setConfig({ testTimeout: 120_000 });

let rig: AgentRig;
let agent: AgentProcess;
beforeEach(async () => {
  rig = await new AgentRig().open();
  agent = await rig.start();
  rig.master.launch({ t1: "exec sleep 600" });
  await rig.told("t1", ({ state }) => state === "TASK_RUNNING");
});
afterEach(() => rig.close());

/** Only the task itself is left. */
const alone = () => until("nothing is left", () => rig.left().length === 1);

test("input with gaps, beyond the window, or of no number is refused, and the rest goes on", async () => {
  const { sent, session, bytes } = bare(agent, ["sh", "-c", "sleep 1; cat; exit 3"], true);
  const path = `/exec-session/${await session()}`;
  const refused = [409, "EXEC_INPUT_REFUSED"];
  expect(await post(agent, `${path}?offset=1`, "x")).toEqual(refused);
  expect(await post(agent, `${path}?offset=-1`, "x")).toEqual(refused);
  expect(await post(agent, `${path}?offset=1e3`, "x")).toEqual(refused);
  expect(await post(agent, `${path}?taken=99`, "x")).toEqual(refused);
  expect(await post(agent, `${path}?columns=0&rows=7`, "")).toEqual(refused);
  const flood = Buffer.alloc(execLimits.inputBytesMax + 1);
  expect(await post(agent, path, flood)).toEqual([413, "BODY_TOO_LARGE"]);
  expect(await post(agent, `${path}?offset=0`, "abc")).toEqual([204, undefined]);
  // Said again, because the answer was lost: taken once.
  expect(await post(agent, `${path}?offset=0`, "abc")).toEqual([204, undefined]);
  expect(await post(agent, `${path}?offset=2&end`, "cd\n")).toEqual([204, undefined]);
  await until("its end", () => bytes().toString("latin1").includes('"code":3'));
  expect(bytes().toString("latin1")).toContain("abcd\n");
  expect(bytes().includes(Buffer.from([execFrames.stdout, 0, 0, 0]))).toBe(true);
  sent.destroy();
  await alone();
});

test("a program that does not read is given no more than the window", async () => {
  const { sent, session } = bare(agent, ["sleep", "623"], true);
  const path = `/exec-session/${await session()}`;
  const piece = Buffer.alloc(64 << 10);
  let offset = 0;
  let refusal: [number, string | undefined] = [0, ""];
  for (; refusal[1] !== "EXEC_INPUT_REFUSED" && offset < 64 << 20; offset += piece.length) {
    refusal = await post(agent, `${path}?offset=${offset}`, piece);
  }
  // The window, and what sockets and pipes hold on the way.
  expect(offset).toBeLessThan(4 << 20);
  expect(refusal).toEqual([409, "EXEC_INPUT_REFUSED"]);
  sent.destroy();
  await alone();
});

test("one that vanishes leaves nothing behind, whatever it was about to do", async () => {
  const script = "trap '' HUP TERM; setsid sleep 624 & yes > /dev/null & yes";
  const clients = Array.from({ length: 4 }, () => bare(agent, ["sh", "-c", script], true));
  await until("all run", () => rig.left().length >= 16);
  clients.forEach(({ sent }, at) => {
    setTimeout(() => sent.destroy(), at * 20);
  });
  for (let at = 0; at < 10; at++) {
    const { sent } = bare(agent, ["sh", "-c", script]);
    setTimeout(() => sent.destroy(), at * 7);
  }
  await pause(300);
  await alone();
  expect(agent.child.exitCode).toBe(null);
});

test("one that does not read is sent no more than the window", async () => {
  const { sent, session, bytes } = bare(agent, ["yes"]);
  await session();
  await pause(1_500);
  const framed = execLimits.outputBytesMax * 1.01 + 4_096;
  expect(bytes().length).toBeGreaterThan(execLimits.outputBytesMax / 2);
  expect(bytes().length).toBeLessThan(framed);
  sent.destroy();
  await alone();
});
