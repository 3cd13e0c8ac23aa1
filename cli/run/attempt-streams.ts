import { reasonOf } from "../../contract/errors.ts";
import type { Attempt } from "../../frameworks/taskset/model.ts";
import { isTerminal } from "../../sdk/index.ts";
import type { CliContext } from "../context.ts";
import { type CredentialsOptions, credentialsOf } from "../credentials.ts";
import { followFile } from "../sandbox-follow.ts";

/** How long an agent may be silent about what is left of the output after the job has ended. */
const REST_MS = 5_000;
const LOOK_MS = 100;

/** Shows what the attempts of a single task print, as if they ran here. */
export class AttemptStreams {
  readonly #context: CliContext;
  readonly #isShown: boolean;
  readonly #credentials: { readonly credentials?: string };
  readonly #following: Promise<unknown>[] = [];
  readonly #stop = new AbortController();
  #isOver = false;
  #hasWarned = false;
  /** When something came last, and how much of it waits for whoever reads our output. */
  #movedMs = 0;
  #printing = 0;

  /** Nothing is shown of many tasks at once, nor with `-o json`. */
  constructor(context: CliContext, isSingle: boolean, options: CredentialsOptions) {
    this.#context = context;
    this.#credentials = credentialsOf(context, options);
    this.#isShown = isSingle && context.output.format !== "json";
  }

  /** Follows both outputs of new attempts. */
  launched(frameworkId: string, attempts: readonly Attempt[]): void {
    if (!this.#isShown) return;
    for (const attempt of attempts) {
      const { ip, port } = attempt.place;
      const place = { ip, port, frameworkId, taskId: attempt.taskId, ...this.#credentials };
      for (const file of ["stdout", "stderr"] as const) {
        const following = followFile({
          place,
          file,
          ended: () => this.#isOver || isTerminal(attempt.state),
          print: (chunk) => this.#print(chunk, file === "stdout" ? "out" : "error"),
          signal: this.#stop.signal,
        });
        this.#following.push(following.catch((thrown: unknown) => this.#warn(thrown)));
      }
    }
  }

  /** A task whose output cannot be had has run all the same. */
  #warn(thrown: unknown): void {
    if (!this.#hasWarned) this.#context.output.warn(reasonOf(thrown));
    this.#hasWarned = true;
  }

  /** Waits until all is shown that the attempts have printed. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#movedMs = performance.now();
    const timer = setInterval(() => {
      if (this.#printing > 0 || performance.now() - this.#movedMs < REST_MS) return;
      this.#stop.abort();
    }, LOOK_MS);
    await Promise.all(this.#following);
    clearInterval(timer);
  }

  async #print(chunk: Uint8Array, to: "out" | "error"): Promise<void> {
    this.#printing++;
    this.#context.output.bytes(chunk, to);
    await this.#context.output.drained();
    this.#printing--;
    this.#movedMs = performance.now();
  }
}
