import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { errors, reasonOf } from "../../contract/errors.ts";
import { PRIORITY_MAX } from "../../contract/schema/framework.ts";
import {
  amount,
  type CliCommand,
  type CliContext,
  durationMs,
  masterCommand,
  pairs,
  several,
  wholeNumber,
} from "../context.ts";
import { credentialsOption } from "../credentials.ts";
import { runJob } from "../run/job.ts";
import type { RunOptions } from "../run/run-options.ts";

const TASKS_MAX = 100_000;

/** `tepui run`: runs a command once or many times, and exits as it did. */
export const runCommand: CliCommand = {
  name: "run",
  build: (context: CliContext) =>
    runFlags(masterCommand("run", "Run a command on the cluster and exit as it did"))
      .argument("[command...]", "program and arguments; a single word is a shell command")
      .passThroughOptions()
      .action((words: readonly string[], options: RunOptions) => run(context, words, options)),
};

const priority = wholeNumber(-PRIORITY_MAX, PRIORITY_MAX);

function runFlags(command: Command): Command {
  return command
    .option("--name <name>", "name of the tasks; default: that of the program")
    .option("--cpus <n>", "cpus of each task", amount, 1)
    .option("--mem <mib>", "memory of each task in MiB", amount, 128)
    .option("--disk <mib>", "disk of each task in MiB", amount)
    .option("--gpus <n>", "gpus of each task", amount)
    .option("--count <n>", "run it so many times", wholeNumber(1, TASKS_MAX))
    .option("--file <file>", "run each line of a file as a shell command; - is the input stream")
    .option("--group", "on one agent, all or none, and the first that fails ends the others")
    .option("--env <name=value>", "environment of the tasks; may be repeated", pairs)
    .option("--role <role>", "role to run in", "*")
    .option("--priority <n>", "for policies that go by it: the higher the sooner (0)", priority)
    .option("--retries <n>", "further attempts of a task that fails", wholeNumber(0, 1000), 0)
    .option("--user <name>", "operating system user of the tasks")
    .option("--image <name>", "run in this image, of an engine or of the agent's own images")
    .option("--timeout <duration>", "kill a task that runs longer, such as 10mins", durationMs)
    .option("--attr <name=value>", "only on agents with this attribute; may be repeated", pairs)
    .option("--concurrency <n>", "at most so many tasks at once", wholeNumber(1, TASKS_MAX))
    .addOption(credentialsOption())
    .option("--uri <uri>", "fetched into the sandbox first; may be repeated", several)
    .option("--health-cmd <line>", "kill a task in which this shell command keeps failing")
    .option("--health-http <port/path>", "kill a task that does not answer there by 200 to 399")
    .option("--health-tcp <port>", "kill a task that does not listen there", wholeNumber(1, 65535))
    .option("--health-delay <duration>", "wait before the first health check (15s)", durationMs)
    .option("--health-interval <duration>", "wait between health checks (10s)", durationMs)
    .option("--health-timeout <duration>", "longest health check (20s)", durationMs)
    .option("--health-grace <duration>", "failures so early do not count (10s)", durationMs)
    .option("--health-failures <n>", "failures in a row that kill (3)", wholeNumber(1, 1000));
}

async function run(
  context: CliContext,
  words: readonly string[],
  options: RunOptions,
): Promise<void> {
  const { file, count = 1 } = options;
  // An empty word names no program, and as a line for the shell it does nothing.
  if (file === undefined && !words[0]?.trim()) {
    throw errors.CLI_USAGE("there is nothing to run", "`tepui run -- COMMAND…`, or --file FILE");
  }
  if (file !== undefined && (words.length > 0 || options.count !== undefined)) {
    throw errors.CLI_USAGE("--file goes neither with a command nor with --count");
  }
  if (options.group === true) refuseWithGroup(options);
  const { cpus, mem, disk = 0, gpus = 0 } = options;
  if (cpus + mem + disk + gpus === 0) {
    throw errors.CLI_USAGE("the tasks use no resources", "give --cpus, --mem or both above 0");
  }
  const commands =
    file === undefined ? Array.from({ length: count }, () => words) : commandsIn(file);
  if (commands.length === 0) throw errors.CLI_USAGE(`there is no command in ${file}`);
  context.exitWith(await runJob(context, commands, options));
}

/**
 * A group is launched at once, by the agent's own executor, which starts no engine's containers.
 */
function refuseWithGroup({ concurrency, image }: RunOptions): void {
  if (concurrency !== undefined) throw errors.CLI_USAGE("--group goes not with --concurrency");
  if (image !== undefined) throw errors.CLI_USAGE("--group goes not with --image");
}

/** Each line is a shell command; empty lines and those that start with # are none. */
function commandsIn(file: string): readonly (readonly string[])[] {
  let text: string;
  try {
    text = readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (thrown) {
    throw errors.CLI_USAGE(`${file} cannot be read: ${reasonOf(thrown)}`);
  }
  const lines = text.split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map((line) => [line]);
}
