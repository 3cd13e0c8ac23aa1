import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { ConfigKind, ConfigSources } from "../kernel/host/config.ts";
import type { ConfigField } from "../kernel/host/config-fields.ts";
import type { CliContext, CommonOptions } from "./context.ts";
import { exitCodes } from "./exit-codes.ts";
import { lastResort } from "./last-resort.ts";

/** How long a master or an agent may take to stop. */
const STOP_MS = 10_000;

/** Options of `tepui master` and `tepui agent`; the fields of the config are among them. */
export interface ProcessOptions extends CommonOptions {
  readonly config?: string;
  /** Stop when the input stream ends: whoever holds its other end is gone. */
  readonly lifeline?: boolean;
}

/** A process at work: what to say when it is ready, and how to end it. */
export interface Daemon {
  readonly ready: Readonly<Record<string, unknown>> & { readonly address: string };
  /** `isFailure`: it stops because of an error that nobody caught. */
  stop(deadlineMs: number, isFailure: boolean): Promise<unknown>;
  /** Resolves with an exit status when it comes to its end by itself. */
  readonly ended?: Promise<number>;
}

/** Adds `--config`, and a flag for every field of the config. */
export function addConfigOptions<T>(command: Command, kind: ConfigKind<T>): Command {
  command.option("--config <file>", "config file, JSON with comments or YAML");
  command.addOption(new Option("--lifeline", "stop when the input stream ends").hideHelp());
  for (const field of kind.fields) command.addOption(fieldOption(field));
  return command.addHelpText(
    "after",
    `\nEvery flag is also a field of the config file and a variable: ${kind.fields[0]?.variable} …`,
  );
}

function fieldOption(field: ConfigField): Option {
  const isSwitch = field.schema.type === "boolean";
  const flags = `${field.flag} ${isSwitch ? "[true|false]" : `<${valueName(field.flag)}>`}`;
  const fallback = field.default === undefined ? "" : ` (default: ${field.default})`;
  const option = new Option(flags, `${field.description}${fallback}`);
  return isSwitch ? option.preset("true") : option;
}

/** What a setting's value is called, by which shells know what to complete it to. */
function valueName(flag: string): string {
  if (flag === "--policy-name") return "plugin";
  const [, last = ""] = /-(file|dir|path)$/.exec(flag) ?? [];
  return last === "path" ? "dir" : last || "value";
}

/** Where the config of a process comes from, and the folder that plugin paths are relative to. */
export function configSources<T>(
  kind: ConfigKind<T>,
  options: ProcessOptions,
  context: CliContext,
): { readonly sources: ConfigSources; readonly from: string } {
  const given = options as Readonly<Record<string, unknown>>;
  const flags: Record<string, unknown> = {};
  for (const field of kind.fields) {
    const value = given[fieldOption(field).attributeName()];
    if (value !== undefined) flags[field.path.join(".")] = value;
  }
  const from = options.config === undefined ? process.cwd() : dirname(resolve(options.config));
  return { sources: { file: options.config, environment: context.environment, flags }, from };
}

/**
 * Starts a process, says when it is ready, and stops it after SIGTERM, Ctrl-C or the end of its
 * lifeline, or after an error that nobody caught, which gives status 1. One that is stopped while
 * it still starts has ended in order, too. A second signal ends the process at once (see main.ts).
 */
export async function runProcess(
  context: CliContext,
  options: ProcessOptions,
  name: string,
  start: (signal: AbortSignal) => Promise<Daemon>,
): Promise<void> {
  const resort = lastResort(name, STOP_MS);
  const failed = resort.failed.then(() => exitCodes.failure);
  const end = Promise.race([endOf(context.signal, options.lifeline === true), failed]);
  // Calls off the start alone: what has started is stopped in order, not by a signal.
  const starting = new AbortController();
  let isStarted = false;
  void end.then(() => {
    if (!isStarted) starting.abort();
  });
  const daemon = await start(starting.signal).catch((thrown: unknown) => {
    resort.end();
    // Whatever comes of a start that was called off: that it was is why.
    if (!starting.signal.aborted) throw thrown;
  });
  if (daemon === undefined) {
    context.output.note(`${name} ended before it was ready`);
    context.exitWith(await end);
    return;
  }
  isStarted = true;
  if (context.output.format === "json") {
    context.output.json({ ready: name, pid: process.pid, ...daemon.ready });
  } else context.output.line(`${name} ready at ${daemon.ready.address}`);
  const code = await Promise.race([end, ...(daemon.ended === undefined ? [] : [daemon.ended])]);
  await daemon.stop(STOP_MS, (await Promise.race([failed, undefined])) !== undefined);
  resort.end();
  context.exitWith(code);
}

/** Resolves, with status 0, at a signal or, with a lifeline, at the end of the input stream. */
function endOf(signal: AbortSignal, hasLifeline: boolean): Promise<number> {
  return new Promise((resolve) => {
    const stop = () => resolve(0);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    if (hasLifeline) process.stdin.on("end", stop).on("close", stop).on("error", stop).resume();
  });
}
