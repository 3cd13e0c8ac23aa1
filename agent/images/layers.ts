import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  createReadStream,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { errors, reasonOf } from "../../contract/errors.ts";
import { removeTreeSync } from "../../wire/remove-tree.ts";
import { Complaints } from "../fetcher/complaints.ts";

/** Room that is left for unpacking an image, so that a small file cannot fill the disk. */
export interface Budget {
  bytes: number;
}

/** What something is unpacked with. */
export interface UnpackParts {
  /** For people. */
  readonly name: string;
  readonly budget: Budget;
  /** Keep owners, rights and capabilities, which takes root. */
  readonly keepsOwners: boolean;
}

/**
 * Unpacks a tarball, compressed or not, into an empty folder and answers its digest without the
 * compression. GNU tar makes links that lead elsewhere only when all else is in its place, so
 * nothing in a fresh folder is written through one.
 * @throws IMAGE_ESCAPES, IMAGE_INVALID, IMAGE_NO_ROOM
 */
export async function untar(path: string, into: string, parts: UnpackParts): Promise<string> {
  const owners = ["-p", "--same-owner", "--xattrs", "--xattrs-include=security.capability"];
  const words = ["-x", "-f", "-", "-C", into, "--numeric-owner"];
  words.push(...(parts.keepsOwners ? owners : ["--no-same-owner"]));
  const tar = spawn("tar", words, {
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", LC_ALL: "C" },
    stdio: ["pipe", "ignore", "pipe"],
  });
  const hash = createHash("sha256");
  const ended = endOf(tar);
  let failure: unknown;
  try {
    await feed(tar, plain(path), (chunk) => {
      parts.budget.bytes -= chunk.length;
      hash.update(chunk);
      if (parts.budget.bytes >= 0) return;
      throw errors.IMAGE_NO_ROOM(parts.name, "unpacked it is larger than images.cacheSize leaves");
    });
  } catch (thrown) {
    failure = thrown;
  }
  tar.stdin?.end();
  const { code, complaints } = await ended;
  const { text, wayOut } = complaints;
  if (wayOut !== undefined) throw errors.IMAGE_ESCAPES(parts.name, wayOut);
  if (/No space left/i.test(text)) throw errors.IMAGE_NO_ROOM(parts.name, "the disk is full");
  if (failure !== undefined) throw failureOf(parts.name, failure);
  if (code !== 0) throw errors.IMAGE_INVALID(parts.name, text.split("\n")[0] || `tar: ${code}`);
  return `sha256:${hash.digest("hex")}`;
}

/**
 * Hands all that there is to a program, which may stop to listen before the end: what follows the
 * end of an archive is part of its digest.
 */
async function feed(
  { stdin }: ChildProcess,
  source: Readable,
  count: (chunk: Buffer) => void,
): Promise<void> {
  for await (const chunk of source) {
    count(chunk as Buffer);
    if (stdin === null || stdin.destroyed || stdin.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        stdin.off("drain", go).off("close", go);
        resolve();
      };
      stdin.on("drain", go).on("close", go);
    });
  }
}

function failureOf(name: string, thrown: unknown): unknown {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === "IMAGE_NO_ROOM") return thrown;
  if (code === "ENOSPC") return errors.IMAGE_NO_ROOM(name, "the disk is full");
  return errors.IMAGE_INVALID(name, reasonOf(thrown));
}

function endOf(child: ChildProcess): Promise<{ code: number | null; complaints: Complaints }> {
  const complaints = new Complaints();
  if (child.stderr !== null) {
    createInterface({ input: child.stderr }).on("line", (line) => complaints.add(line));
  }
  // A tar that has ended early says why; that it takes no more input says nothing.
  child.stdin?.on("error", () => {});
  return new Promise((resolve) => {
    child.on("error", (cause) => {
      complaints.add(reasonOf(cause));
      resolve({ code: -1, complaints });
    });
    child.on("close", (code) => resolve({ code, complaints }));
  });
}

/** A file without its compression, which is known by its first bytes. */
function plain(path: string): Readable {
  const head = Buffer.alloc(6);
  const file = openSync(path, "r");
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  const kind = head.toString("hex");
  if (kind.startsWith("1f8b")) {
    const source = createReadStream(path);
    const gunzip = createGunzip();
    source.on("error", (cause) => gunzip.destroy(cause));
    return source.pipe(gunzip);
  }
  if (kind.startsWith("28b52ffd")) return through("zstd", path);
  if (kind.startsWith("fd377a585a")) return through("xz", path);
  return createReadStream(path);
}

function through(program: string, path: string): Readable {
  const child = spawn(program, ["-d", "-c", "--", path], { stdio: ["ignore", "pipe", "ignore"] });
  const { stdout } = child;
  child.on("error", (cause) => stdout.destroy(cause));
  child.on("close", (code) => {
    if (code !== 0) stdout.destroy(new Error(`${program} ended with status ${code}`));
  });
  return stdout;
}

/**
 * Puts an unpacked layer on top of those below it: what it says is gone is removed, then its files
 * take their places. Links are replaced and never followed.
 * @throws IMAGE_ESCAPES
 */
export function putLayer(layer: string, root: string, name: string): void {
  takeAway(layer, root, name);
  mergeInto(layer, root);
}

const WHITEOUT = ".wh.";
/** Everything below the folder that it is in is gone. */
const OPAQUE = ".wh..wh..opq";

function takeAway(layer: string, root: string | undefined, name: string): void {
  const below = (each: string) => (root === undefined ? undefined : join(root, each));
  for (const entry of readdirSync(layer, { withFileTypes: true })) {
    const path = join(layer, entry.name);
    if (entry.name === OPAQUE) {
      if (root !== undefined) for (const each of readdirSync(root)) remove(join(root, each));
    } else if (entry.name.startsWith(WHITEOUT)) {
      const gone = entry.name.slice(WHITEOUT.length);
      if (gone === "" || gone === "." || gone === "..") {
        throw errors.IMAGE_ESCAPES(name, entry.name);
      }
      const doomed = below(gone);
      if (doomed !== undefined) remove(doomed);
    } else {
      const folder = below(entry.name);
      // A link in the place of a folder leads elsewhere: nothing below it is of this image.
      const isFolder = folder !== undefined && isRealFolder(folder);
      if (entry.isDirectory()) takeAway(path, isFolder ? folder : undefined, name);
      continue;
    }
    remove(path);
  }
}

function isRealFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function remove(path: string): void {
  removeTreeSync(path);
}

function mergeInto(from: string, to: string): void {
  const { mode, uid, gid } = lstatSync(from);
  lchownSync(to, uid, gid);
  chmodSync(to, mode & 0o7777);
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    if (isRealFolder(target) && isRealFolder(source)) {
      mergeInto(source, target);
      continue;
    }
    remove(target);
    renameSync(source, target);
  }
}

/** Makes an empty folder; by default one that nobody else may look into. */
export function freshFolder(path: string, mode = 0o700): string {
  remove(path);
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  return path;
}
