#!/usr/bin/env node
import { exitCodes } from "./exit-codes.ts";
import { Output } from "./output.ts";
import { holdsSomething, runProgram } from "./program.ts";

const args = process.argv.slice(2);
const output = new Output();
const interrupt = new AbortController();
/** The exit status once nobody reads any more; it stands above that of the command. */
let unreadCode: number | undefined;

function onSignal(): void {
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
  interrupt.abort();
}
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// The terminal is gone. Shell and kernel may both say so, so a second one is not impatience.
process.on("SIGHUP", () => interrupt.abort());

// A reader that has seen enough (`tepui ps | head`) is not an error, but what a command started
// for that reader must not outlive it.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    const isPipe = error.code === "EPIPE";
    if (!holdsSomething(args)) process.exit(isPipe ? exitCodes.ok : exitCodes.failure);
    unreadCode ??= isPipe ? exitCodes.brokenPipe : exitCodes.failure;
    interrupt.abort();
  });
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
