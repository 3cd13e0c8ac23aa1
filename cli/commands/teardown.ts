import { errors } from "../../contract/errors.ts";
import type { FrameworkId } from "../../contract/ids.ts";
import type { OperatorClient } from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { findKnown, withMaster } from "../master-client.ts";

/** `tepui teardown FRAMEWORK`: ends a framework and all that it runs (B8). */
export const teardownCommand: CliCommand = {
  name: "teardown",
  build: (context: CliContext) =>
    masterCommand("teardown", "End a framework and all its tasks, for good")
      .argument("<framework>", "its id, or its name", named)
      .action((framework: string, options: MasterOptions) =>
        withMaster(context, options, async (client) => {
          const frameworkId = await findFramework(client, framework);
          await client.request("teardown", { frameworkId });
          if (context.output.format === "json") context.output.json({ frameworkId });
          else context.output.line(`${frameworkId} is torn down; its tasks are being killed`);
        }),
      ),
};

/**
 * The framework that an id or a name means, among those that have not ended.
 * @throws FRAMEWORK_NOT_FOUND, FRAMEWORK_AWAITED, FRAMEWORK_NAME_AMBIGUOUS
 */
async function findFramework(client: OperatorClient, text: string): Promise<FrameworkId> {
  const look = async (): Promise<readonly FrameworkId[]> => {
    const found: FrameworkId[] = [];
    for await (const { framework } of client.all("frameworks", {})) {
      if (framework.id === undefined) continue;
      if (framework.id === text) return [framework.id];
      if (framework.name === text) found.push(framework.id);
    }
    return found;
  };
  const found = await findKnown(client, look, (agents) => errors.FRAMEWORK_AWAITED(text, agents));
  const [only, ...others] = found;
  if (only === undefined) throw errors.FRAMEWORK_NOT_FOUND(text);
  if (others.length > 0) throw errors.FRAMEWORK_NAME_AMBIGUOUS(text, found);
  return only;
}
