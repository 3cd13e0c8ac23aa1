import { Output } from "../../cli/output.ts";
import { runProgram } from "../../cli/program.ts";

/** What a command line did. */
export interface CliRun {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Gathers what is written to it. */
export class TextSink {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 80;

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(chunk: string | Uint8Array): void {
    this.text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
  }
}

/** Runs one command line in this process, off a terminal. */
export async function runCli(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliRun> {
  const [out, error] = [new TextSink(), new TextSink()];
  const output = new Output({ out, error, environment });
  const { signal } = new AbortController();
  const code = await runProgram(args, { output, signal, environment });
  return { code, out: out.text, error: error.text };
}
