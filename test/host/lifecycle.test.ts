import { beforeEach, expect, test } from "vitest";
import type { TepuiError } from "../../contract/errors.ts";
import { port } from "../../contract/ports/plugin.ts";
import { type HostOptions, startHost } from "../../kernel/host/host.ts";
import { HandClock } from "../support/hand-clock.ts";
import { until } from "../support/until.ts";
import { failures, hang } from "./support/failures.ts";
import {
  happened,
  type PluginText,
  placesIn,
  pluginFolder,
  telling,
  writePlugin,
} from "./support/plugins.ts";

beforeEach(() => {
  happened.length = 0;
});

/** Writes the plugins and starts them in the order given. */
function start(plugins: Record<string, PluginText>, options: Partial<HostOptions> = {}) {
  const folder = pluginFolder();
  const entries = Object.entries(plugins).map(([name, text]) => ({
    plugin: writePlugin(folder, name, text),
  }));
  return startHost(entries, { ...placesIn(folder), ...options });
}

/** Three plugins in a chain a ← b ← c, listed the other way round; `b` is as given. */
function chain(b: PluginText): Record<string, PluginText> {
  return {
    c: { manifest: { requires: ["b"] }, create: telling("c", ["c"]) },
    b: { ...b, manifest: { requires: ["a"], ...b.manifest } },
    a: { create: telling("a", ["a"]) },
  };
}

test("plugins start after what they require, and stop in reverse", async () => {
  const host = await start(chain({ create: telling("b", ["b"]) }));
  expect(happened).toEqual(["create a", "start a", "create b", "start b", "create c", "start c"]);
  expect(host.status().map(({ name, state }) => [name, state])).toEqual([
    ["a", "running"],
    ["b", "running"],
    ["c", "running"],
  ]);
  happened.length = 0;
  expect(await host.stop()).toEqual([]);
  expect(await host.stop()).toEqual([]);
  expect(happened).toEqual(["stop c", "stop b", "stop a"]);
});

test.each(failures)(
  "a plugin that $what is named, and what had started is stopped",
  async ({ code, says, b, own = [] }) => {
    const clock = new HandClock();
    const starting = start(chain(b), { clock, startDeadlineMs: 400 }).catch((thrown) => thrown);
    if (code === "PLUGIN_START_TIMEOUT") {
      await until("it hangs", () => happened.includes("hang"));
      happened.splice(happened.indexOf("hang"), 1);
      clock.move(400);
    }
    const failed = (await starting) as TepuiError;
    expect(failed.code).toBe(code);
    expect(failed.where).toBe("plugin b");
    expect(failed.message).toContain(says);
    expect(happened).toEqual(["create a", "start a", ...own, "stop a"]);
  },
);

test("at its deadline a start is told by its signal, and a late instance is stopped", async () => {
  const aborts = telling(
    "b",
    ["b"],
    `signal.addEventListener("abort", () => tell("abort")); ${hang}`,
  );
  const clock = new HandClock();
  const aborted = start(chain({ create: aborts }), { clock, startDeadlineMs: 300 });
  await until("it has begun", () => happened.includes("start b"));
  clock.move(300);
  await expect(aborted).rejects.toThrow("deadline of 300 ms");
  expect(happened).toContain("abort b");
  happened.length = 0;
  const make = `(() => {${telling("b", ["b"])}})()`;
  const late = `globalThis.tepuiHappened.push("asked b");
    return new Promise((done) => { globalThis.tepuiLate = () => done(${make}); });`;
  const failed = start(chain({ create: late }), { clock, startDeadlineMs: 300 });
  await until("it is asked", () => happened.includes("asked b"));
  clock.move(300);
  await expect(failed).rejects.toThrow("deadline of 300 ms");
  (globalThis as { tepuiLate?: () => void }).tepuiLate?.();
  await until("it is stopped", () => happened.includes("stop b"));
});

test("a start that is called off unwinds, with the reason of whoever called it off", async () => {
  const off = new AbortController();
  const starting = start(chain({ create: telling("b", ["b"], hang) }), { signal: off.signal });
  await until("it has begun", () => happened.includes("start b"));
  off.abort(new Error("SIGTERM"));
  await expect(starting).rejects.toThrow("SIGTERM");
  expect(happened.slice(-2)).toEqual(["stop b", "stop a"]);
});

