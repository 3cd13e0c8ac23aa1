import type { ClusterEvent } from "../../sdk/index.ts";
import { timeCell } from "../cells.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  wholeNumber,
} from "../context.ts";
import { withMaster } from "../master-client.ts";

interface EventsOptions extends MasterOptions {
  readonly count?: number;
}

/** One line for an event: when, what, to whom. */
export function eventLine(event: ClusterEvent): string {
  const { kind, timeMs, taskId, agentId, frameworkId, state, name, message } = event;
  const facts = [
    taskId && `task=${taskId}`,
    state && `state=${state}`,
    event.status?.exitCode !== undefined && `exit=${event.status.exitCode}`,
    event.status?.signal && `signal=${event.status.signal}`,
    agentId && `agent=${agentId}`,
    frameworkId && `framework=${frameworkId}`,
    name && `name=${JSON.stringify(name)}`,
    message && `message=${JSON.stringify(message)}`,
  ].filter(Boolean);
  return `${timeCell(timeMs)} ${kind.padEnd(17)} ${facts.join(" ")}`.trimEnd();
}

/** `tepui events [-f]`: what happens in the cluster from now on, one line an event. */
export const eventsCommand: CliCommand = {
  name: "events",
  build: (context: CliContext) =>
    masterCommand("events", "Show what happens in the cluster from now on")
      .option("-f, --follow", "go on until Ctrl-C, also through changes of masters (the default)")
      .option("--count <n>", "end after so many events", wholeNumber(1, 1e9))
      .action((options: EventsOptions) =>
        withMaster(context, options, async (client) => {
          let left = options.count ?? Number.POSITIVE_INFINITY;
          for await (const event of await client.events()) {
            if (context.output.format === "json") context.output.json(event);
            else context.output.line(eventLine(event));
            left--;
            if (left <= 0) return;
          }
        }),
      ),
};
