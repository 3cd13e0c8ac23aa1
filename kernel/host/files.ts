import {
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readSync,
} from "node:fs";
import { basename, join } from "node:path";
import { errors } from "../../contract/errors.ts";
import { limits } from "../../contract/limits.ts";
import type { FileShown, ShownFiles } from "../../contract/ports/files.ts";
import type { HttpExchange, HttpStream } from "../../contract/ports/http.ts";

const JSON_TYPE = { "content-type": "application/json" } as const;
const BYTES_TYPE = { "content-type": "application/octet-stream" } as const;

/** Which files a process shows, and under which names. */
export interface FilePlaces {
  /**
   * The real path of what is shown under a name.
   * @throws FILE_UNKNOWN, FILE_OUTSIDE
   */
  place(path: string): string;
  /** What is shown: real paths by name. */
  attached(): Readonly<Record<string, string>>;
}

/** Shows files as Mesos does (v1-wire 8.5). */
export function showFiles({ place, attached }: FilePlaces): ShownFiles {
  const at = (exchange: HttpExchange): string => {
    const path = new URLSearchParams(exchange.query).get("path");
    if (path === null || path === "") throw errors.FILE_PARAMETER("path", "is missing");
    return place(path);
  };
  return {
    list: (path) => filesIn(place(path)),
    read: (path, offset, length) => readPart(place(path), offset, length),
    pages: {
      browse: (exchange) => browse(exchange, at(exchange)),
      debug: (exchange) => exchange.respond(200, JSON_TYPE, JSON.stringify(attached())),
      download: (exchange) => streamFile(exchange, at(exchange), true),
      read: (exchange) => answerPart(exchange, at(exchange)),
    },
  };
}

/** Nothing but a process's own log, under one name, and not even that where there is no file. */
export function logOnly(name: string, file: string | undefined): FilePlaces {
  return {
    place: (path) => {
      if (path !== name || file === undefined) throw errors.FILE_UNKNOWN(path);
      return file;
    },
    attached: () => (file === undefined ? {} : { [name]: file }),
  };
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

function opened(path: string, flags: number): number {
  try {
    return openSync(path, flags);
  } catch (thrown) {
    // A log that was moved away is nothing that goes wrong here.
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") throw errors.FILE_UNKNOWN(path);
    throw thrown;
  }
}

interface OpenFile {
  readonly file: number;
  readonly size: number;
  readonly mode: number;
  /** Which file it is, whatever its name becomes. */
  readonly id: string;
}

/** Opens a plain file; what is not one (a pipe would block) is refused. */
function openFile(path: string): OpenFile {
  const file = opened(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  const stat = fstatSync(file);
  const { size, mode, dev, ino } = stat;
  if (stat.isFile()) return { file, size, mode, id: `${dev}-${ino}` };
  closeSync(file);
  throw errors.FILE_UNKNOWN(path);
}

/** A part of a plain file, and the size of the whole. */
function readPart(
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

/** What is in a folder, by name; as with Mesos, there is nothing in what is none. */
function filesIn(path: string): FileShown[] {
  if (!lstatSync(path).isDirectory()) return [];
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

/** Answers with what is in a folder. */
export function browse(exchange: HttpExchange, path: string): void {
  const rows = filesIn(path).map(({ mtimeMs, mode, ...row }) => ({
    ...row,
    mtime: mtimeMs / 1_000,
    mode: modeText(mode),
  }));
  exchange.respond(200, JSON_TYPE, JSON.stringify(rows));
}

/**
 * Answers with a file as a stream, from `offset` on and of `length` bytes where they are given;
 * browsers keep one that `isDownload` under its own name.
 */
export function streamFile(exchange: HttpExchange, path: string, isDownload = false): void {
  const start = Math.max(0, wholeNumber(exchange, "offset") ?? 0);
  const asked = wholeNumber(exchange, "length") ?? -1;
  const { file, size, mode, id } = openFile(path);
  // What is written while we read is not part of the answer: its size is that of now.
  const end = Math.min(size, asked === -1 ? size : start + asked);
  const bits = (mode & 0o777).toString(8);
  const about = { "x-tepui-size": `${size}`, "x-tepui-mode": bits, "x-tepui-file": id };
  const kept = isDownload ? { "content-disposition": dispositionOf(basename(path)) } : {};
  const out = exchange.stream(200, { ...BYTES_TYPE, ...about, ...kept });
  if (end <= start) {
    closeSync(file);
    out.end();
    return;
  }
  pump(path, file, { start, end: end - 1 }, out);
}

/** The name as a header carries it: tasks name their files as they like. */
function dispositionOf(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/gu, "_");
  const exact = plain === name ? "" : `; filename*=UTF-8''${encoded(name)}`;
  return `attachment; filename="${plain}"${exact}`;
}

/** Percent-encoded as RFC 5987 has it, which takes less than URLs do. */
function encoded(name: string): string {
  const text = encodeURIComponent(name);
  return text.replace(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
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
