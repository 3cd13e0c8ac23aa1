import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { until } from "../support/until.ts";
import { AgentRig } from "./support/agent-rig.ts";

vi.setConfig({ testTimeout: 180_000 });

let rig: AgentRig;
let server: Server;
let asked: string[];
beforeEach(async () => {
  rig = await new AgentRig().open();
  asked = [];
  server = createServer(({ url = "" }, response) => {
    asked.push(url);
    if (url === "/never") return;
    response.writeHead(url === "/gone" ? 404 : 200).end("#!/bin/sh\necho fetched $1\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rig.close();
});

test("a task finds what it asked for, and fails with a code where it cannot be had (F41)", async () => {
  const agent = await rig.start();
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const uris = [{ value: `${base}/tool`, executable: true, cache: true }];
  for (const task of ["t1", "t2"]) {
    rig.master.launch({ [task]: "" }, { command: { value: "./tool here", uris } });
    expect(await rig.ended(task)).toMatchObject({ state: "TASK_FINISHED" });
    const { text } = await rig.get(agent, `/sandbox/f1/${task}/stdout`);
    expect(text).toBe("fetched here\n");
  }
  expect(asked).toEqual(["/tool"]);
  const checksum = `sha256-${"0".repeat(64)}`;
  const bad = [
    [{ value: `${base}/gone` }, "FETCH_FAILED"],
    [{ value: `${base}/tool`, checksum }, "FETCH_CHECKSUM"],
    [{ value: "gopher://x/y" }, "FETCH_URI_INVALID"],
  ] as const;
  for (const [at, [uri, code]] of bad.entries()) {
    const task = `bad${at}`;
    rig.master.launch({ [task]: "" }, { command: { value: "true", uris: [uri] } });
    const end = await rig.ended(task);
    expect(end).toMatchObject({
      state: "TASK_FAILED",
      reason: "REASON_CONTAINER_LAUNCH_FAILED",
    });
    expect(end.message).toContain(`[${code}]`);
  }
  // A kill does not wait for a server that says nothing.
  rig.master.launch(
    { slow: "" },
    { command: { value: "true", uris: [{ value: `${base}/never` }] } },
  );
  await until("it is asked for", () => asked.includes("/never"));
  rig.master.kill("slow");
  expect(await rig.ended("slow")).toMatchObject({
    state: "TASK_KILLED",
    reason: "REASON_TASK_KILLED_DURING_LAUNCH",
  });
});
