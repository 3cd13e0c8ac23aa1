import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/temporary.ts";
import { until } from "../support/until.ts";
import { tepui } from "./support/local-cluster.ts";

/** Plugins that an agent takes, and a master. */
const usual = { agent: ["uws-msgpack", "process"], master: ["uws-msgpack", "embedded"] } as const;

/** A folder with a config file that lists these plugins, and arguments to start from it. */
function startFrom(command: "agent" | "master", plugins: readonly string[], more = {}) {
  const folder = temporaryFolder("tepui-starts-");
  const config = join(folder, "config.json");
  const list = plugins.map((plugin) => ({ plugin }));
  writeFileSync(config, JSON.stringify({ plugins: list, listen: { port: 0 }, ...more }));
  const data = command === "agent" ? "--work-dir" : "--data-dir";
  const args = [command, "--config", config, data, join(folder, "data")];
  return { folder, config, args };
}

/** A plugin whose start writes a file and then waits until it is called off. */
function writeSlowPlugin(folder: string): void {
  mkdirSync(join(folder, "slow"));
  const manifest = { name: "slow", version: "1.0.0", kind: "hook", contract: "1" };
  const rest = { entry: "./index.mjs", offers: ["slow"] };
  writeFileSync(join(folder, "slow", "plugin.json"), JSON.stringify({ ...manifest, ...rest }));
  const module = `
    import { writeFileSync } from "node:fs";
    const starting = new URL("../starting", import.meta.url);
    export const create = () => ({
      ports: { slow: {} },
      async start(signal) {
        writeFileSync(starting, "");
        await new Promise((end) => signal.addEventListener("abort", end));
      },
    });`;
  writeFileSync(join(folder, "slow", "index.mjs"), module);
}

describe.each(["agent", "master"] as const)("%s", (command) => {
  test("a list of plugins that does not suffice is refused before anything starts", async () => {
    const { args } = startFrom(command, ["uws-msgpack"]);
    const { code, stderr } = await tepui(args).result;
    expect(stderr).toContain("error[PORT_MISSING]: no plugin offers ");
    expect(stderr).toContain(`add "${usual[command][1]}" to plugins`);
    expect(stderr).not.toContain("plugin started");
    expect(code).toBe(78);
  });

  test("what does not go together in its config is refused with line and column", async () => {
    const listen = { host: "0.0.0.0", port: 0 };
    const { args, config } = startFrom(command, usual[command], { listen });
    const { code, stderr } = await tepui(args).result;
    expect(stderr).toContain("error[CONFIG_INSECURE_BIND]");
    expect(stderr).toContain(`where: ${config}:1:`);
    expect(code).toBe(78);
  });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "%s ends it in order while it starts",
    async (signal) => {
      const { args, folder } = startFrom(command, [...usual[command], "./slow"]);
      writeSlowPlugin(folder);
      const { child, result } = tepui(args);
      await until("it starts", () => existsSync(join(folder, "starting")));
      child.kill(signal);
      const { code, stdout, stderr } = await result;
      expect(stderr).toContain(`${command} ended before it was ready`);
      expect(stderr).not.toContain("error[");
      expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
    },
  );
});
