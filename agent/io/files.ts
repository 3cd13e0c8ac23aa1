import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
} from "node:fs";
import { isAbsolute, join, sep } from "node:path";
import { errors } from "../../contract/errors.ts";
import type { FrameworkId, TaskId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { FileShown } from "../../contract/ports/agent-view.ts";
import type { HttpExchange, HttpRouter, HttpStream } from "../../contract/ports/http.ts";
import type { Sandboxes } from "./sandbox.ts";

const JSON_TYPE = { "content-type": "application/json" } as const;
const BYTES_TYPE = { "content-type": "application/octet-stream" } as const;

/**
 * The real path of something in a sandbox. Links are followed first and judged by where they lead,
 * so a task cannot make a link that shows a file of the host.
 * @throws FILE_UNKNOWN, FILE_OUTSIDE
 */
export function confined(sandboxes: Sandboxes, path: string): string {
  return within(sandboxes.root, isAbsolute(path) ? path : join(sandboxes.root, path));
}

function within(folder: string, path: string): string {
  let root: string;
  let real: string;
  try {
    root = realpathSync(folder);
    real = realpathSync(path);
  } catch {
    throw errors.FILE_UNKNOWN(path);
  }
  if (real !== root && !real.startsWith(root + sep)) throw errors.FILE_OUTSIDE(path);
  return real;
}

/**
 * Serves sandboxes: `/files/read`, `/files/browse`, `/files/download` and `/files/debug` as Mesos
 * does (v1-wire 8.5), also below the name that an agent has there; and
 * `/sandbox/FRAMEWORK/TASK/FILE`, a stable address by task: a file as a stream, from `offset` on
 * and of `length` bytes where they are given; a folder as the list of what is in it.
 */
export function routeFiles(router: HttpRouter, sandboxes: Sandboxes): void {
  const at = (exchange: HttpExchange): string => {
    const path = new URLSearchParams(exchange.query).get("path");
    if (path === null || path === "") throw errors.FILE_PARAMETER("path", "is missing");
    return confined(sandboxes, path);
  };
  for (const prefix of ["", "/slave(1)"]) {
    for (const suffix of ["", ".json"]) {
      const path = (name: string): string => `${prefix}/files/${name}${suffix}`;
      router.route("GET", path("read"), (exchange) => answerPart(exchange, at(exchange)));
      router.route("GET", path("browse"), (exchange) => browse(exchange, at(exchange)));
      router.route("GET", path("download"), (exchange) => stream(exchange, at(exchange)));
      router.route("GET", path("debug"), (exchange) => {
        exchange.respond(200, JSON_TYPE, JSON.stringify({ [sandboxes.root]: sandboxes.root }));
      });
    }
  }
  router.route("GET", "/sandbox/*", (exchange) => {
    const [frameworkId = "", taskId = "", ...rest] = exchange.rest.split("/");
    const sandbox = sandboxes.ofTask(frameworkId as FrameworkId, taskId as TaskId);
    if (sandbox === undefined) throw errors.TASK_UNKNOWN_HERE(`${frameworkId}/${taskId}`);
    // Who asks by task means what is the task's: a link into another's sandbox leads out of it.
    const real = within(sandbox, join(sandbox, ...rest));
    if (lstatSync(real).isDirectory()) browse(exchange, real);
    else stream(exchange, real);
  });
}

function wholeNumber(exchange: HttpExchange, name: string): number | undefined {
  const text = new URLSearchParams(exchange.query).get(name);
  if (text === null) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < -1) {
    throw errors.FILE_PARAMETER(name, `must be a whole number, not "${text}"`);
  }
  return value;
}

interface OpenFile {
  readonly file: number;
  readonly size: number;
  readonly mode: number;
}

/** Opens a plain file; what is not one (a pipe would block) is refused. */
function openFile(path: string): OpenFile {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  const stat = fstatSync(file);
  if (stat.isFile()) return { file, size: stat.size, mode: stat.mode };
  closeSync(file);
  throw errors.FILE_UNKNOWN(path);
}

