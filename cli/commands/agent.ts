import { Option } from "commander";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { configKinds, loadConfig } from "../../kernel/host/config.ts";
import { type CliCommand, type CliContext, plainCommand } from "../context.ts";
import {
  addConfigOptions,
  configSources,
  type Daemon,
  type ProcessOptions,
  runProcess,
} from "../daemon-process.ts";
import { exitCodes } from "../exit-codes.ts";

interface AgentOptions extends ProcessOptions {
  readonly recover: "reconnect" | "cleanup";
}

/** How long an agent that leaves may take to end what runs on it. */
const LEAVE_MS = 8_000;

/** `tepui agent`: an agent in this process. Its flags are the fields of its config. */
export const agentProcessCommand: CliCommand = {
  name: "agent",
  build: (context: CliContext) =>
    addConfigOptions(plainCommand("agent", "Run an agent"), configKinds.agent)
      .addOption(
        new Option(
          "--recover <how>",
          "what an earlier agent left running: take it up, or end it all and exit",
        )
          .choices(["reconnect", "cleanup"])
          .default("reconnect"),
      )
      .action(async (options: AgentOptions) => {
        const { sources, from } = configSources(configKinds.agent, options, context);
        const config = loadConfig(configKinds.agent, sources);
        await runProcess(context, options, "agent", (signal) =>
          startDaemon(config, options, from, signal),
        );
      }),
};

async function startDaemon(
  config: AgentConfig,
  options: AgentOptions,
  from: string,
  signal: AbortSignal,
): Promise<Daemon> {
  const { startAgent } = await import("../../agent/main.ts");
  let end: (code: number) => void = () => {};
  let hasEnded = false;
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  void ended.then(() => {
    hasEnded = true;
  });
  const agent = await startAgent(config, {
    from,
    signal,
    recover: options.recover,
    onEnd: (code) => end(code === "AGENT_LEFT" ? exitCodes.ok : exitCodes.failure),
  });
  return {
    ready: { address: agent.address },
    ended,
    stop: async (deadlineMs, isFailure) => {
      if (options.lifeline === true && !hasEnded && !isFailure) {
        // Nobody will start this agent again: what runs on it must not outlive it.
        agent.leave();
        await Promise.race([ended, afterMs(LEAVE_MS)]);
      }
      await agent.stop(deadlineMs);
    },
  };
}

function afterMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs).unref();
  });
}
