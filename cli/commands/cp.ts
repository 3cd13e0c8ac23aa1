import { errors } from "../../contract/errors.ts";
import { openSandboxPath, pathInSandbox, type SandboxPlace } from "../../sdk/index.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { type CredentialsOptions, credentialsOf, credentialsOption } from "../credentials.ts";
import { findTask, withMaster } from "../master-client.ts";
import { copyOut, fileBytes } from "../sandbox-copy.ts";
import { placeOf } from "../sandbox-follow.ts";

interface CpOptions extends MasterOptions, CredentialsOptions {
  readonly recursive?: boolean;
}

/** `tepui cp [-r] TASK:PATH LOCAL`: files out of a task's sandbox. */
export const cpCommand: CliCommand = {
  name: "cp",
  build: (context: CliContext) =>
    masterCommand("cp", "Copy files out of a task's sandbox")
      .argument("<task:path>", "the task, or the beginning of its id, and a path in its sandbox")
      .argument("<local>", "a file or a folder here; - is the output stream")
      .option("-r, --recursive", "folders, with what is in them")
      .addOption(credentialsOption())
      .action((from: string, local: string, options: CpOptions) =>
        cp(context, from, local, options),
      ),
};

async function cp(
  context: CliContext,
  from: string,
  local: string,
  options: CpOptions,
): Promise<void> {
  const { output, signal } = context;
  const colon = from.indexOf(":");
  if (colon < 1) {
    throw errors.CLI_USAGE(`"${from}" is not of the form TASK:PATH`, "cp copies out of sandboxes");
  }
  const path = pathInSandbox(from.slice(colon + 1));
  if (local === "-" && output.format === "json") {
    throw errors.CLI_USAGE("the bytes of a file are no JSON", "name a file, or leave out -o json");
  }
  const id = from.slice(0, colon);
  const credentials = credentialsOf(context, options);
  const view = await withMaster(context, options, (client) => findTask(client, id));
  const place = { ...placeOf(view), ...credentials };
  try {
    if (local === "-") await print(context, place, path);
    else await copy(context, place, path, local, options.recursive ?? false);
  } catch (thrown) {
    // What was begun is taken back by then.
    throw signal.aborted ? errors.CLI_INTERRUPTED("what was not whole is gone") : thrown;
  }
}

async function print({ output, signal }: CliContext, place: SandboxPlace, path: string) {
  const found = await openSandboxPath(place, path, signal);
  if (found.isFolder) throw errors.SANDBOX_PATH_IS_FOLDER(path || "the sandbox");
  for await (const chunk of fileBytes(path, found)) {
    output.bytes(chunk);
    await output.drained();
  }
}

async function copy(
  { output, signal, exitWith }: CliContext,
  place: SandboxPlace,
  path: string,
  local: string,
  isRecursive: boolean,
): Promise<void> {
  const { files, skipped } = await copyOut(place, path, local, { isRecursive, signal });
  if (output.format === "json") output.json({ taskId: place.taskId, files, skipped });
  for (const { path: left, reason } of skipped) output.warn(`${left} is left out: ${reason}`);
  if (skipped.length > 0) exitWith(1);
}