/** A part of a plain file, and the size of the whole. */
export function readPart(
  path: string,
  offset: number,
  length: number = limits.fileReadBytesMax,
): { size: number; data: Buffer } {
  const { file, size } = openFile(path);
  try {
    const room = Math.max(0, Math.min(length, limits.fileReadBytesMax, size - offset));
    const buffer = Buffer.alloc(room);
    const bytes = readSync(file, buffer, 0, buffer.length, offset);
    return { size, data: buffer.subarray(0, bytes) };
  } finally {
    closeSync(file);
  }
}

function answerPart(exchange: HttpExchange, path: string): void {
  const offset = wholeNumber(exchange, "offset") ?? -1;
  const asked = wholeNumber(exchange, "length") ?? -1;
  // Without an offset only the size is asked for, as tools do before they follow a file.
  const { size, data } = readPart(path, Math.max(offset, 0), offset === -1 ? 0 : undefined);
  const shown = asked === -1 ? data : data.subarray(0, asked);
  const answer = offset === -1 ? { data: "", offset: size } : { data: shown.toString(), offset };
  exchange.respond(200, JSON_TYPE, JSON.stringify(answer));
}

/** First letters of modes, by the kind that `stat` tells. */
const kindLetters: ReadonlyMap<number, string> = new Map([
  [constants.S_IFDIR, "d"],
  [constants.S_IFLNK, "l"],
  [constants.S_IFIFO, "p"],
  [constants.S_IFSOCK, "s"],
  [constants.S_IFCHR, "c"],
  [constants.S_IFBLK, "b"],
]);

function modeText(mode: number): string {
  const bits = [..."rwxrwxrwx"].map((letter, at) => (mode & (1 << (8 - at)) ? letter : "-"));
  return (kindLetters.get(mode & constants.S_IFMT) ?? "-") + bits.join("");
}

/** What is in a folder, by name. */
export function filesIn(path: string): FileShown[] {
  if (!lstatSync(path).isDirectory()) throw errors.FILE_UNKNOWN(path);
  const rows: FileShown[] = [];
  for (const name of readdirSync(path).sort()) {
    const full = join(path, name);
    try {
      const { size, nlink, mtimeMs, mode, uid, gid } = lstatSync(full);
      rows.push({ path: full, size, nlink, mtimeMs, mode, uid: String(uid), gid: String(gid) });
    } catch {
      // It was removed while we looked.
    }
  }
  return rows;
}

function browse(exchange: HttpExchange, path: string): void {
  const rows = filesIn(path).map(({ mtimeMs, mode, ...row }) => ({
    ...row,
    mtime: mtimeMs / 1_000,
    mode: modeText(mode),
  }));
  exchange.respond(200, JSON_TYPE, JSON.stringify(rows));
}

function stream(exchange: HttpExchange, path: string): void {
  const start = Math.max(0, wholeNumber(exchange, "offset") ?? 0);
  const asked = wholeNumber(exchange, "length") ?? -1;
  const { file, size, mode } = openFile(path);
  // What is written while we read is not part of the answer: its size is that of now.
  const end = Math.min(size, asked === -1 ? size : start + asked);
  const about = { "x-tepui-size": String(size), "x-tepui-mode": (mode & 0o777).toString(8) };
  const out = exchange.stream(200, { ...BYTES_TYPE, ...about });
  if (end <= start) {
    closeSync(file);
    out.end();
    return;
  }
  pump(path, file, { start, end: end - 1 }, out);
}

function pump(
  path: string,
  file: number,
  range: { readonly start: number; readonly end: number },
  out: HttpStream,
): void {
  const input = createReadStream(path, { fd: file, ...range, highWaterMark: 256 << 10 });
  input.on("data", (chunk) => {
    if (!out.write(chunk)) input.pause();
  });
  input.on("end", () => out.end());
  input.on("error", () => out.abort());
  out.onDrained(() => input.resume());
  out.onEnd(() => input.destroy());
}
