import type { FileHandle } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { reasonOf } from "../../contract/errors.ts";
import { CacheFull } from "./cache.ts";

/** Further tries after one that broke off; the waits between them double. */
const RETRIES = 4;
const FIRST_WAIT_MS = 200;

/** How a download is done. */
export interface DownloadOptions {
  readonly signal: AbortSignal;
  /** A server that sends nothing for so long is given up, and asked again. */
  readonly stallTimeoutMs: number;
  /** Told how large the file is going to be; what it throws ends the download. */
  readonly grow?: ((bytes: number) => void) | undefined;
}

/** An answer that asking again does not change. */
class Final extends Error {}

/**
 * Writes what is at a URL into a file. A transfer that breaks off is taken up where it did, if the
 * server can do that and still has the same; else from the start.
 * @throws Error with the last reason, or the reason of the signal
 */
export async function download(
  url: string,
  file: FileHandle,
  options: DownloadOptions,
): Promise<void> {
  const { signal } = options;
  const transfer = new Transfer(url, file, options);
  for (let tries = 0; ; tries++) {
    try {
      await transfer.attempt(signal);
      return;
    } catch (thrown) {
      signal.throwIfAborted();
      const isDiskFull = (thrown as NodeJS.ErrnoException).code === "ENOSPC";
      const isFinal = thrown instanceof Final || thrown instanceof CacheFull;
      if (isFinal || isDiskFull || tries >= RETRIES) throw thrown;
      await sleep(FIRST_WAIT_MS * 2 ** tries, undefined, { signal });
    }
  }
}

class Transfer {
  readonly #url: string;
  readonly #file: FileHandle;
  readonly #stallTimeoutMs: number;
  readonly #grow: (bytes: number) => void;
  #bytes = 0;
  /** By which the server says that it still has the same. */
  #version: string | undefined;

  constructor(url: string, file: FileHandle, { stallTimeoutMs, grow }: DownloadOptions) {
    this.#url = url;
    this.#file = file;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#grow = grow ?? (() => {});
  }

  async attempt(signal: AbortSignal): Promise<void> {
    const stall = new AbortController();
    const timer = setTimeout(() => {
      stall.abort(new Error(`the server sent nothing for ${this.#stallTimeoutMs} ms`));
    }, this.#stallTimeoutMs);
    try {
      const either = AbortSignal.any([signal, stall.signal]);
      const response = await fetch(this.#url, { headers: this.#headers(), signal: either });
      await this.#begin(response);
      this.#grow(this.#bytes + Number(response.headers.get("content-length") ?? 0));
      for await (const chunk of response.body ?? []) {
        timer.refresh();
        await this.#write(chunk);
      }
    } catch (thrown) {
      if (stall.signal.aborted) throw stall.signal.reason;
      // What fetch throws says nothing; why is in its cause.
      const { cause } = thrown as Error;
      throw cause === undefined ? thrown : new Error(reasonOf(cause));
    } finally {
      clearTimeout(timer);
    }
  }

  async #write(chunk: Uint8Array): Promise<void> {
    this.#grow(this.#bytes + chunk.length);
    for (let at = 0; at < chunk.length; ) {
      const { bytesWritten } = await this.#file.write(chunk, at, chunk.length - at, this.#bytes);
      at += bytesWritten;
      this.#bytes += bytesWritten;
    }
  }

  #headers(): Record<string, string> {
    // Bytes as they are stored: what is asked for again must be the same.
    const plain = { "accept-encoding": "identity" };
    if (this.#bytes === 0 || this.#version === undefined) return plain;
    return { ...plain, range: `bytes=${this.#bytes}-`, "if-range": this.#version };
  }

  async #begin(response: Response): Promise<void> {
    const { status, headers } = response;
    const start = /^bytes (\d+)-/.exec(headers.get("content-range") ?? "")?.[1];
    if (status === 206 && Number(start) === this.#bytes) return;
    if (status !== 200) {
      const wasAt = this.#bytes;
      if (status === 206 || status === 416) this.#bytes = 0;
      await response.body?.cancel();
      // Another part than was asked for: from the start, then.
      const isOtherPart = wasAt > 0 && this.#bytes === 0;
      const isPassing = status >= 500 || status === 408 || status === 429 || isOtherPart;
      const Kind = isPassing ? Error : Final;
      throw new Kind(`the server answered with status ${status}`);
    }
    this.#bytes = 0;
    await this.#file.truncate(0);
    const tag = headers.get("etag");
    const isStrong = tag !== null && !tag.startsWith("W/");
    this.#version = (isStrong ? tag : headers.get("last-modified")) ?? undefined;
  }
}
