import { posix } from "node:path";
import { hostPort } from "../contract/address.ts";
import { errors, reasonOf } from "../contract/errors.ts";
import { basicHeaders } from "./credentials.ts";

/** Where a task's sandbox is served: its agent's HTTP server, and whose sandbox it is. */
export interface SandboxPlace {
  readonly ip: string;
  readonly port: number;
  readonly frameworkId: string;
  readonly taskId: string;
  /** `PRINCIPAL:SECRET`, where the agent asks for credentials. */
  readonly credentials?: string;
}

/** An agent that says nothing for this long is not going to. */
const SILENCE_MS = 15_000;

/** Which part of a file; all of it by default. */
export interface FileRange {
  /** In bytes; an offset at or beyond the end gives nothing. */
  readonly offset?: number;
  readonly length?: number;
}

/** Something that is in a folder of a sandbox. */
export interface SandboxEntry {
  readonly name: string;
  /** As `ls -l` shows it, such as `-rw-r--r--`; links are shown as links, and not followed. */
  readonly mode: string;
  /** In bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly uid: string;
  readonly gid: string;
}

/** A file of a sandbox that is being read. */
export interface OpenedFile {
  readonly isFolder: false;
  /** In bytes, as it was when it was opened; the stream has as many. */
  readonly size: number;
  /** Its permission bits. */
  readonly mode: number;
  readonly body: ReadableStream<Uint8Array>;
}

/** A folder of a sandbox, and what is in it, by name. */
export interface OpenedFolder {
  readonly isFolder: true;
  readonly entries: readonly SandboxEntry[];
}

/**
 * A path in a sandbox without detours, empty for the sandbox itself. It is taken from the sandbox
 * on, so `/a`, `a/` and `b/../a` are all `a`.
 * @throws SANDBOX_PATH_OUTSIDE
 */
export function pathInSandbox(path: string): string {
  const plain = posix.normalize(path.replace(/^\/+/, "") || ".").replace(/\/$/, "");
  // URLs have no way up either: an agent would be asked for something else.
  if (plain === ".." || plain.startsWith("../")) throw errors.SANDBOX_PATH_OUTSIDE(path);
  return plain === "." ? "" : plain;
}

/**
 * URL of one file of a sandbox, at the address by task that agents serve.
 * @throws SANDBOX_PATH_OUTSIDE
 */
export function sandboxUrl(place: SandboxPlace, file: string, range: FileRange = {}): URL {
  const names = pathInSandbox(file).split("/");
  const parts = [place.frameworkId, place.taskId, ...names].map(encodeURIComponent);
  const url = new URL(`http://${hostPort(place.ip, place.port)}/sandbox/${parts.join("/")}`);
  if (range.offset !== undefined) url.searchParams.set("offset", String(range.offset));
  if (range.length !== undefined) url.searchParams.set("length", String(range.length));
  return url;
}

/**
 * Opens a file of a sandbox as a stream of bytes, up to its size at the time. The stream fails when
 * the agent is silent for 15 s, as one that hangs would otherwise hold its reader for minutes.
 * @throws SANDBOX_UNREADABLE when the agent does not answer or has no such file,
 * AGENT_CREDENTIALS when it asks for others than are given.
 */
export async function openSandboxFile(
  place: SandboxPlace,
  file: string,
  range: FileRange = {},
  signal?: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  return await openBody(sandboxUrl(place, file, range), place, signal, ({ body }) => body);
}

/**
 * Opens what is at a path of a sandbox: a file as a stream of bytes, a folder as a list. The stream
 * fails like that of `openSandboxFile`.
 * @throws SANDBOX_UNREADABLE, SANDBOX_PATH_OUTSIDE when it is a link that leads out of the sandbox
 */
export async function openSandboxPath(
  place: SandboxPlace,
  path: string,
  signal?: AbortSignal,
): Promise<OpenedFile | OpenedFolder> {
  const url = sandboxUrl(place, path);
  let head = new Headers();
  const body = await openBody(url, place, signal, (response) => {
    head = response.headers;
    return response.body;
  });
  if (head.get("content-type")?.startsWith("application/json") === true) {
    return { isFolder: true, entries: await entriesOf(body, url) };
  }
  const mode = Number.parseInt(head.get("x-tepui-mode") ?? "644", 8) & 0o777;
  return { isFolder: false, size: Number(head.get("x-tepui-size")), mode, body };
}

/** Reads what agents answer for a folder. */
async function entriesOf(body: ReadableStream<Uint8Array>, url: URL): Promise<SandboxEntry[]> {
  try {
    const rows = (await new Response(body).json()) as (Omit<SandboxEntry, "mtimeMs"> & {
      readonly path: string;
      readonly mtime: number;
    })[];
    return rows.map(({ path, mode, size, mtime, uid, gid }) => {
      const name = posix.basename(path);
      // Readers make files of these names.
      if (["", ".", ".."].includes(name) || name.includes("\0")) throw new Error("a bad name");
      return { name, mode, size, mtimeMs: Math.round(mtime * 1_000), uid, gid };
    });
  } catch (thrown) {
    throw errors.SANDBOX_UNREADABLE(url.href, `it is no list of files: ${reasonOf(thrown)}`);
  }
}

/** Asks for something, and fails when the agent is silent. */
async function openBody(
  url: URL,
  { credentials }: SandboxPlace,
  signal: AbortSignal | undefined,
  take: (response: Response) => Response["body"],
): Promise<ReadableStream<Uint8Array>> {
  const silence = new AbortController();
  const guarded = <Result>(act: () => Promise<Result>): Promise<Result> => {
    const timer = setTimeout(() => silence.abort(new Error("it is silent")), SILENCE_MS);
    return act().finally(() => clearTimeout(timer));
  };
  const both = signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]);
  const body = take(await guarded(() => get(url, credentials, both)));
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

