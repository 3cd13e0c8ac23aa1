import type { ContainerId } from "../../contract/ids.ts";
import type { Isolator, Usage } from "../../contract/ports/isolator.ts";

/** What a container uses, merged from all isolators that measure. */
export async function usageOf(
  isolators: readonly Isolator[],
  id: ContainerId,
  isExternal: boolean,
): Promise<Usage | undefined> {
  let usage: Usage | undefined;
  for (const isolator of isolators) {
    // What an engine runs is not there for those who isolate processes.
    if (isExternal && isolator.external?.(id) === undefined) continue;
    const part = await isolator.usage?.(id);
    if (part !== undefined) usage = { ...usage, ...part };
  }
  return usage;
}
