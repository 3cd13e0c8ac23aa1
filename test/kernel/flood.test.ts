import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { frameOf, helloOf } from "../../conformance/transport/subject.ts";
import { limits } from "../../contract/limits.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import { WIRE_PATH } from "../../contract/wire-protocol.ts";
import type { Effect } from "../../kernel/core/effect.ts";
import type { ClusterInput } from "../../kernel/core/event.ts";
import { nextDeadlineMs } from "../../kernel/core/state.ts";
import { step } from "../../kernel/core/step.ts";
import { masterPeers, openDoor } from "../../kernel/io/door.ts";
import { Loop } from "../../kernel/io/loop.ts";
import { Peers } from "../../kernel/io/peers.ts";
import { systemClock } from "../../wire/index.ts";
import { makeUws } from "../conformance/transports.ts";
import { TestCluster } from "../support/cluster.ts";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Dials, and sends one frame as often as it is told to, as fast as it can; says how it ended. */
const FLOODER = `
  const { WebSocket } = require("ws");
  const [url, hello, times] = process.argv.slice(1);
  const frame = require("node:fs").readFileSync(0);
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on("open", () => socket.send(Buffer.from(hello, "base64")));
  socket.once("message", () => {
    for (let at = 0; at < Number(times); at++) socket.send(frame);
  });
  socket.on("close", (code) => console.log("closed " + code));
`;

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** A master's door and loop on a real socket, around a core that takes its time. */
async function slowMaster(stepMs: number) {
  const stepped: ClusterInput[] = [];
  const seen = { depth: 0 };
  const loop = new Loop(
    {
      step: (input) => {
        const endMs = performance.now() + stepMs;
        while (performance.now() < endMs);
        stepped.push(input);
        seen.depth = Math.max(seen.depth, loop.depth);
      },
      nextDeadlineMs: () => undefined,
      roundDue: () => false,
      allocate: () => undefined,
      commit: (_, release) => release(),
      perform: () => {},
      flush: () => server.flushAll(),
    },
    {
      clock: systemClock,
      log: silentLog,
      metrics: silentMetrics,
      fail: (cause) => {
        throw cause;
      },
    },
  );
  const { server } = (await makeUws({})).transport;
  const door = openDoor({
    peers: new Peers(),
    operators: {} as never,
    clock: systemClock,
    log: silentLog,
    serverId: "m1",
    software: "test",
    hasRoom: (inputs, bytes) => loop.hasRoom(inputs, bytes),
    enqueue: (input, bytes) => loop.enqueue(input, bytes),
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0, peers: masterPeers }, door);
  cleanups.push(() => server.close(100));
  return { stepped, seen, door, loop, url: `ws://127.0.0.1:${port}${WIRE_PATH}` };
}

/** Floods from a process of its own; answers what that has said. */
function flood(url: string, frame: Buffer, times: number): () => string {
  const words = [url, frameOf(helloOf()).toString("base64"), `${times}`];
  const child = spawn(process.execPath, ["-e", FLOODER, ...words], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.on("data", (chunk) => {
    said += chunk;
  });
  child.stdin.end(frame);
  cleanups.push(() => child.kill("SIGKILL"));
  return () => said;
}

test("a peer that sends faster than the master works is held back, and loses nothing", async () => {
  const { stepped, seen, url } = await slowMaster(0.01);
  const messages = 1.25 * limits.inboxEventsMax;
  const frame = frameOf(...Array.from({ length: 1_024 }, () => ({ type: "pong" })));
  const said = flood(url, frame, messages / 1_024);
  await until("all of it", () => stepped.length >= messages || said() !== "");
  expect(said()).toBe("");
  expect(stepped).toHaveLength(messages);
  expect(seen.depth).toBeLessThan(limits.inboxEventsMax);
});

test("thousands of questions about thousands of tasks are answered once (D12)", async () => {
  const tasks = limits.tasksPerAcceptMax;
  const c = new TestCluster("agent a1 cpus:10000\nframework web", {});
  const words = Array.from({ length: tasks }, (_, at) => `t${at}(cpus:1)`);
  c.do(`web accepts a1 ${words.join(" ")}`);
  const told: Effect[] = [];
  const loop = new Loop(
    {
      step: (input, _, out) => step(c.state, input, c.nowMs, out),
      nextDeadlineMs: () => nextDeadlineMs(c.state),
      roundDue: () => false,
      allocate: () => undefined,
      commit: (_, release) => release(),
      perform: (effect) => told.push(effect),
      flush: () => {},
    },
    {
      clock: systemClock,
      log: silentLog,
      metrics: silentMetrics,
      fail: (cause) => {
        throw cause;
      },
    },
  );
  cleanups.push(() => loop.stop());
  const asked = { type: "framework-call", peer: c.peerOf("web") } as const;
  const ask = (): void => loop.enqueue({ ...asked, call: { type: "reconcile", tasks: [] } });
  for (let at = 0; at < 2_000; at++) ask();
  await until("an answer", () => told.length > 0);
  expect(told).toHaveLength(tasks);
  expect(loop.depth).toBe(0);
});

test("when many send at once, what exceeds the bytes is cut off with a code, the rest counts", async () => {
  const { stepped, door, loop } = await slowMaster(0);
  const closed: string[] = [];
  const frameBytes = 1_000_000;
  const fitting = Math.floor(limits.inboxBytesMax / frameBytes);
  for (let at = 0; at < fitting + 3; at++) {
    const peer = { kind: "agent", name: `a${at}`, close: (code: string) => closed.push(code) };
    await door.onHello(peer as never, helloOf() as never);
    door.onMessages(peer as never, [{ type: "pong" }, { type: "pong" }], frameBytes);
  }
  expect(closed).toEqual(Array(3).fill("OVERLOADED"));
  expect(loop.waitingBytes).toBeLessThanOrEqual(limits.inboxBytesMax);
  await until("all that was taken", () => stepped.length === 2 * fitting);
  expect(loop.hasRoom(1, frameBytes)).toBe(true);
});
