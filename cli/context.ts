import { Command, InvalidArgumentError, Option } from "commander";
import type { Parsed } from "../contract/parsed.ts";
import { parseDurationMs } from "../contract/units.ts";
import type { Output } from "./output.ts";

/** What every command is given. */
export interface CliContext {
  readonly output: Output;
  /** Aborted by the first Ctrl-C or SIGTERM; the second ends the process at once. */
  readonly signal: AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Sets the exit status of a command that did its work and has something to say by it. */
  exitWith(code: number): void;
}

/** A command: its place in the help, and what makes it when it is needed. */
export interface CliCommand {
  readonly name: string;
  build(context: CliContext): Command;
}

/** Options that every command has. */
export interface CommonOptions {
  readonly output?: "json" | "table";
}

/** Options of the commands that talk to a master. */
export interface MasterOptions extends CommonOptions {
  readonly master?: string;
}

/** A command with `-o`, which may stand anywhere. */
export function plainCommand(name: string, summary: string): Command {
  return new Command(name).summary(summary).description(`${summary}.`).addOption(formatOption());
}

/** `-o json|table`. */
export function formatOption(): Option {
  return new Option("-o, --output <format>", "json, or table for people").choices([
    "json",
    "table",
  ]);
}

/** A command that talks to a master: with `-o` and `--master`. */
export function masterCommand(name: string, summary: string): Command {
  return plainCommand(name, summary).addOption(masterOption());
}

/** `--master host:port`. */
export function masterOption(): Option {
  return new Option(
    "--master <host:port>",
    "the master, or several with commas between (TEPUI_MASTER; default 127.0.0.1:5050)",
  );
}

/** Milli amounts are whole numbers that a double holds. */
const AMOUNT_MAX = Math.floor(Number.MAX_SAFE_INTEGER / 1_000);

/** Commander adds the flag that the value was given to. */
function refuse(message: string): never {
  throw new InvalidArgumentError(message);
}

function unwrap<T>(read: Parsed<T>, text: string): T {
  return read.ok ? read.value : refuse(read.message || `"${text}" is not right`);
}

/** Reads a duration such as `3s`, in milliseconds. */
export function durationMs(text: string): number {
  return unwrap(parseDurationMs(text), text);
}

/** Reader of a whole number within limits. */
export function wholeNumber(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^-?\d+$/.test(text) && value >= minimum && value <= maximum) return value;
    return refuse(`"${text}" is not a whole number from ${minimum} to ${maximum}`);
  };
}

/**
 * Reads an amount of a resource: a decimal that is not negative, with up to three decimals, and
 * whose thousandths a double holds.
 */
export function amount(text: string): number {
  if (!/^\d+(\.\d{1,3})?$/.test(text)) {
    refuse(`"${text}" is not an amount; amounts have up to three decimals, such as 0.5 or 128`);
  }
  if (Number(text) > AMOUNT_MAX) refuse(`"${text}" is more than ${AMOUNT_MAX}, the largest amount`);
  return Number(text);
}

/**
 * Reads what names something: an id, the beginning of one, a hostname. An empty one, as of a shell
 * variable that is not set, begins every id.
 */
export function named(text: string): string {
  return text.trim() === "" ? refuse("it is empty") : text;
}

/** Collects a value given once or several times. */
export function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Collects `NAME=VALUE` given once or several times. */
export function pairs(text: string, before: Readonly<Record<string, string>> = {}) {
  const equals = text.indexOf("=");
  if (equals > 0) return { ...before, [text.slice(0, equals)]: text.slice(equals + 1) };
  return refuse(`"${text}" is not of the form NAME=VALUE`);
}
