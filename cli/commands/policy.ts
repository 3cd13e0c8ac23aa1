import { Command } from "commander";
import { errors } from "../../contract/errors.ts";
import type { OperatorMethod, OperatorParams, OperatorResult } from "../../sdk/index.ts";
import {
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  wholeNumber,
} from "../context.ts";
import { withMaster } from "../master-client.ts";
import { objectOrFile, settings } from "../object-option.ts";
import { type LoadOptions, loadRequest } from "../policy/load.ts";
import { policyText, printDiff, printHistory, printPolicies } from "../policy/tables.ts";

type Config = Readonly<Record<string, unknown>>;

/** Asks one thing of the master and shows the answer: as JSON, or as `show` does it. */
async function ask<Name extends OperatorMethod>(
  context: CliContext,
  options: MasterOptions,
  method: Name,
  params: OperatorParams<Name>,
  show: (result: OperatorResult<Name>) => void,
): Promise<void> {
  await withMaster(context, options, async (client) => {
    const result = await client.request(method, params);
    if (context.output.format === "json") context.output.json(result);
    else show(result);
  });
}

/** `tepui policy …`: the policies of a running master. */
export const policyCommand: CliCommand = {
  name: "policy",
  build: (context: CliContext) =>
    new Command("policy")
      .description("See and change the allocation policy of a running master.")
      .addCommand(list(context))
      .addCommand(load(context))
      .addCommand(unload(context))
      .addCommand(shadow(context))
      .addCommand(diff(context))
      .addCommand(promote(context))
      .addCommand(rollback(context))
      .addCommand(configure(context))
      .addCommand(history(context)),
};

const list = (context: CliContext): Command =>
  masterCommand("list", "List the policies that are loaded, and those that could be").action(
    (options: MasterOptions) =>
      ask(context, options, "policies", {}, (answer) => printPolicies(context.output, answer)),
  );

const load = (context: CliContext): Command =>
  masterCommand("load", "Load a policy and try it out, without using it")
    .argument("<plugin>", "a name the master knows, or the path of a folder to send to it")
    .option("--as <name>", "load it under another name")
    .option("--config <json|file>", "its config, as JSON or YAML or in a file", objectOrFile)
    .option("--on-master", "the path is one on the machine of the master")
    .action((plugin: string, options: MasterOptions & LoadOptions) =>
      ask(context, options, "load-policy", loadRequest(plugin, options), ({ policy }) =>
        context.output.line(`${policyText(policy)} is loaded`),
      ),
    );

const unload = (context: CliContext): Command =>
  masterCommand("unload", "Forget a policy that nothing uses")
    .argument("<name>", "its name")
    .action((name: string, options: MasterOptions) =>
      ask(context, options, "unload-policy", { name }, () =>
        context.output.line(`${name} is unloaded`),
      ),
    );

interface ShadowOptions extends MasterOptions {
  readonly rounds?: number;
  readonly stop?: boolean;
}

const shadow = (context: CliContext): Command =>
  masterCommand("shadow", "Run a policy beside the live one, and use nothing of it")
    .argument("[name]", "its name")
    .option("--rounds <n>", "end after so many compared rounds", wholeNumber(1, 1e12))
    .option("--stop", "end the run; what it has found can still be read")
    .action((name: string | undefined, options: ShadowOptions) => {
      const { output } = context;
      if (options.stop === true) {
        const wanted = name === undefined ? {} : { name };
        return ask(context, options, "stop-shadow", wanted, () =>
          output.line("the shadow run is over"),
        );
      }
      if (name === undefined) throw errors.CLI_USAGE("missing required argument 'name'");
      const { rounds } = options;
      const params = rounds === undefined ? { name } : { name, rounds };
      return ask(context, options, "shadow-policy", params, (answer) =>
        output.line(
          `${policyText(answer.policy)} runs in the shadow of ${policyText(answer.live)}`,
        ),
      );
    });

const diff = (context: CliContext): Command =>
  masterCommand("diff", "Show what a shadow policy would have done differently")
    .argument("[name]", "its name; without one, the run that is under way, or the last one")
    .option("--limit <n>", "show at most so many frameworks", wholeNumber(1, 10_000))
    .action((name: string | undefined, options: MasterOptions & { readonly limit?: number }) => {
      const { limit } = options;
      const params = {
        ...(name === undefined ? {} : { name }),
        ...(limit === undefined ? {} : { limit }),
      };
      return ask(context, options, "policy-diff", params, (answer) =>
        printDiff(context.output, answer.diff, answer.more),
      );
    });

function printSwap(context: CliContext, swap: OperatorResult<"promote-policy">): void {
  const { policy, previous, tookOver, pauseMs, unreadable } = swap;
  const state = tookOver ? ", with its private state" : "";
  const pause = `the master paused for ${pauseMs.toFixed(1)} ms`;
  context.output.line(`${policyText(policy)} is live after ${policyText(previous)}${state}`);
  context.output.note(`${pause}; \`tepui policy rollback\` goes back`);
  const { count, frameworks } = unreadable;
  if (count === 0) return;
  context.output.note(`it cannot read what ${count} framework${count === 1 ? "" : "s"} state:`);
  for (const { name, frameworkId, code, problem } of frameworks) {
    const id = frameworkId === undefined ? "" : ` (${frameworkId})`;
    context.output.note(`  ${name}${id}: ${code} ${problem}`);
  }
  if (count > frameworks.length) context.output.note(`  and ${count - frameworks.length} more`);
}

const promote = (context: CliContext): Command =>
  masterCommand("promote", "Make a loaded policy the live one, between two rounds")
    .argument("<name>", "its name")
    .action((name: string, options: MasterOptions) =>
      ask(context, options, "promote-policy", { name }, (swap) => printSwap(context, swap)),
    );

const rollback = (context: CliContext): Command =>
  masterCommand("rollback", "Make the policy that was live before the live one again").action(
    (options: MasterOptions) =>
      ask(context, options, "rollback-policy", {}, (swap) => printSwap(context, swap)),
  );

interface ConfigureOptions extends MasterOptions {
  readonly config?: Config;
  readonly set?: Config;
}

const configure = (context: CliContext): Command =>
  masterCommand("configure", "Change the config of a loaded policy, without a swap or restart")
    .argument("[name]", "its name; without one, the live policy")
    .option("--set <name=value>", "set one field, null to unset it; may be repeated", settings)
    .option("--config <json|file>", "set several, as JSON or YAML or in a file", objectOrFile)
    .action((name: string | undefined, options: ConfigureOptions) => {
      const config = { ...options.config, ...options.set };
      if (Object.keys(config).length === 0) {
        throw errors.CLI_USAGE("there is nothing to set", "such as --set backFill=0");
      }
      const params = { config, ...(name === undefined ? {} : { name }) };
      return ask(context, options, "configure-policy", params, ({ policy }) =>
        context.output.line(`${policyText(policy)} has ${JSON.stringify(policy.config)}`),
      );
    });

const history = (context: CliContext): Command =>
  masterCommand("history", "Show what happened to policies since the master began to lead").action(
    (options: MasterOptions) =>
      ask(context, options, "policy-history", {}, ({ events }) =>
        printHistory(context.output, events),
      ),
  );
