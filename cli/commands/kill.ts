import {
  type CliCommand,
  type CliContext,
  durationMs,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { findTask, withMaster } from "../master-client.ts";

interface KillOptions extends MasterOptions {
  readonly grace?: number;
}

/** `tepui kill TASK [--grace 3s]`: SIGTERM, then SIGKILL after the grace period (F22). */
export const killCommand: CliCommand = {
  name: "kill",
  build: (context: CliContext) =>
    masterCommand("kill", "Kill a task, whoever owns it")
      .argument("<task>", "its id, or the beginning of it", named)
      .option("--grace <duration>", "time between SIGTERM and SIGKILL, such as 3s", durationMs)
      .action((task: string, options: KillOptions) =>
        withMaster(context, options, async (client) => {
          const found = (await findTask(client, task)).task;
          const { taskId, frameworkId } = found;
          const { agentId } = await client.request("kill-task", {
            taskId,
            frameworkId,
            ...(options.grace === undefined ? {} : { gracePeriodMs: options.grace }),
          });
          if (context.output.format === "json") {
            context.output.json({ taskId, frameworkId, agentId });
          } else context.output.line(`killing ${taskId} on agent ${agentId}`);
        }),
      ),
};
