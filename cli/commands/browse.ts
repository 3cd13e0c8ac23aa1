import { posix } from "node:path";
import { openSandboxPath, pathInSandbox, type SandboxEntry } from "../../sdk/index.ts";
import { timeCell } from "../cells.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { type CredentialsOptions, credentialsOf, credentialsOption } from "../credentials.ts";
import { findTask, withMaster } from "../master-client.ts";
import { placeOf } from "../sandbox-follow.ts";

const columns = [
  { title: "MODE" },
  { title: "UID", align: "right" },
  { title: "GID", align: "right" },
  { title: "SIZE", align: "right" },
  { title: "MODIFIED" },
  { title: "NAME" },
] as const;

function entryRow({ mode, uid, gid, size, mtimeMs, name }: SandboxEntry) {
  const shown = mode.startsWith("d") ? { text: `${name}/`, tone: "busy" as const } : name;
  return [mode, uid, gid, size, timeCell(mtimeMs), shown];
}

interface BrowseOptions extends MasterOptions, CredentialsOptions {}

/** `tepui browse TASK [PATH]`: what is in a task's sandbox. */
export const browseCommand: CliCommand = {
  name: "browse",
  build: (context: CliContext) =>
    masterCommand("browse", "List the files of a task's sandbox")
      .argument("<task>", "its id, or the beginning of it", named)
      .argument("[path]", "a folder or a file in the sandbox; all of it by default")
      .addOption(credentialsOption())
      .action((task: string, path: string | undefined, options: BrowseOptions) =>
        browse(context, task, pathInSandbox(path ?? ""), options),
      ),
};

async function browse(
  context: CliContext,
  id: string,
  path: string,
  options: BrowseOptions,
): Promise<void> {
  const { output, signal } = context;
  const credentials = credentialsOf(context, options);
  await withMaster(context, options, async (client) => {
    const view = await findTask(client, id);
    const place = { ...placeOf(view), ...credentials };
    const found = await openSandboxPath(place, path, signal);
    let entries: readonly SandboxEntry[] = [];
    if (found.isFolder) entries = found.entries;
    else {
      // The file itself says less of it than the folder that it is in.
      await found.body.cancel();
      const parent = await openSandboxPath(place, posix.dirname(path), signal);
      const name = posix.basename(path);
      if (parent.isFolder) entries = parent.entries.filter((entry) => entry.name === name);
    }
    if (output.format === "json") {
      output.json({ taskId: view.task.taskId, path, files: entries });
    } else output.table(columns, entries.map(entryRow));
  });
}
