import { errors } from "../../contract/errors.ts";
import { parseDurationMs } from "../../contract/units.ts";
import { type CommonOptions, type Context, withMaster } from "../context.ts";
import { findTask } from "../task-lookup.ts";

/** Options of `kill`. */
export interface KillOptions extends CommonOptions {
  /** Time between SIGTERM and SIGKILL, as text. */
  readonly grace?: string;
}

/** `tepui kill TASK…`: asks for tasks to be killed; each is named once the master has agreed. */
export async function kill(
  context: Context,
  tasks: readonly string[],
  options: KillOptions,
): Promise<void> {
  const gracePeriodMs =
    options.grace === undefined ? undefined : durationMs("--grace", options.grace);
  await withMaster(context, options, async (client) => {
    for (const wanted of tasks) {
      const { task } = await findTask(client, wanted);
      const { taskId, frameworkId } = task;
      await client.request("kill-task", {
        taskId,
        frameworkId,
        ...(gracePeriodMs === undefined ? {} : { gracePeriodMs }),
      });
      context.out.line(taskId);
    }
  });
}

/**
 * Milliseconds of a duration given with a flag; a bare number is seconds.
 * @throws CLI_USAGE
 */
export function durationMs(flag: string, text: string): number {
  const parsed = parseDurationMs(/^\d+(\.\d+)?$/.test(text) ? `${text}secs` : text);
  if (!parsed.ok) throw errors.CLI_USAGE(`${flag}: ${parsed.message}`);
  return parsed.value;
}
