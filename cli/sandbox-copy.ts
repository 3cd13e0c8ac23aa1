import { randomBytes } from "node:crypto";
import { mkdirSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errors, reasonOf, TepuiError } from "../contract/errors.ts";
import {
  type OpenedFile,
  type OpenedFolder,
  openSandboxPath,
  type SandboxEntry,
  type SandboxPlace,
} from "../sdk/index.ts";

/** What was copied, and what was not. */
export interface Copied {
  readonly files: { readonly path: string; readonly to: string; readonly bytes: number }[];
  readonly skipped: { readonly path: string; readonly reason: string }[];
}

/** What is copied from where; `copied` grows while it is. */
interface Copy {
  readonly place: SandboxPlace;
  readonly signal: AbortSignal;
  readonly copied: Copied;
}

/**
 * Copies a file or a folder of a sandbox to a local path; into it, when that is a folder. What was
 * there is replaced when its successor is whole, never before.
 * @throws SANDBOX_UNREADABLE, SANDBOX_PATH_OUTSIDE, SANDBOX_PATH_IS_FOLDER, CLI_FILE_UNWRITABLE
 */
export async function copyOut(
  place: SandboxPlace,
  path: string,
  local: string,
  options: { readonly isRecursive: boolean; readonly signal: AbortSignal },
): Promise<Copied> {
  const { isRecursive, signal } = options;
  const copied: Copied = { files: [], skipped: [] };
  const found = await openSandboxPath(place, path, signal);
  if (found.isFolder && !isRecursive) throw errors.SANDBOX_PATH_IS_FOLDER(path || "the sandbox");
  const name = basename(path) || place.taskId;
  const to = look(local)?.isDirectory() ? join(local, name) : local;
  const copy = { place, signal, copied };
  if (found.isFolder) await copyFolder(copy, path, to, found);
  else await copyFile(copy, path, to, found);
  return copied;
}

function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

async function copyFolder(
  copy: Copy,
  path: string,
  to: string,
  { entries }: OpenedFolder,
): Promise<void> {
  try {
    mkdirSync(to, { recursive: true });
  } catch (cause) {
    throw errors.CLI_FILE_UNWRITABLE(to, reasonOf(cause));
  }
  for (const entry of entries) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    await copyEntry(copy, entry, inner, join(to, entry.name));
  }
}

async function copyEntry(
  copy: Copy,
  { mode }: SandboxEntry,
  path: string,
  to: string,
): Promise<void> {
  const { skipped } = copy.copied;
  const isLink = mode.startsWith("l");
  if (!isLink && !/^[-d]/.test(mode)) {
    skipped.push({ path, reason: "it is no file" });
    return;
  }
  let found: OpenedFile | OpenedFolder;
  try {
    found = await openSandboxPath(copy.place, path, copy.signal);
  } catch (thrown) {
    // A link may lead nowhere or out of the sandbox; that is no fault of the others.
    if (!isLink || copy.signal.aborted || !(thrown instanceof TepuiError)) throw thrown;
    skipped.push({ path, reason: thrown.message });
    return;
  }
  // A link to a folder may lead round in circles, and what it leads to is copied by itself.
  if (found.isFolder && isLink) skipped.push({ path, reason: "it is a link to a folder" });
  else if (found.isFolder) await copyFolder(copy, path, to, found);
  else await copyFile(copy, path, to, found);
}

/** Writes beside the name and renames, so that nobody ever sees half a file under it. */
async function copyFile(copy: Copy, path: string, to: string, found: OpenedFile): Promise<void> {
  const beside = join(dirname(to), `.${basename(to)}.${randomBytes(6).toString("hex")}.part`);
  let bytes = 0;
  let file: FileHandle | undefined;
  try {
    const handle = await writing(to, () => open(beside, "wx", found.mode | 0o600));
    file = handle;
    for await (const chunk of fileBytes(path, found)) {
      await writing(to, () => handle.writeFile(chunk));
      bytes += chunk.length;
    }
    await writing(to, () => handle.close());
    await writing(to, () => rename(beside, to));
  } catch (thrown) {
    await file?.close().catch(() => {});
    if (file !== undefined) await unlink(beside).catch(() => {});
    await found.body.cancel().catch(() => {});
    throw thrown;
  }
  copy.copied.files.push({ path, to, bytes });
}

async function writing<T>(to: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    throw errors.CLI_FILE_UNWRITABLE(to, reasonOf(cause));
  }
}

/**
 * The bytes of a file, all of them.
 * @throws SANDBOX_UNREADABLE when they are fewer than the agent said
 */
export async function* fileBytes(
  path: string,
  { body, size }: OpenedFile,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (thrown) {
    throw thrown instanceof TepuiError ? thrown : errors.SANDBOX_UNREADABLE(path, reasonOf(thrown));
  }
  // It was cut off in the meantime, by its task or by a rotation.
  if (bytes !== size) throw errors.SANDBOX_UNREADABLE(path, `${bytes} of ${size} bytes came`);
}
