import { errors, reasonOf } from "../contract/errors.ts";

/** Where a task's sandbox is served: its agent's HTTP server, and whose sandbox it is. */
export interface SandboxPlace {
  readonly ip: string;
  readonly port: number;
  readonly frameworkId: string;
  /** The task's id for command tasks, whose executor is the agent's own (F20). */
  readonly executorId: string;
}

/** Part of a file. `size` is that of the whole file at the time. */
export interface FilePart {
  readonly data: string;
  readonly offset: number;
  readonly size?: number;
}

/** URL of one file of a sandbox, by the virtual path that agents serve (v1-wire 8.5, F40). */
export function sandboxUrl(
  place: SandboxPlace,
  file: string,
  action: "download" | "read" = "download",
): URL {
  const host = place.ip.includes(":") ? `[${place.ip}]` : place.ip;
  const url = new URL(`http://${host}:${place.port}/files/${action}`);
  const { frameworkId, executorId } = place;
  const path = `/frameworks/${frameworkId}/executors/${executorId}/runs/latest/${file}`;
  url.searchParams.set("path", path);
  return url;
}

/**
 * Opens a whole file of a sandbox as a stream of bytes.
 * @throws SANDBOX_UNREADABLE when the agent does not answer or has no such file.
 */
export async function downloadSandboxFile(
  place: SandboxPlace,
  file: string,
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const url = sandboxUrl(place, file);
  const response = await get(url, signal);
  if (response.body === null) throw errors.SANDBOX_UNREADABLE(url.href, "there is no body");
  return response.body as ReadableStream<Uint8Array>;
}

/**
 * Reads up to `length` bytes from `offset`; empty at the end of the file. An agent gives at most
 * 64 KiB at once.
 * @throws SANDBOX_UNREADABLE
 */
export async function readSandboxFile(
  place: SandboxPlace,
  file: string,
  offset: number,
  length = 65_536,
  signal?: AbortSignal,
): Promise<FilePart> {
  const url = sandboxUrl(place, file, "read");
  url.searchParams.set("offset", String(offset));
  url.searchParams.set("length", String(length));
  const response = await get(url, signal);
  try {
    return (await response.json()) as FilePart;
  } catch (thrown) {
    throw errors.SANDBOX_UNREADABLE(url.href, reasonOf(thrown));
  }
}

async function get(url: URL, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, signal === undefined ? {} : { signal });
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw errors.SANDBOX_UNREADABLE(url.href, reasonOf(cause));
  }
  if (response.ok) return response;
  await response.body?.cancel();
  throw errors.SANDBOX_UNREADABLE(url.href, `the agent answered ${response.status}`);
}
