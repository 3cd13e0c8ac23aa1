import { reasonOf } from "../../contract/errors.ts";
import type { Attempt } from "../../frameworks/taskset/model.ts";
import { isTerminal } from "../../sdk/index.ts";
import type { CliContext } from "../context.ts";
import { type CredentialsOptions, credentialsOf } from "../credentials.ts";
import { followFile, unreadWords } from "../sandbox-follow.ts";

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
      const following = this.#follow(frameworkId, attempt);
      this.#following.push(following.catch((thrown: unknown) => this.#warn(thrown)));
    }
  }

  /** Shows both outputs of an attempt, and says once when something of them is missing. */
  async #follow(frameworkId: string, attempt: Attempt): Promise<void> {
    const { ip, port } = attempt.place;
    const place = { ip, port, frameworkId, taskId: attempt.taskId, ...this.#credentials };
    let hasSome = false;
    const follow = (file: "stdout" | "stderr") =>
      followFile({
        place,
        file,
        ended: () => this.#isOver || isTerminal(attempt.state),
        print: (chunk) => {
          hasSome = true;
          return this.#print(chunk, file === "stdout" ? "out" : "error");
        },
        signal: this.#stop.signal,
      });
    const reasons = await Promise.all([follow("stdout"), follow("stderr")]);
    const reason = reasons.find((one) => one !== undefined);
    // One that never ran has printed nothing, and why it did not run is said elsewhere.
    const hasRun = attempt.runningMs !== undefined || attempt.state === "TASK_FINISHED";
    if (reason === undefined || !hasRun) return;
    this.#context.output.warn(unreadWords(place, reason, hasSome));
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
      this.#stop.abort(new Error("it is silent"));
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
