import type { Attempt } from "../../frameworks/taskset/model.ts";
import { isTerminal } from "../../sdk/index.ts";
import type { CliContext } from "../context.ts";
import { followFile } from "../sandbox-follow.ts";

/** How long what is left of the output may take after the job has ended. */
const REST_MS = 5_000;

/** Shows what the attempts of a single task print, as if they ran here. */
export class AttemptStreams {
  readonly #context: CliContext;
  readonly #isShown: boolean;
  readonly #following: Promise<unknown>[] = [];
  readonly #stop = new AbortController();
  #isOver = false;

  /** Nothing is shown of many tasks at once, nor with `-o json`. */
  constructor(context: CliContext, isSingle: boolean) {
    this.#context = context;
    this.#isShown = isSingle && context.output.format !== "json";
  }

  /** Follows both outputs of new attempts. */
  launched(frameworkId: string, attempts: readonly Attempt[]): void {
    if (!this.#isShown) return;
    for (const attempt of attempts) {
      const { ip, port } = attempt.place;
      const place = { ip, port, frameworkId, taskId: attempt.taskId };
      for (const file of ["stdout", "stderr"] as const) {
        const following = followFile({
          place,
          file,
          ended: () => this.#isOver || isTerminal(attempt.state),
          print: (chunk) => this.#context.output.bytes(chunk, file === "stdout" ? "out" : "error"),
          signal: this.#stop.signal,
        });
        this.#following.push(following);
      }
    }
  }

  /** Waits until all is shown that the attempts have printed. */
  async end(): Promise<void> {
    this.#isOver = true;
    const timer = setTimeout(() => this.#stop.abort(), REST_MS);
    await Promise.all(this.#following);
    clearTimeout(timer);
  }
}
