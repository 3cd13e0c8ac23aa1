import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Bench, BenchError } from "./harness/bench.ts";
import { checkSettings, helpOf, readCommand } from "./harness/command.ts";
import { describeMachine, jsonOf, tableOf } from "./harness/report.ts";

const folder = new URL(".", import.meta.url);

/** Benchmarks are found by folder: adding `bench/<name>.ts` is all that it takes. */
function benchNames(): string[] {
  return readdirSync(fileURLToPath(folder))
    .filter((file) => /^[a-z0-9-]+\.js$/.test(file) && file !== "main.js")
    .map((file) => file.slice(0, -".js".length));
}

async function load(name: string): Promise<Bench> {
  const module: Partial<Bench> = await import(new URL(`${name}.js`, folder).href);
  if (typeof module.run !== "function") {
    throw new BenchError("BENCH_SHAPE", `bench/${name}.ts has to export run(options)`);
  }
  return module as Bench;
}

async function main(): Promise<void> {
  const command = readCommand(process.argv.slice(2), benchNames());
  const machine = describeMachine();
  const { run, settings } = await load(command.name);
  if (command.help) {
    process.stdout.write(helpOf(command.name, settings));
    return;
  }
  checkSettings(command.settings, settings);
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const rows = await run({ quick: command.quick, settings: command.settings, progress });
  const report = { bench: command.name, machine, rows };
  if (command.jsonFile !== undefined) writeFileSync(command.jsonFile, jsonOf(report));
  const { cpu, cores, node, loadAverage } = machine;
  process.stdout.write(`${cpu}, ${cores} cores, node ${node}, load ${loadAverage.join(" ")}\n`);
  process.stdout.write(`${tableOf(rows)}\n`);
}

try {
  await main();
} catch (error) {
  const text = error instanceof BenchError ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
