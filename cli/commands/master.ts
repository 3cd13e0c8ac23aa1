import { configKinds, loadConfig } from "../../kernel/host/config.ts";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";
import {
  addConfigOptions,
  configSources,
  type ProcessOptions,
  runProcess,
} from "../daemon-process.ts";

/** `tepui master`: a master in this process. Its flags are the fields of its config. */
export const masterProcessCommand: CliCommand = {
  name: "master",
  build: (context: CliContext) =>
    addConfigOptions(plainCommand("master", "Run a master"), configKinds.master).action(
      async (options: ProcessOptions) => {
        const { sources, from } = configSources(configKinds.master, options, context);
        const config = loadConfig(configKinds.master, sources);
        const { startMaster } = await import("../../kernel/main.ts");
        await runProcess(context, options, "master", async (signal) => {
          const master = await startMaster(config, { from, signal });
          const ready = { address: master.address, id: master.id };
          return { ready, stop: (deadlineMs) => master.stop(deadlineMs) };
        });
      },
    ),
};
