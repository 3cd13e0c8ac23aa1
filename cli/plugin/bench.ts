import { resolve } from "node:path";
import type { Command } from "commander";
import { errors } from "../../contract/errors.ts";
import { builtInPlugins } from "../built-in-plugins.ts";
import { type CliContext, type CommonOptions, plainCommand, wholeNumber } from "../context.ts";
import { objectOption } from "../object-option.ts";
import { Progress } from "../progress.ts";

interface Size {
  readonly agents: number;
  readonly frameworks: number;
}

interface BenchOptions extends CommonOptions {
  readonly config: object;
  readonly sizes: readonly Size[];
  readonly rounds: number;
  readonly build: boolean;
}

/** `tepui plugin bench DIR`: builds an allocator and compares its speed with the shipped ones. */
export function benchCommand(context: CliContext): Command {
  return plainCommand("bench", "Build an allocator and compare its speed with those of Tepui")
    .argument("<dir>", "the folder of its plugin.json")
    .option(
      "--config <json>",
      "its config, as JSON or YAML; default: that of its schema",
      objectOption,
      {},
    )
    .option(
      "--sizes <list>",
      "agents x frameworks, with commas between; default: 1000x100,10000x1000",
      sizes,
      [
        { agents: 1_000, frameworks: 100 },
        { agents: 10_000, frameworks: 1_000 },
      ],
    )
    .option(
      "--rounds <n>",
      "cycles of each kind, of which the medians are shown",
      wholeNumber(1, 10_000),
      31,
    )
    .option("--no-build", "take it as it was built last")
    .action((folder: string, options: BenchOptions) => bench(context, folder, options));
}

async function bench(context: CliContext, folder: string, options: BenchOptions): Promise<void> {
  const { output, signal } = context;
  const { benchPolicy, buildProject } = await import("../../authoring/index.ts");
  const place = resolve(folder);
  if (options.build) await buildProject(place, signal);
  const progress = new Progress(output, "policies");
  let done = 0;
  const rows = await benchPolicy({
    folder: place,
    config: options.config,
    sizes: options.sizes,
    rounds: options.rounds,
    builtIn: builtInPlugins(),
    signal,
    onRow: (_, total) => progress.update({ done: ++done, total }),
  });
  progress.end();
  if (output.format === "json") {
    output.json({ rounds: options.rounds, rows });
    return;
  }
  const right = { align: "right" } as const;
  output.table(
    [
      { title: "AGENTS", ...right },
      { title: "FRAMEWORKS", ...right },
      { title: "POLICY" },
      { title: "FULL MS", ...right },
      { title: "CHANGED MS", ...right },
      { title: "IDLE MS", ...right },
    ],
    rows.map((row, at) => [
      row.agents,
      row.frameworks,
      {
        text: row.policy,
        tone: at % (rows.length / options.sizes.length) === 0 ? "good" : "plain",
      },
      row.fullMs,
      row.changedMs,
      row.idleMs,
    ]),
  );
}

/** Reads `1000x100,5000x50`. */
function sizes(text: string): readonly Size[] {
  return text.split(",").map((size) => {
    const [, agents = "", frameworks = ""] = /^(\d+)x(\d+)$/.exec(size.trim()) ?? [];
    const read = { agents: Number(agents), frameworks: Number(frameworks) };
    if (
      read.agents > 0 &&
      read.agents <= 100_000 &&
      read.frameworks > 0 &&
      read.frameworks <= 10_000
    ) {
      return read;
    }
    throw errors.CLI_USAGE(
      `"${size}" is no size`,
      "sizes are agents x frameworks, such as 1000x100, up to 100000x10000",
    );
  });
}
