import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { errors, silentLog, silentMetrics } from "tepui/plugin";
import { create } from "../dist/index.mjs";

const self = { id: "m1", hostname: "localhost", ip: "127.0.0.1", port: 5050, version: "1.0.0" };
const never = new AbortController().signal;

function open(folder) {
  const use = ({ name }) => ({ errors, "data-dir": folder })[name];
  return create({ name: "test", config: {}, log: silentLog, metrics: silentMetrics, use });
}

async function inFolder(act) {
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  try {
    await act(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test("what was written is there again after a restart", () =>
  inFolder(async (folder) => {
    const first = await open(folder);
    const term = await first.ports.coordinator.campaign(self, never);
    await term.write({ entries: [{ key: "agents/a", value: new Uint8Array([1, 2]) }] });
    await first.stop();
    const second = await open(folder);
    const again = await second.ports.coordinator.campaign(self, never);
    assert.deepEqual(await again.read("agents/"), [
      { key: "agents/a", value: new Uint8Array([1, 2]) },
    ]);
    await second.stop();
  }));

test("a folder has one holder at a time", () =>
  inFolder(async (folder) => {
    const first = await open(folder);
    await assert.rejects(open(folder), { code: "REGISTRY_FAILED" });
    await first.stop();
    await (await open(folder)).stop();
  }));

test("a file that is no registry is refused", () =>
  inFolder(async (folder) => {
    await (await open(folder)).stop();
    await writeFile(join(folder, "registry", "registry"), "something else");
    await assert.rejects(open(folder), { code: "REGISTRY_FAILED" });
  }));
