import { hostPort } from "../contract/address.ts";
import { errors, reasonOf } from "../contract/errors.ts";

/** Where a task's sandbox is served: its agent's HTTP server, and whose sandbox it is. */
export interface SandboxPlace {
  readonly ip: string;
  readonly port: number;
  readonly frameworkId: string;
  readonly taskId: string;
}

/** An agent that says nothing for this long is not going to. */
const SILENCE_MS = 15_000;

/** Which part of a file; all of it by default. */
export interface FileRange {
  /** In bytes; an offset at or beyond the end gives nothing. */
  readonly offset?: number;
  readonly length?: number;
}

/** URL of one file of a sandbox, at the address by task that agents serve. */
export function sandboxUrl(place: SandboxPlace, file: string, range: FileRange = {}): URL {
  const parts = [place.frameworkId, place.taskId, ...file.split("/")].map(encodeURIComponent);
  const url = new URL(`http://${hostPort(place.ip, place.port)}/sandbox/${parts.join("/")}`);
  if (range.offset !== undefined) url.searchParams.set("offset", String(range.offset));
  if (range.length !== undefined) url.searchParams.set("length", String(range.length));
  return url;
}

/**
 * Opens a file of a sandbox as a stream of bytes, up to its size at the time. The stream fails when
 * the agent is silent for 15 s, as one that hangs would otherwise hold its reader for minutes.
 * @throws SANDBOX_UNREADABLE when the agent does not answer or has no such file.
 */
export async function openSandboxFile(
  place: SandboxPlace,
  file: string,
  range: FileRange = {},
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const url = sandboxUrl(place, file, range);
  const silence = new AbortController();
  const guarded = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const timer = setTimeout(() => silence.abort(new Error("it is silent")), SILENCE_MS);
    return act().finally(() => clearTimeout(timer));
  };
  const both = signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]);
  const { body } = await guarded(() => get(url, both));
  if (body === null) throw errors.SANDBOX_UNREADABLE(url.href, "there is no body");
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      // The clock runs while the agent is waited for, not while our own reader is busy.
      const { done, value } = await guarded(() => reader.read());
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

/**
 * Reads a file of a sandbox into memory.
 * @throws SANDBOX_UNREADABLE
 */
export async function readSandboxFile(
  place: SandboxPlace,
  file: string,
  range: FileRange = {},
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const body = await openSandboxFile(place, file, range, signal);
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (thrown) {
    throw errors.SANDBOX_UNREADABLE(sandboxUrl(place, file, range).href, reasonOf(thrown));
  }
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : new Uint8Array(Buffer.concat(chunks));
}

/**
 * The same as text.
 * @throws SANDBOX_UNREADABLE
 */
export async function sandboxText(
  place: SandboxPlace,
  file: string,
  range: FileRange = {},
): Promise<string> {
  return new TextDecoder().decode(await readSandboxFile(place, file, range));
}

async function get(url: URL, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw errors.SANDBOX_UNREADABLE(url.href, reasonOf(cause));
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw errors.SANDBOX_UNREADABLE(url.href, `the agent answered ${response.status}`);
}
