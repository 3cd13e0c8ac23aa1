import { beforeEach, expect, test } from "vitest";
import type { TepuiError } from "../../contract/errors.ts";
import { port } from "../../contract/ports/plugin.ts";
import { startHost } from "../../kernel/host/host.ts";
import { until } from "../support/until.ts";
import { happened, placesIn, pluginFolder, telling, writePlugin } from "./support/plugins.ts";

beforeEach(() => {
  happened.length = 0;
});

const kinds = ["transport"] as const;

/** A host with one plugin, and another that could be added; code of their ends and starts. */
async function hostWith(stopOfFirst: string, startOfSecond = "") {
  const folder = pluginFolder();
  const first = writePlugin(folder, "a", { create: telling("a", ["a"], "", stopOfFirst) });
  const second = writePlugin(folder, "b", { create: telling("b", ["b"], startOfSecond) });
  const host = await startHost([{ plugin: first }], placesIn(folder));
  happened.length = 0;
  return { host, add: () => host.add({ plugin: second }, kinds) };
}

const codeOf = (failed: unknown) => {
  const { code, where } = failed as TepuiError;
  return [code, where];
};

test("a plugin that is added while the host stops is refused, and none of it runs", async () => {
  const { host, add } = await hostWith("await new Promise((end) => setTimeout(end, 50));");
  const stopped = host.stop();
  const failed = await add().catch((thrown: unknown) => thrown);
  expect(codeOf(failed)).toEqual(["PLUGIN_HOST_STOPPING", "plugin ./b"]);
  expect(await stopped).toEqual([]);
  expect(codeOf(await add().catch((thrown: unknown) => thrown))[0]).toBe("PLUGIN_HOST_STOPPING");
  expect(happened).toEqual(["stop a"]);
});

test("a plugin that is starting when the host stops is called off and stopped first", async () => {
  const wait = "await new Promise((end) => setTimeout(end, 60_000).unref());";
  const { host, add } = await hostWith("", wait);
  const adding = add().catch((thrown: unknown) => thrown);
  await until("it starts", () => happened.includes("start b"));
  expect(await host.stop()).toEqual([]);
  expect(codeOf(await adding)).toEqual(["PLUGIN_HOST_STOPPING", "plugin b"]);
  expect(happened).toEqual(["create b", "start b", "stop b", "stop a"]);
});

test("whenever the host stops, nothing that was added is left running", async () => {
  for (let turns = 0; turns < 12; turns++) {
    happened.length = 0;
    const { host, add } = await hostWith("await null;");
    const adding = add().catch(() => undefined);
    for (let turn = 0; turn < turns; turn++) await new Promise((next) => setImmediate(next));
    await host.stop();
    await adding;
    const count = (what: string) => happened.filter((each) => each === what).length;
    expect(count("stop b"), `after ${turns} turns: ${happened}`).toBe(count("create b"));
    expect(host.status().every(({ state }) => state !== "running")).toBe(true);
  }
});

test("ports are read once, when the plugin is created", async () => {
  const folder = pluginFolder();
  const create = `let times = 0;
    return { ports: { get p() { if (times++ > 0) throw new Error("again"); return "once"; } } };`;
  const host = await startHost(
    [{ plugin: writePlugin(folder, "p", { create }) }],
    placesIn(folder),
  );
  expect([host.get(port("p")), host.get(port("p"))]).toEqual(["once", "once"]);
  await host.stop();
});
