import { Command } from "commander";
import type { FrameworkId, RoleName } from "../../contract/ids.ts";
import type { OperatorClient } from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { agentLines, frameworkLines, roleLines, taskLines } from "../explain/lines.ts";
import { withMaster } from "../master-client.ts";

interface ExplainOptions extends MasterOptions {
  readonly all?: boolean;
  readonly role?: string;
  readonly framework?: string;
}

/** What `--all` asks for: as many examples as the master gives. */
const EXAMPLES_ALL = 10_000;

/** `tepui explain framework|agent|role|task …`: why things are as they are. */
export const explainCommand: CliCommand = {
  name: "explain",
  build: (context: CliContext) =>
    new Command("explain")
      .summary("Say why something gets no offers, or does not run")
      .description(
        "Say why something is as it is: which agents were considered for a framework, what " +
          "keeps each of them from it, and what would change that.",
      )
      .addCommand(
        subject("framework", "Say why a framework gets the offers that it gets")
          .argument("<framework>", "its id or its name", named)
          .option("--role <role>", "only in this role")
          .action((framework: string, options: ExplainOptions) =>
            explain(context, options, async (client) => {
              const role = options.role === undefined ? {} : { role: options.role as RoleName };
              const asked = { framework, ...role, ...examples(options) };
              const told = await client.request("explain-framework", asked);
              return { told, lines: () => frameworkLines(told) };
            }),
          ),
      )
      .addCommand(
        subject("agent", "Say who holds an agent, and why others are not offered it")
          .argument("<agent>", "its id or its hostname", named)
          .action((agent: string, options: ExplainOptions) =>
            explain(context, options, async (client) => {
              const told = await client.request("explain-agent", { agent, ...examples(options) });
              return { told, lines: () => agentLines(told) };
            }),
          ),
      )
      .addCommand(
        subject("role", "Say how a role stands, and what its frameworks wait for")
          .argument("<role>", "its path, such as eng/web")
          .action((role: string, options: ExplainOptions) =>
            explain(context, options, async (client) => {
              const asked = { role: role as RoleName, ...examples(options) };
              const told = await client.request("explain-role", asked);
              return { told, lines: () => roleLines(told) };
            }),
          ),
      )
      .addCommand(
        masterCommand("task", "Say where a task is and what it waits for")
          .argument("<task>", "its id, or the beginning of it", named)
          .option("--framework <id>", "the framework that it belongs to", named)
          .action((task: string, options: ExplainOptions) =>
            explain(context, options, async (client) => {
              const { framework } = options;
              const of = framework === undefined ? {} : { frameworkId: framework as FrameworkId };
              const told = await client.request("explain-task", { task, ...of });
              return { told, lines: () => taskLines(told) };
            }),
          ),
      ),
};

/** A command about something of which there are many examples. */
function subject(name: string, summary: string): Command {
  return masterCommand(name, summary).option("-a, --all", "name every agent and framework");
}

function examples({ all }: ExplainOptions): { examples?: number } {
  return all === true ? { examples: EXAMPLES_ALL } : {};
}

async function explain(
  context: CliContext,
  options: ExplainOptions,
  ask: (client: OperatorClient) => Promise<{ told: unknown; lines: () => string[] }>,
): Promise<void> {
  await withMaster(context, options, async (client) => {
    const { told, lines } = await ask(client);
    if (context.output.format === "json") context.output.json(told);
    else for (const line of lines()) context.output.line(line);
  });
}
