import { lstatSync, mkdirSync, readdirSync, renameSync, unlinkSync } from "node:fs";
import { chown, open } from "node:fs/promises";
import { basename, join } from "node:path";
import { errors, type TepuiError } from "../../contract/errors.ts";
import { removeTree, removeTreeSync } from "../../wire/remove-tree.ts";
import { type Identity, runAs } from "./programs.ts";
import type { ArchiveKind } from "./uri.ts";

/** What is to be unpacked. */
export interface Archive {
  readonly path: string;
  readonly kind: ArchiveKind;
  /** For people. */
  readonly shown: string;
  /** Name in the sandbox that a single compressed file has before it is unpacked. */
  readonly name: string;
}

/**
 * Unpacks an archive into a sandbox with the rights of its user. It is unpacked aside first and
 * moved in without following links, so what an archive holds cannot land anywhere else.
 * @throws FETCH_ARCHIVE_ESCAPES, FETCH_ARCHIVE, FETCH_DISK_FULL, FETCH_PROGRAM_MISSING
 */
export async function unpack(
  archive: Archive,
  sandbox: string,
  identity: Identity | undefined,
  signal: AbortSignal,
): Promise<void> {
  const aside = join(sandbox, `.unpacking-${basename(archive.path)}`);
  mkdirSync(aside, { mode: 0o755 });
  try {
    if (identity !== undefined) await chown(aside, identity.uid, identity.gid);
    if (archive.kind === "gz") await unpackFile(archive, aside, identity, signal);
    else await unpackTree(archive, aside, identity, signal);
    moveInto(aside, sandbox);
  } finally {
    await removeTree(aside);
  }
}

async function unpackTree(
  { path, kind, shown }: Archive,
  aside: string,
  identity: Identity | undefined,
  signal: AbortSignal,
): Promise<void> {
  // Told to be quiet, unzip says nothing of paths that lead out either.
  const words: readonly [string, ...string[]] =
    kind === "zip"
      ? ["unzip", "-o", path, "-d", aside]
      : ["tar", "-x", "-f", path, "-C", aside, "--no-same-owner"];
  const { code, text, wayOut } = await runAs(identity, words, { cwd: aside, signal });
  if (wayOut !== undefined) throw errors.FETCH_ARCHIVE_ESCAPES(shown, wayOut);
  if (code !== 0) throw failed(shown, text, `${words[0]} ${code}`);
}

/** A full disk is no fault of the archive; programs that unpack say so in these words. */
function failed(shown: string, text: string, otherwise: string): TepuiError {
  if (/No space left|disk full|Wrote only \d+ of \d+ bytes|quota exceeded/i.test(text))
    return errors.FETCH_DISK_FULL(shown);
  return errors.FETCH_ARCHIVE(shown, text.split("\n")[0] || otherwise);
}

async function unpackFile(
  { path, shown, name }: Archive,
  aside: string,
  identity: Identity | undefined,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(join(aside, basename(name).replace(/\.gz$/i, "")), "wx", 0o644);
  try {
    if (identity !== undefined) await file.chown(identity.uid, identity.gid);
    const options = { cwd: aside, signal, stdout: file.fd };
    const { code, text } = await runAs(identity, ["gzip", "-d", "-c", path], options);
    if (code !== 0) throw failed(shown, text, `gzip ${code}`);
  } finally {
    await file.close();
  }
}

/** Moves what is in a folder into another; folders are merged, other things replaced. */
function moveInto(from: string, to: string): void {
  for (const name of readdirSync(from)) {
    const [source, target] = [join(from, name), join(to, name)];
    const there = lstatSync(target, { throwIfNoEntry: false });
    if (there?.isDirectory() === true && lstatSync(source).isDirectory()) {
      moveInto(source, target);
      continue;
    }
    if (there?.isDirectory() === true) removeTreeSync(target);
    else if (there !== undefined) unlinkSync(target);
    renameSync(source, target);
  }
}