test("a plugin's own deadline overrides that of the host", async () => {
  const folder = pluginFolder();
  const plugin = writePlugin(folder, "slow", { create: telling("slow", ["slow"], hang) });
  const clock = new HandClock();
  const failed = startHost([{ plugin, startTimeout: 100 }], { ...placesIn(folder), clock });
  await until("it has begun", () => happened.includes("start slow"));
  clock.move(100);
  await expect(failed).rejects.toThrow("deadline of 100 ms");
});

test("a plugin that throws or hangs in stop is reported, and the others stop too", async () => {
  const clock = new HandClock();
  const hangs = await start(chain({ create: telling("b", ["b"], "", hang) }), { clock });
  const stopping = hangs.stop(400);
  await until("it has begun", () => happened.includes("stop b"));
  clock.move(400);
  const problems = await stopping;
  expect(problems.map(({ code, where }) => [code, where])).toEqual([
    ["PLUGIN_STOP_TIMEOUT", "plugin b"],
  ]);
  expect(happened.slice(-3)).toEqual(["stop c", "stop b", "stop a"]);
  const throws = await start(chain({ create: telling("b", ["b"], "", "throw new Error('no');") }));
  expect((await throws.stop()).map(({ code }) => code)).toEqual(["PLUGIN_STOP_FAILED"]);
  expect(happened.at(-1)).toBe("stop a");
});

test("a port is the only one of its name, or all in the order of the config file", async () => {
  const host = await start(
    {
      t2: { manifest: { offers: ["t"], requires: ["clock-source"] }, create: telling("t2", ["t"]) },
      t1: { manifest: { offers: ["t", "solo"] }, create: telling("t1", ["t", "solo"]) },
    },
    { provided: { "clock-source": 7 } },
  );
  expect(host.getAll(port<string>("t"))).toEqual(["t of t2", "t of t1"]);
  expect(host.get(port<string>("solo"))).toBe("solo of t1");
  expect(host.get(port<number>("clock-source"))).toBe(7);
  expect(host.getAll(port("nowhere"))).toEqual([]);
  expect(() => host.get(port("t"))).toThrow(expect.objectContaining({ code: "PORT_AMBIGUOUS" }));
  expect(() => host.get(port("nowhere"))).toThrow(
    expect.objectContaining({ code: "PORT_MISSING" }),
  );
  await host.stop();
});

test("a plugin is given its context and the ports it names, and nothing else", async () => {
  const host = await start({
    b: {
      manifest: { requires: ["a"], optional: ["maybe"] },
      create: `return { ports: { b: {
        keys: Object.keys(context).sort(),
        a: context.use({ name: "a" }), all: context.useAll({ name: "maybe" }) } } };`,
    },
    a: {},
  });
  expect(host.get(port("b"))).toEqual({
    keys: ["clock", "config", "log", "metrics", "name", "use", "useAll"],
    a: "port of a",
    all: [],
  });
  await host.stop();
});

test("a .wasm plugin is handed over as bytes, with its companion, and is not run", async () => {
  const folder = pluginFolder();
  const bytes = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  const manifest = { kind: "allocator", entry: "./index.js", offers: ["allocator"] };
  const plugin = writePlugin(folder, "drf", { manifest });
  const { writeFileSync } = await import("node:fs");
  writeFileSync(`${folder}/drf/policy.wasm`, bytes);
  writeFileSync(`${folder}/drf/beside.js`, "export const answer = 42;");
  const json = {
    name: "drf",
    version: "1.0.0",
    contract: "1",
    ...manifest,
    entry: "policy.wasm",
    companion: "beside.js",
  };
  writeFileSync(`${folder}/drf/plugin.json`, JSON.stringify(json));
  const host = await startHost([{ plugin }], placesIn(folder));
  expect(host.get(port("allocator"))).toMatchObject({
    name: "drf",
    config: {},
    companion: { answer: 42 },
  });
  await host.stop();
  // One that was changed is another one, though the policy is the same.
  writeFileSync(`${folder}/drf/beside.js`, "export const answer = 43;");
  const next = await startHost([{ plugin }], placesIn(folder));
  expect(next.get(port("allocator"))).toMatchObject({ companion: { answer: 43 } });
  await next.stop();
});

test("two hosts in one process do not see each other's ports", async () => {
  const one = await start({ a: {} });
  const other = await start({ b: {} });
  expect(() => other.get(port("a"))).toThrow();
  await one.stop();
  expect(other.get(port("b"))).toBe("port of b");
  await other.stop();
});
