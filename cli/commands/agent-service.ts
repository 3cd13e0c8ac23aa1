import type { AgentId } from "../../contract/ids.ts";
import type { OperatorClient } from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  durationMs,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { findAgent, withMaster } from "../master-client.ts";

interface DrainOptions extends MasterOptions {
  readonly grace?: number;
  readonly markGone?: boolean;
}

/** A command on one agent that says what it did. */
function onAgent(
  name: "deactivate" | "reactivate" | "gone",
  summary: string,
  act: (client: OperatorClient, agentId: AgentId) => Promise<unknown>,
  done: string,
): CliCommand {
  return {
    name,
    build: (context: CliContext) =>
      masterCommand(name, summary)
        .argument("<agent>", "its id or its hostname", named)
        .action((agent: string, options: MasterOptions) =>
          withMaster(context, options, async (client) => {
            const { id } = await findAgent(client, agent);
            await act(client, id);
            say(context, id, done);
          }),
        ),
  };
}

function say({ output }: CliContext, agentId: AgentId, done: string): void {
  if (output.format === "json") output.json({ agentId });
  else output.line(`agent ${agentId} ${done}`);
}

/** `tepui drain AGENT [--grace 30s] [--mark-gone]`: empties an agent (I5). */
export const drainCommand: CliCommand = {
  name: "drain",
  build: (context: CliContext) =>
    masterCommand("drain", "Take an agent out of the offers and end what runs there")
      .argument("<agent>", "its id or its hostname", named)
      .option(
        "--grace <duration>",
        "most time between SIGTERM and SIGKILL, such as 30s",
        durationMs,
      )
      .option("--mark-gone", "mark it as gone when nothing runs there any more")
      .action((agent: string, options: DrainOptions) =>
        withMaster(context, options, async (client) => {
          const { id: agentId } = await findAgent(client, agent);
          await client.request("drain-agent", {
            agentId,
            ...(options.grace === undefined ? {} : { maxGracePeriodMs: options.grace }),
            ...(options.markGone === undefined ? {} : { markGone: options.markGone }),
          });
          say(context, agentId, "is being drained");
        }),
      ),
};

/** `tepui deactivate AGENT`: no offers of it, and what runs there goes on (I6). */
export const deactivateCommand = onAgent(
  "deactivate",
  "Offer nothing of an agent; what runs there goes on",
  (client, agentId) => client.request("deactivate-agent", { agentId }),
  "is not offered any more",
);

/** `tepui reactivate AGENT`: offers of it again, and the end of a drain that is done (I6). */
export const reactivateCommand = onAgent(
  "reactivate",
  "Offer an agent again that was deactivated or drained",
  (client, agentId) => client.request("reactivate-agent", { agentId }),
  "is offered again",
);

/** `tepui gone AGENT`: says that an agent will never come back (B31). */
export const goneCommand = onAgent(
  "gone",
  "Say that an agent will never come back: its tasks are given up",
  (client, agentId) => client.request("mark-agent-gone", { agentId }),
  "is marked as gone",
);
