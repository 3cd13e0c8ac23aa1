import type { ClusterEvent } from "../../sdk/index.ts";
import { type CommonOptions, type Context, withMaster } from "../context.ts";

/** Without `-f`, events are taken for this long after the last one. */
const QUIET_MS = 1_000;

/** `tepui events`: what happens in the cluster, one line each; with `-f` until Ctrl-C. */
export async function events(
  context: Context,
  options: CommonOptions & { readonly follow?: boolean },
): Promise<void> {
  await withMaster(context, options, async (client) => {
    const stream = await client.events();
    let quiet: NodeJS.Timeout | undefined;
    const wait = (): void => {
      if (options.follow === true) return;
      clearTimeout(quiet);
      quiet = setTimeout(() => void stream.return?.(), QUIET_MS);
    };
    wait();
    for await (const event of stream) {
      if (context.out.format === "table") context.out.line(eventLine(event));
      else context.out.record(event);
      wait();
    }
    clearTimeout(quiet);
  });
}

/** One line for people: time, kind, and whatever it is about. */
export function eventLine(event: ClusterEvent): string {
  const time = new Date(event.timeMs).toISOString().slice(11, 23);
  const about = [
    event.taskId ?? event.agentId ?? event.frameworkId ?? event.offerId,
    event.state?.replace(/^TASK_/, ""),
    event.name,
    event.message,
  ];
  return [time, event.kind.padEnd(17), ...about.filter((one) => one !== undefined)].join("  ");
}
