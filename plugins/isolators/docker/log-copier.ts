import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "../../../contract/errors.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import type { Engine } from "./engine.ts";
import { cutOf, LogFrames, type LogRecord } from "./log-frames.ts";
import {
  type LogPosition,
  type PositionFile,
  type StreamPosition,
  sinceOf,
} from "./log-position.ts";

/** Pause after a stream that ended or could not be written, before it is asked for again. */
const AGAIN_MS = 200;
/** How long a stream may take to end once its container has. */
const LINGER_MS = 1_000;
/** How often the rest of an ended container's output is tried to be had. */
const LAST_TRIES = 5;

const NEWLINE = Buffer.from("\n");
const EMPTY = Buffer.alloc(0);

const streams = ["stdout", "stderr"] as const;
type StreamName = (typeof streams)[number];

/** What remains to be left out of one stream, because it was copied before. */
interface Skip {
  readonly time: string;
  count: number;
  /** Bytes that reached the file, while the agent died before it could note that. */
  bytes: number;
  isOver: boolean;
}

/** Opens a file of the sandbox. A container may have put a link in its place, to reach the host. */
async function openOutput(sandbox: string, name: StreamName): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  const handle = await open(join(sandbox, name), flags, 0o644);
  const found = await handle.stat();
  if (found.isFile() && found.nlink === 1) {
    const { uid, gid } = await stat(sandbox);
    if (found.uid !== uid || found.gid !== gid) await handle.chown(uid, gid);
    return handle;
  }
  await handle.close();
  throw new Error(`${name} in the sandbox is not a plain file`);
}

/**
 * Copies a container's output from the engine's log to `stdout` and `stderr` of its sandbox, every
 * byte once, also when the agent is killed and started anew. What has been copied is noted by the
 * time of the last record; bytes that were written and not noted are known by the file's size.
 */
export class LogCopier {
  readonly #engine: Engine;
  readonly #name: string;
  readonly #sandbox: string;
  readonly #file: PositionFile;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #streaming = new AbortController();
  #outputs: Record<StreamName, FileHandle> | undefined;
  #following: Promise<void> | undefined;
  #hasEnded = false;

  constructor(engine: Engine, name: string, sandbox: string, file: PositionFile, log: Logger) {
    this.#engine = engine;
    this.#name = name;
    this.#sandbox = sandbox;
    this.#file = file;
    this.#log = log;
  }

  /**
   * Opens the files of a container that has not run yet, and notes what they hold already.
   * @throws Error for a sandbox that cannot be written to
   */
  async open(): Promise<void> {
    const outputs = await this.#openOutputs();
    await this.#file.write(await this.#beginning(outputs));
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
    await this.#file.close();
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
          this.#log.warn({ container: this.#name, reason: reasonOf(thrown) }, "output is held up");
        }
        if (isLast && --triesLeft === 0) return;
      }
      if (!this.#hasEnded || isLast) await this.#engine.pause(AGAIN_MS, signal);
    }
  }

  async #openOutputs(): Promise<Record<StreamName, FileHandle>> {
    this.#outputs ??= {
      stdout: await openOutput(this.#sandbox, "stdout"),
      stderr: await openOutput(this.#sandbox, "stderr"),
    };
    return this.#outputs;
  }

  async #beginning(outputs: Record<StreamName, FileHandle>): Promise<LogPosition> {
    const at = async (stream: StreamName) => ({
      time: "",
      count: 0,
      fileSize: (await outputs[stream].stat()).size,
      cut: "whole" as const,
    });
    return { stdout: await at("stdout"), stderr: await at("stderr") };
  }

  async #copy(follow: boolean): Promise<void> {
    const outputs = await this.#openOutputs();
    const position = this.#file.read() ?? (await this.#beginning(outputs));
    const { signal } = follow ? this.#streaming : this.#closing;
    const skips = {
      stdout: await skipOf(position.stdout, outputs.stdout),
      stderr: await skipOf(position.stderr, outputs.stderr),
    };
    const response = await this.#engine.logs(this.#name, follow, sinceOf(position), signal);
    const frames = new LogFrames();
    for await (const chunk of response as AsyncIterable<Buffer>) {
      await this.#write(frames.push(chunk), position, skips, outputs);
    }
  }

  async #write(
    records: readonly LogRecord[],
    position: LogPosition,
    skips: Record<StreamName, Skip>,
    outputs: Record<StreamName, FileHandle>,
  ): Promise<void> {
    for (const stream of streams) {
      const parts: Buffer[] = [];
      for (const record of records) {
        if (record.stream !== stream) continue;
        if (wasCopied(record, skips[stream])) continue;
        const at = position[stream];
        at.count = at.time === record.time ? at.count + 1 : 1;
        at.time = record.time;
        if (at.cut === "end") parts.push(NEWLINE);
        at.cut = cutOf(record.data, at.cut);
        parts.push(record.data);
      }
      if (parts.length === 0) continue;
      const all = Buffer.concat(parts);
      const skip = skips[stream];
      const known = Math.min(skip.bytes, all.length);
      skip.bytes -= known;
      await this.#append(all.subarray(known), stream, position, outputs);
    }
  }

  async #append(
    data: Buffer,
    stream: StreamName,
    position: LogPosition,
    outputs: Record<StreamName, FileHandle>,
  ): Promise<void> {
    await outputs[stream].appendFile(data);
    position[stream].fileSize = (await outputs[stream].stat()).size;
    await this.#file.write(position);
  }

  /** A line that the engine cut and that was the last one is still without its newline. */
  async #mendEnds(): Promise<void> {
    const outputs = await this.#openOutputs();
    const position = this.#file.read();
    if (position === undefined) return;
    for (const stream of streams) {
      if (position[stream].cut !== "end") continue;
      position[stream].cut = "whole";
      // An agent that died here may have written it already.
      const isWritten = (await outputs[stream].stat()).size > position[stream].fileSize;
      await this.#append(isWritten ? EMPTY : NEWLINE, stream, position, outputs);
    }
  }
}

async function skipOf(at: StreamPosition, output: FileHandle): Promise<Skip> {
  const { size } = await output.stat();
  // A file that has become smaller was rotated: nothing is known of the bytes in between.
  return { time: at.time, count: at.count, bytes: Math.max(0, size - at.fileSize), isOver: false };
}

/** True for a record that is in the sandbox already. */
function wasCopied({ time }: LogRecord, skip: Skip): boolean {
  if (skip.isOver || time > skip.time) {
    skip.isOver = true;
    return false;
  }
  if (time < skip.time) return true;
  if (skip.count === 0) {
    skip.isOver = true;
    return false;
  }
  skip.count--;
  return true;
}
