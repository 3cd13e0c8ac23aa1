import { configKinds, loadConfig } from "../../kernel/host/config.ts";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";
import {
  addConfigOptions,
  configSources,
  type ProcessOptions,
  runProcess,
} from "../daemon-process.ts";

/** `tepui agent`: an agent in this process. Its flags are the fields of its config. */
export const agentProcessCommand: CliCommand = {
  name: "agent",
  build: (context: CliContext) =>
    addConfigOptions(plainCommand("agent", "Run an agent"), configKinds.agent).action(
      async (options: ProcessOptions) => {
        const { sources, from } = configSources(configKinds.agent, options, context);
        const config = loadConfig(configKinds.agent, sources);
        const { startAgent } = await import("../../agent/main.ts");
        await runProcess(context, options, "agent", async (signal) => {
          const agent = await startAgent(config, { from, signal });
          const ready = { address: agent.address };
          return { ready, stop: (deadlineMs) => agent.stop(deadlineMs) };
        });
      },
    ),
};
