#!/usr/bin/env node
import { exitCodes } from "./exit-codes.ts";
import { Output } from "./output.ts";
import { runProgram } from "./program.ts";

const output = new Output();
const interrupt = new AbortController();

function onSignal(): void {
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
  interrupt.abort();
}
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);

// A reader that has seen enough (`tepui ps | head`) is not an error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? exitCodes.ok : exitCodes.failure);
  });
}

const code = await runProgram(process.argv.slice(2), {
  output,
  signal: interrupt.signal,
  environment: process.env,
});
// A pipe takes what was printed at its reader's pace; leaving before that would cut it short.
for (const stream of [process.stdout, process.stderr]) {
  await new Promise((resolve) => stream.write("", resolve));
}
// Connections that are still closing keep nobody waiting.
process.exit(code);
