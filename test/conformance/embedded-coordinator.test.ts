import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { coordinatorRules } from "../../conformance/coordinator.ts";
import { COORDINATOR, type Coordinator } from "../../contract/ports/coordinator.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import type { PluginContext, PluginInstance } from "../../contract/ports/plugin.ts";
import { create, type EmbeddedConfig } from "../../plugins/coordinators/embedded/index.ts";
import { systemClock } from "../../wire/index.ts";
import { conform } from "./conform.ts";

const unused = (): never => {
  throw new Error("the embedded coordinator requires no port");
};

function open(directory: string): PluginInstance {
  const context: PluginContext<EmbeddedConfig> = {
    name: "embedded",
    config: { directory, mapMib: 16 },
    log: silentLog,
    metrics: silentMetrics,
    clock: systemClock,
    use: unused,
    useAll: unused,
  };
  return create(context);
}

const portOf = (plugin: PluginInstance): Coordinator =>
  plugin.ports[COORDINATOR.name] as Coordinator;

conform("embedded", coordinatorRules, async () => {
  const directory = mkdtempSync(join(tmpdir(), "tepui-registry-"));
  let plugin = open(directory);
  return {
    coordinator: portOf(plugin),
    reopen: async () => {
      await plugin.stop?.();
      plugin = open(directory);
      return portOf(plugin);
    },
    close: async () => {
      await plugin.stop?.();
      rmSync(directory, { recursive: true, force: true });
    },
  };
});

function inDirectory(run: (directory: string) => void | Promise<void>): () => Promise<void> {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), "tepui-lock-"));
    try {
      await run(directory);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  };
}

test(
  "embedded: a directory held by a live process is refused, naming it",
  inDirectory((directory) => {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    const ticks = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    writeFileSync(join(directory, "master.lock"), `${process.ppid} ${ticks}`);
    expect(() => open(directory)).toThrow(
      expect.objectContaining({
        code: "REGISTRY_LOCKED",
        message: expect.stringContaining(`${process.ppid}`),
      }),
    );
  }),
);

test(
  "embedded: a lock left behind by a process that was killed is taken over",
  inDirectory(async (directory) => {
    const dead = spawnSync("true").pid;
    writeFileSync(join(directory, "master.lock"), `${dead} 1`);
    await open(directory).stop?.();
  }),
);

test(
  "embedded: a pid that was given to another process since does not hold the lock",
  inDirectory(async (directory) => {
    writeFileSync(join(directory, "master.lock"), `${process.ppid} 1`);
    await open(directory).stop?.();
  }),
);

test(
  "embedded: a store that is no store is refused with its path",
  inDirectory((directory) => {
    execFileSync("sh", ["-c", `head -c 65536 /dev/urandom > ${join(directory, "registry")}`]);
    expect(() => open(directory)).toThrow(expect.objectContaining({ code: "REGISTRY_FAILED" }));
  }),
);
