import { resolve } from "node:path";
import type { Command } from "commander";
import { builtInPlugins } from "../built-in-plugins.ts";
import { type CliContext, type CommonOptions, plainCommand, wholeNumber } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { objectOption } from "../object-option.ts";
import type { Output } from "../output.ts";
import { Progress } from "../progress.ts";
import type { Cell } from "../table.ts";

interface TestOptions extends CommonOptions {
  readonly config: object;
  readonly seed: number;
  readonly clusters: number;
  readonly only: string;
  readonly build: boolean;
  readonly alone?: boolean;
}

type Authoring = typeof import("../../authoring/index.ts");
type Conformance = Awaited<ReturnType<Authoring["conformPlugin"]>>;
type Verdict = Conformance["verdicts"][number];

/** `tepui plugin test DIR`: builds a plugin and holds it to the rules of its port. */
export function testCommand(context: CliContext): Command {
  return plainCommand("test", "Build a plugin and hold it to every rule of its port; runs its code")
    .argument("<dir>", "the folder of its plugin.json")
    .option(
      "--config <json>",
      "its config, as JSON or YAML; default: that of its schema",
      objectOption,
      {},
    )
    .option("--only <text>", "only rules that say this", "")
    .option("--seed <n>", "seed of an allocator's first random cluster", wholeNumber(0, 2 ** 32), 1)
    .option(
      "--clusters <n>",
      "random clusters for each of an allocator's rules",
      wholeNumber(1, 10_000),
      20,
    )
    .option("--alone", "an isolator without the process isolator before it")
    .option("--no-build", "take it as it was built last")
    .action((folder: string, options: TestOptions) => test(context, folder, options));
}

async function test(context: CliContext, folder: string, options: TestOptions): Promise<void> {
  const { output, signal } = context;
  const { buildProject, conformPlugin } = await import("../../authoring/index.ts");
  const place = resolve(folder);
  if (options.build) await buildProject(place, signal);
  const progress = new Progress(output, "rules");
  let [done, total] = [0, 0];
  const conformance = await conformPlugin({
    folder: place,
    config: options.config,
    seed: options.seed,
    clusters: options.clusters,
    only: options.only,
    alone: options.alone === true,
    builtIn: builtInPlugins(),
    signal,
    onBegin: (_, rules) => {
      total = rules;
    },
    onVerdict: () => progress.update({ done: ++done, total }),
  });
  progress.end();
  if (conformance.verdicts.some(({ ok }) => !ok)) context.exitWith(exitCodes.config);
  report(output, folder, conformance);
}

function report(output: Output, folder: string, { manifest, verdicts }: Conformance): void {
  const { name, version, kind } = manifest;
  const broken = verdicts.filter(({ ok }) => !ok);
  if (output.format === "json") {
    output.json({ ok: broken.length === 0, name, version, kind, folder, rules: verdicts });
    return;
  }
  output.table(
    [{ title: "RESULT" }, { title: "RULE" }, { title: "REMARKS" }],
    verdicts.map(({ ok, rule, notes }): Cell[] => [
      ok ? { text: "ok", tone: "good" } : { text: "broken", tone: "bad" },
      rule,
      notes.length === 0 ? { text: "", tone: "plain" } : { text: notes.join(", "), tone: "dim" },
    ]),
  );
  for (const verdict of broken) {
    output.line(`\n${verdict.rule}:`);
    output.line(`  ${storyOf(verdict)}`);
  }
  const kept = `${verdicts.length - broken.length} of ${verdicts.length} rules are kept`;
  output.line(`\n${name} ${version} (${kind}): ${kept}`);
}

/** What was wrong, and how to see it again. */
function storyOf({ problem = "", code, seed, round }: Verdict): string {
  const where = [
    ...(code === undefined ? [] : [`[${code}]`]),
    ...(seed === undefined ? [] : [`seed ${seed}`]),
    ...(round === undefined ? [] : [`round ${round}`]),
  ];
  return where.length === 0 ? problem : `${problem} (${where.join(", ")})`;
}
