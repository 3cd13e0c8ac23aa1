import { isTerminal } from "../../sdk/index.ts";
import { type CommonOptions, type Context, withMaster } from "../context.ts";
import { LogFollower } from "../log-follower.ts";
import { findTask, sandboxOf } from "../task-lookup.ts";

/** Options of `logs`. */
export interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  /** Standard error instead of standard output. */
  readonly stderr?: boolean;
  /** Another file of the sandbox. */
  readonly file?: string;
}

const LOOK_MS = 1_000;

/** `tepui logs TASK`: what a task has written; with `-f` until it ends. */
export async function logs(context: Context, task: string, options: LogsOptions): Promise<void> {
  await withMaster(context, options, async (client) => {
    const view = await findTask(client, task);
    const file = options.file ?? (options.stderr === true ? "stderr" : "stdout");
    const follower = new LogFollower(sandboxOf(view), file, context.out);
    if (options.follow !== true) {
      await follower.copy();
      return;
    }
    let isOver = isTerminal(view.task.state);
    const look = setInterval(() => {
      findTask(client, view.task.taskId).then(
        (now) => {
          isOver ||= isTerminal(now.task.state);
        },
        () => {}, // The master may be away; the agent still has the file.
      );
    }, LOOK_MS);
    try {
      await follower.follow(() => isOver || context.signal.aborted);
    } finally {
      clearInterval(look);
    }
  });
}
