import { readFileSync } from "node:fs";
import { errors, reasonOf } from "../../contract/errors.ts";
import { type ExecEnd, type ExecSession, isTerminal, openExec } from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { LocalTerminal, localInput } from "../exec/terminal.ts";
import { commandExitCode } from "../exit-codes.ts";
import { findTask, withMaster } from "../master-client.ts";
import { placeOf } from "../sandbox-follow.ts";

interface ExecFlags extends MasterOptions {
  readonly interactive?: boolean;
  readonly tty?: boolean;
  readonly secretFile?: string;
}

/** `tepui exec [-i] [-t] TASK -- COMMAND…`: a further command in a running task. */
export const execCommand: CliCommand = {
  name: "exec",
  build: (context: CliContext) =>
    masterCommand("exec", "Run a command inside a running task")
      .argument("<task>", "its id, or the beginning of it", named)
      .argument("<command...>", "the program and its arguments")
      .option("-i, --interactive", "give it what is typed or piped in here")
      .option("-t, --tty", "on a terminal, of the size of this one")
      .option("--secret-file <file>", "what the agent wants to be shown (TEPUI_EXEC_SECRET_FILE)")
      .passThroughOptions()
      .action((task: string, words: readonly string[], options: ExecFlags) =>
        exec(context, task, words[0] === "--" ? words.slice(1) : words, options),
      ),
};

async function exec(
  context: CliContext,
  id: string,
  command: readonly string[],
  options: ExecFlags,
): Promise<void> {
  const { interactive: stdin = false, tty = false } = options;
  if (!command[0])
    throw errors.CLI_USAGE("there is nothing to run", "`tepui exec TASK -- COMMAND…`");
  if (tty && context.output.format === "json") {
    throw errors.CLI_USAGE("what a terminal shows is no JSON", "leave out -t or -o json");
  }
  const terminal = tty ? new LocalTerminal(stdin) : undefined;
  const secret = secretOf(context, options);
  const view = await withMaster(context, options, (client) => findTask(client, id));
  const { taskId, state } = view.task;
  if (isTerminal(state)) throw errors.TASK_NOT_RUNNING(taskId, state);
  const term = context.environment["TERM"];
  try {
    const session = await openExec(placeOf(view), {
      ...{ command: [...command], stdin, signal: context.signal },
      ...(terminal === undefined ? {} : { terminal: terminal.size }),
      ...(terminal === undefined || term === undefined ? {} : { term }),
      ...(secret === undefined ? {} : { secret }),
    });
    const end = await talk(context, session, taskId, terminal, stdin);
    context.exitWith(commandExitCode(end.code, end.signal));
  } catch (thrown) {
    throw context.signal.aborted ? errors.CLI_INTERRUPTED("the command was ended") : thrown;
  }
}

async function talk(
  { output }: CliContext,
  session: ExecSession,
  taskId: string,
  terminal: LocalTerminal | undefined,
  stdin: boolean,
): Promise<ExecEnd> {
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  try {
    terminal?.begin((size) => session.resize(size));
    // What nobody takes any more is not waited for: the end of the command is the end.
    if (stdin) void giveInput(session);
    const pieces = session.output();
    for (;;) {
      const next = await pieces.next();
      if (next.done === true) {
        if (output.format === "json") output.json({ taskId, ...next.value });
        return next.value;
      }
      const { stream, data } = next.value;
      if (output.format === "json") {
        output.json({ taskId, stream, data: decoders[stream].decode(data, { stream: true }) });
      } else output.bytes(data, stream === "stdout" ? "out" : "error");
      await output.drained();
    }
  } finally {
    terminal?.end();
    session.close();
  }
}

async function giveInput(session: ExecSession): Promise<void> {
  try {
    for await (const chunk of localInput()) {
      if (session.isInputClosed) break;
      await session.send(chunk);
    }
  } catch {
    // Input that cannot be read is at its end.
  }
  session.endInput();
}

/** @throws EXEC_SECRET_INVALID */
function secretOf({ environment }: CliContext, options: ExecFlags): string | undefined {
  const file = options.secretFile ?? environment["TEPUI_EXEC_SECRET_FILE"];
  if (file === undefined || file === "") return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (thrown) {
    throw errors.EXEC_SECRET_INVALID(file, reasonOf(thrown));
  }
}
