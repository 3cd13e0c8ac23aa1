import { join } from "node:path";
import { reasonOf } from "../../../contract/errors.ts";
import type { OutputRotation } from "../../../contract/ports/isolator.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import { CopiedStream } from "./copied-stream.ts";
import type { Engine } from "./engine.ts";
import { LogFrames } from "./log-frames.ts";
import { type LogPosition, type PositionFile, sinceOf } from "./log-position.ts";
import { OutputFile } from "./output-file.ts";

/** Pause after a stream that ended or could not be written, before it is asked for again. */
const AGAIN_MS = 200;
/** How long a stream may take to end once its container has. */
const LINGER_MS = 1_000;
/** How often the rest of an ended container's output is tried to be had. */
const LAST_TRIES = 5;

const streams = ["stdout", "stderr"] as const;
type StreamName = (typeof streams)[number];
type ForStreams<T> = Readonly<Record<StreamName, T>>;

/** What output is copied with, beside the engine. */
export interface CopierParts {
  readonly sandbox: string;
  readonly rotation: OutputRotation | undefined;
  readonly file: PositionFile;
  readonly log: Logger;
}

/**
 * Copies a container's output from the engine's log to `stdout` and `stderr` of its sandbox, every
 * byte once, also when the agent is killed and started anew. What has been copied is noted by the
 * time of the last record; bytes that were written and not noted are known by the file's size.
 */
export class LogCopier {
  readonly #engine: Engine;
  readonly #name: string;
  readonly #parts: CopierParts;
  readonly #closing = new AbortController();
  #streaming = new AbortController();
  #outputs: ForStreams<OutputFile> | undefined;
  #following: Promise<void> | undefined;
  #hasEnded = false;

  constructor(engine: Engine, name: string, parts: CopierParts) {
    this.#engine = engine;
    this.#name = name;
    this.#parts = parts;
  }

  /**
   * Opens the files of a container that has not run yet, and notes what they hold already.
   * @throws Error for a sandbox that cannot be written to
   */
  async open(): Promise<void> {
    await this.#parts.file.write(await this.#position());
  }

  /** Begins to follow a container that runs. */
  follow(): void {
    this.#following ??= this.#follow();
  }

  /** The container has ended: resolves when everything that it wrote is in the sandbox. */
  async finish(): Promise<void> {
    this.#hasEnded = true;
    this.follow();
    // The last pass gets what the stream did not, so nothing is lost by cutting it off.
    await Promise.race([this.#following, this.#engine.pause(LINGER_MS, this.#closing.signal)]);
    this.#streaming.abort();
    await this.#following;
  }

  /** Stops copying, wherever it is; the next agent goes on from there. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#streaming.abort();
    await this.#following?.catch(() => {});
    for (const stream of streams) await this.#outputs?.[stream].close();
    this.#outputs = undefined;
    await this.#parts.file.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing;
    let triesLeft = LAST_TRIES;
    while (!signal.aborted) {
      const isLast = this.#hasEnded;
      try {
        await this.#engine.patiently(() => this.#copy(!isLast), { signal });
        // A stream that was opened before the end may have missed what came last.
        if (isLast) return await this.#mendEnds();
      } catch (thrown) {
        if (signal.aborted) return;
        if (!this.#streaming.signal.aborted || isLast) {
          this.#parts.log.warn(
            { container: this.#name, reason: reasonOf(thrown) },
            "output is held up",
          );
        }
        if (isLast && --triesLeft === 0) return;
      }
      if (!this.#hasEnded || isLast) await this.#engine.pause(AGAIN_MS, signal);
    }
  }

  async #openOutputs(): Promise<ForStreams<OutputFile>> {
    const { sandbox, rotation } = this.#parts;
    this.#outputs ??= {
      stdout: await OutputFile.open(join(sandbox, "stdout"), rotation),
      stderr: await OutputFile.open(join(sandbox, "stderr"), rotation),
    };
    return this.#outputs;
  }

  async #copy(follow: boolean): Promise<void> {
    const position = await this.#position();
    const copied = await this.#streams(position);
    const { signal } = follow ? this.#streaming : this.#closing;
    const response = await this.#engine.logs(this.#name, follow, sinceOf(position), signal);
    const frames = new LogFrames();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const record of frames.push(chunk)) await copied[record.stream].take(record);
      for (const stream of streams) await copied[stream].flush();
    }
  }

  /** A line that the engine cut and that was the last one is still without its newline. */
  async #mendEnds(): Promise<void> {
    const copied = await this.#streams(await this.#position());
    for (const stream of streams) await copied[stream].finish();
  }

  /** How far it was copied; nothing of it where that is not known. */
  async #position(): Promise<LogPosition> {
    const noted = this.#parts.file.read();
    if (noted !== undefined) return noted;
    const outputs = await this.#openOutputs();
    const at = async (stream: StreamName) => ({
      time: "",
      count: 0,
      fileSize: await outputs[stream].size(),
      cut: "whole" as const,
    });
    return { stdout: await at("stdout"), stderr: await at("stderr") };
  }

  /** Both streams, from a position on that is kept up with them. */
  async #streams(position: LogPosition): Promise<ForStreams<CopiedStream>> {
    const outputs = await this.#openOutputs();
    const open = (stream: StreamName) =>
      CopiedStream.from(outputs[stream], position[stream], (at) => {
        position[stream] = { ...at };
        return this.#parts.file.write(position);
      });
    return { stdout: await open("stdout"), stderr: await open("stderr") };
  }
}
