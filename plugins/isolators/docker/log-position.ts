import { readFileSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";

/** Every state of the file is this long, so that one write replaces it whole. */
const FILE_BYTES = 512;
/** Records of one stream are in order; those of two may have changed places by less than this. */
const SKEW_SECONDS = 10;

/** How far one stream has been copied. */
export interface StreamPosition {
  /** Time of the last record that was copied; empty before the first one. */
  time: string;
  /** How many records of that time were copied. */
  count: number;
  /** Size of the sandbox file after it. */
  fileSize: number;
  /** What the last record was of a line that the engine cut; see `cutOf`. */
  cut: Cut;
}

/** A whole line, a piece of a line that was cut, or the end of one. */
export type Cut = "whole" | "piece" | "end";

/** How far the output of a container has been copied. */
export interface LogPosition {
  stdout: StreamPosition;
  stderr: StreamPosition;
}

function streamPosition(read: Partial<StreamPosition> | undefined): StreamPosition {
  const { time, count, fileSize, cut } = read ?? {};
  return {
    time: typeof time === "string" ? time : "",
    count: typeof count === "number" ? count : 0,
    fileSize: typeof fileSize === "number" ? fileSize : 0,
    cut: cut === "piece" || cut === "end" ? cut : "whole",
  };
}

/** Reads a position; `undefined` when there is none, or none that can be read. */
function readPosition(path: string): LogPosition | undefined {
  try {
    const read = JSON.parse(readFileSync(path, "utf8")) as Partial<LogPosition>;
    return { stdout: streamPosition(read.stdout), stderr: streamPosition(read.stderr) };
  } catch {
    return undefined;
  }
}

/**
 * From where the engine has to be asked again, in seconds with nine decimals; `undefined` is from
 * the beginning. Early enough for a record that was overtaken by one of the other stream.
 */
export function sinceOf({ stdout, stderr }: LogPosition): string | undefined {
  const last = stdout.time > stderr.time ? stdout.time : stderr.time;
  if (last === "") return undefined;
  const [whole = "", fraction = ""] = last.replace("Z", "").split(".");
  const seconds = Date.parse(`${whole}Z`) / 1000 - SKEW_SECONDS;
  return Number.isFinite(seconds) ? `${seconds}.${fraction.padEnd(9, "0")}` : undefined;
}

/** The file of one container's position, outside of what the container can write to. */
export class PositionFile {
  readonly #path: string;
  #handle: FileHandle | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  read(): LogPosition | undefined {
    return readPosition(this.#path);
  }

  async write(position: LogPosition): Promise<void> {
    this.#handle ??= await open(this.#path, "w", 0o600);
    const text = `${JSON.stringify(position).padEnd(FILE_BYTES - 1)}\n`;
    await this.#handle.write(text, 0);
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async remove(): Promise<void> {
    await this.close();
    await rm(this.#path, { force: true });
  }
}
