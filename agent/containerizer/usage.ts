import type { ContainerId } from "../../contract/ids.ts";
import type { Isolator, Usage } from "../../contract/ports/isolator.ts";

/** What a container uses, merged from all isolators that measure. */
export async function usageOf(
  isolators: readonly Isolator[],
  id: string,
  isExternal: boolean,
): Promise<Usage | undefined> {
  const containerId = id as ContainerId;
  let usage: Usage | undefined;
  for (const isolator of isolators) {
    // What an engine runs is not there for those who isolate processes.
    if (isExternal && isolator.external?.(containerId) === undefined) continue;
    const part = await isolator.usage?.(containerId);
    if (part !== undefined) usage = { ...usage, ...part };
  }
  return usage;
}