/** A part of a file of a sandbox, and which file it is, whatever its name has become since. */
export interface SandboxPart {
  readonly data: Uint8Array;
  readonly fileId: string;
}

/**
 * Reads a part of a file of a sandbox into memory.
 * @throws SANDBOX_UNREADABLE
 */
export async function readSandboxPart(
  place: SandboxPlace,
  file: string,
  range: FileRange,
  signal?: AbortSignal,
): Promise<SandboxPart> {
  const url = sandboxUrl(place, file, range);
  let fileId = "";
  const body = await openBody(url, place, signal, (response) => {
    fileId = response.headers.get("x-tepui-file") ?? "";
    return response.body;
  });
  return { data: await bytesOf(body, url), fileId };
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
  return (await readSandboxPart(place, file, range, signal)).data;
}

async function bytesOf(body: ReadableStream<Uint8Array>, url: URL): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (thrown) {
    throw errors.SANDBOX_UNREADABLE(url.href, reasonOf(thrown));
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

async function get(
  url: URL,
  credentials: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers: basicHeaders(credentials), signal });
  } catch (thrown) {
    const cause = thrown instanceof Error && thrown.cause !== undefined ? thrown.cause : thrown;
    throw errors.SANDBOX_UNREADABLE(url.href, reasonOf(cause));
  }
  if (response.ok) return response;
  if (response.status === 401) throw errors.AGENT_CREDENTIALS(url.host);
  const { code, message } = await reportOf(response);
  if (code === "FILE_OUTSIDE") throw errors.SANDBOX_PATH_OUTSIDE(decodeURI(url.pathname));
  throw errors.SANDBOX_UNREADABLE(url.href, message ?? `the agent answered ${response.status}`);
}

/** The coded error that an agent answered with, if it is one. */
async function reportOf(response: Response): Promise<{ code?: string; message?: string }> {
  try {
    return (await response.json()) as { code?: string; message?: string };
  } catch {
    return {};
  }
}
