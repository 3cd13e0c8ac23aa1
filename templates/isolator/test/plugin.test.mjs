import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { getPriority } from "node:os";
import { test } from "node:test";
import { errors, silentLog, silentMetrics } from "tepui/plugin";
import { create } from "../dist/index.mjs";

const never = new AbortController().signal;

/** The isolator with a config, as an agent would make it. */
function isolatorWith(config) {
  const use = ({ name }) => ({ errors })[name];
  return create({ name: "test", config, log: silentLog, metrics: silentMetrics, use }).ports
    .isolator;
}

test("a command runs as nicely as the config says", async () => {
  const { wrap } = await isolatorWith({ niceness: 7 }).prepare({}, never);
  // nice(1) without a command prints the niceness that it runs with.
  const [program, ...words] = [...wrap, "nice"];
  const niceness = Math.min(19, getPriority() + 7);
  assert.equal(execFileSync(program, words, { encoding: "utf8" }), `${niceness}\n`);
});

test("a container of an engine is refused with a code", async () => {
  const spec = { container: { type: "DOCKER" } };
  const prepared = isolatorWith({ niceness: 7 }).prepare(spec, never);
  await assert.rejects(prepared, { code: "CONTAINER_LAUNCH_REFUSED" });
});
