#!/usr/bin/env node
import { errors, reasonOf } from "../contract/errors.ts";
import { exitCodes } from "./exit-codes.ts";
import { fileSink } from "./file-sink.ts";
import { Output } from "./output.ts";
import { holdsSomething, runProgram } from "./program.ts";

const args = process.argv.slice(2);
const interrupt = new AbortController();
/** The exit status once what is printed goes nowhere; it stands above that of the command. */
let unreadCode: number | undefined;

function onSignal(): void {
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
  interrupt.abort();
}
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// The terminal is gone. Shell and kernel may both say so, so a second one is not impatience.
process.on("SIGHUP", () => interrupt.abort());

const output = new Output({ out: fileSink(1, onUnwritable) ?? process.stdout });
for (const stream of [process.stdout, process.stderr]) stream.on("error", onUnwritable);

/**
 * A reader that has seen enough (`tepui ps | head`) is not an error, and a full disk is one; what a
 * command started for that reader must not outlive it.
 */
function onUnwritable(error: NodeJS.ErrnoException): void {
  if (unreadCode !== undefined) return;
  const isPipe = error.code === "EPIPE";
  unreadCode = isPipe ? exitCodes.brokenPipe : exitCodes.unwritable;
  const fault = isPipe ? undefined : errors.CLI_OUTPUT_UNWRITABLE(reasonOf(error));
  if (fault !== undefined) output.error(fault);
  if (!holdsSomething(args)) process.exit(isPipe ? exitCodes.ok : exitCodes.unwritable);
  interrupt.abort(fault);
}

const code = await runProgram(args, {
  output,
  signal: interrupt.signal,
  environment: process.env,
});
// A pipe takes what was printed at its reader's pace; leaving before that would cut it short.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write("", resolve));
}
// Connections that are still closing keep nobody waiting.
process.exit(unreadCode ?? code);
