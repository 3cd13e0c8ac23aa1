import { Command, CommanderError } from "commander";
import { errors } from "../contract/errors.ts";
import { didYouMean } from "../contract/nearest.ts";
import {
  type CliCommand,
  type CliContext,
  formatOption,
  type MasterOptions,
  masterOption,
} from "./context.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import type { Format, Output } from "./output.ts";
import { versionLine } from "./version-line.ts";

/**
 * Every command, in the order of the help, loaded when it is called: `tepui ps` need not read the
 * config schemas of a master.
 */
const loaders: Readonly<Record<string, () => Promise<CliCommand>>> = {
  demo: async () => (await import("./commands/demo.ts")).demoCommand,
  local: async () => (await import("./commands/local.ts")).localCommand,
  master: async () => (await import("./commands/master.ts")).masterProcessCommand,
  agent: async () => (await import("./commands/agent.ts")).agentProcessCommand,
  run: async () => (await import("./commands/run.ts")).runCommand,
  mapreduce: async () => (await import("./commands/mapreduce.ts")).mapReduceCommand,
  status: async () => (await import("./commands/status.ts")).statusCommand,
  ps: async () => (await import("./commands/ps.ts")).psCommand,
  logs: async () => (await import("./commands/logs.ts")).logsCommand,
  browse: async () => (await import("./commands/browse.ts")).browseCommand,
  cp: async () => (await import("./commands/cp.ts")).cpCommand,
  exec: async () => (await import("./commands/exec.ts")).execCommand,
  stats: async () => (await import("./commands/stats.ts")).statsCommand,
  kill: async () => (await import("./commands/kill.ts")).killCommand,
  teardown: async () => (await import("./commands/teardown.ts")).teardownCommand,
  agents: async () => (await import("./commands/agents.ts")).agentsCommand,
  drain: async () => (await import("./commands/agent-service.ts")).drainCommand,
  deactivate: async () => (await import("./commands/agent-service.ts")).deactivateCommand,
  reactivate: async () => (await import("./commands/agent-service.ts")).reactivateCommand,
  gone: async () => (await import("./commands/agent-service.ts")).goneCommand,
  maintenance: async () => (await import("./commands/maintenance.ts")).maintenanceCommand,
  reserve: async () => (await import("./commands/reserve.ts")).reserveCommand,
  unreserve: async () => (await import("./commands/reserve.ts")).unreserveCommand,
  volume: async () => (await import("./commands/reserve.ts")).volumeCommand,
  frameworks: async () => (await import("./commands/frameworks.ts")).frameworksCommand,
  offers: async () => (await import("./commands/offers.ts")).offersCommand,
  roles: async () => (await import("./commands/roles.ts")).rolesCommand,
  explain: async () => (await import("./commands/explain.ts")).explainCommand,
  weights: async () => (await import("./commands/weights.ts")).weightsCommand,
  quota: async () => (await import("./commands/quota.ts")).quotaCommand,
  policy: async () => (await import("./commands/policy.ts")).policyCommand,
  events: async () => (await import("./commands/events.ts")).eventsCommand,
  replay: async () => (await import("./commands/replay.ts")).replayCommand,
  simulate: async () => (await import("./commands/simulate.ts")).simulateCommand,
  plugin: async () => (await import("./commands/plugin.ts")).pluginCommand,
  config: async () => (await import("./commands/config.ts")).configCommand,
  completion: async () => (await import("./commands/completion.ts")).completionCommand,
  version: async () => (await import("./commands/version.ts")).versionCommand,
};

/** Names of all commands, in the order of the help. */
export const commandNames: readonly string[] = Object.keys(loaders);

/** What the process hands to a run of the program. */
export interface ProgramOptions {
  readonly output: Output;
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The program with the given commands, all of them where none are given. */
export async function buildProgram(
  context: CliContext,
  names: readonly string[] = commandNames,
): Promise<Command> {
  const program = new Command("tepui")
    .description("A cluster manager in the design of Apache Mesos.")
    .addOption(formatOption())
    .addOption(masterOption())
    .version(versionLine(), "-V, --version", "print the version")
    .enablePositionalOptions()
    .helpCommand(true)
    .addHelpText("after", "\nExit statuses and examples of every command: docs/cli.md");
  for (const name of names) {
    const command = await loaders[name]?.();
    if (command !== undefined) program.addCommand(command.build(context));
  }
  everyCommand(program, (command) => {
    inheritOptions(command);
    command
      // What stands behind a subcommand is its own, also where the command above takes the same.
      .enablePositionalOptions()
      .exitOverride()
      .configureOutput({
        writeOut: (text) => context.output.bytes(text),
        writeErr: (text) => context.output.bytes(text, "error"),
        outputError: () => {}, // Errors are thrown, and printed in one place.
      })
      .hook("preAction", (_, action) => {
        const { output, master } = action.optsWithGlobals<{ output?: Format; master?: string }>();
        context.output.format = output ?? context.output.format;
        // The master that a command is given is that of its subcommand, unless it is told another.
        if (action.opts<MasterOptions>().master === undefined && master !== undefined) {
          if (!has(action, "--master")) throw needsNoMaster(action);
          action.setOptionValue("master", master);
        }
      });
  });
  return program;
}

/** A word that only groups commands takes what they take: `tepui policy -o json list`. */
function inheritOptions(command: Command): void {
  if (command.parent === null || command.commands.length === 0) return;
  if (!has(command, "--output")) command.addOption(formatOption());
  const asksMaster = command.commands.some((child) => has(child, "--master"));
  if (asksMaster && !has(command, "--master")) command.addOption(masterOption());
}

function has(command: Command, long: string): boolean {
  return command.options.some((option) => option.long === long);
}

function needsNoMaster(action: Command) {
  const name = action.name();
  return errors.CLI_USAGE(`"${name}" asks no master`, `leave --master away before "${name}"`);
}

function everyCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) everyCommand(child, visit);
}

/** Runs one command line, without the two words in front, and gives its exit status. */
export async function runProgram(
  args: readonly string[],
  options: ProgramOptions,
): Promise<number> {
  let code: number = exitCodes.ok;
  const context: CliContext = {
    ...options,
    exitWith: (given) => {
      code = given;
    },
  };
  // An error in the options comes before they are read; programs want it as JSON all the same.
  if (asksForJson(args)) options.output.format = "json";
  try {
    const name = wanted(args);
    // The script of `completion` names every command, so it alone needs them all.
    const names = name === undefined || name === "completion" ? commandNames : [name];
    const program = await buildProgram(context, names);
    if (args.length === 0) {
      options.output.bytes(program.helpInformation(), "error");
      return exitCodes.usage;
    }
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return exitCodes.ok;
    if (thrown instanceof CommanderError && thrown.code === "commander.help") {
      return exitCodes.usage; // The help was shown because a word is missing.
    }
    const error = thrown instanceof CommanderError ? usageError(thrown, args) : thrown;
    options.output.error(error);
    return exitCodeOf(error);
  }
}

/** Commands that have something running elsewhere, which ends with them. */
const holders: ReadonlySet<string> = new Set(["run", "mapreduce", "local", "demo"]);

/** Whether a command line starts what has to be taken down when nobody reads its output. */
export function holdsSomething(args: readonly string[]): boolean {
  return holders.has(wanted(args) ?? "");
}

/** The command that the arguments begin with, when there is such a command. */
function wanted(args: readonly string[]): string | undefined {
  let at = 0;
  for (;;) {
    if (/^(-o|--output|--master)$/.test(args[at] ?? "")) at += 2;
    else if (/^(-o.|--output=|--master=)/.test(args[at] ?? "")) at += 1;
    else break;
  }
  const name = args[at];
  return name !== undefined && Object.hasOwn(loaders, name) ? name : undefined;
}

function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.some(
    (arg, at) =>
      arg === "-ojson" ||
      arg === "--output=json" ||
      (arg === "json" && (own[at - 1] === "-o" || own[at - 1] === "--output")),
  );
}

function usageError(error: CommanderError, args: readonly string[]) {
  const [message = "", suggestion] = error.message
    .replace(/^error: /, "")
    .replace(/^(option '[^']*') argument '.*?' is invalid\. /s, "$1: ")
    .replace(/^command-argument value '.*?' is invalid for (argument '[^']*')\. /s, "$1: ")
    .split("\n")
    .map((line) => line.trim());
  if (error.code === "commander.unknownCommand") {
    const name = /'([^']*)'/.exec(message)?.[1] ?? "";
    const hint = didYouMean(name, commandNames) ?? "`tepui --help` lists the commands";
    return errors.CLI_USAGE(message, hint);
  }
  const hint =
    suggestion?.replace(/^\((.*)\)$/, "$1") ?? `see \`tepui ${wanted(args) ?? ""} --help\``;
  return errors.CLI_USAGE(message, hint.replace("tepui  ", "tepui "));
}
