import { lchownSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { PersistentVolume } from "../../../contract/ports/isolator.ts";
import type { Engine } from "./engine.ts";

/** Users and groups of an image take less, or are not looked at. */
const LIST_BYTES_MAX = 1 << 20;
const BLOCK_BYTES = 512;

/** A user by numbers. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Whom a container that has been made runs as: `USER[:GROUP]`, names or numbers, of its command,
 * its parameters or its image, by the image's own lists. `undefined` when these do not say; the
 * engine then refuses to start it, with the reason.
 */
export async function ownerOf(engine: Engine, name: string): Promise<Owner | undefined> {
  const words = (await engine.inspect(name))?.Config.User ?? "";
  const [user = "", group] = words === "" ? ["0"] : words.split(":");
  if (/^\d+$/.test(user) && group !== undefined && /^\d+$/.test(group)) {
    return { uid: Number(user), gid: Number(group) };
  }
  const find = async (file: string, wanted: string) => {
    const text = plainFileIn(await engine.archive(name, file, LIST_BYTES_MAX));
    const rows = text.split("\n").map((line) => line.split(":"));
    return rows.find(([called, , number]) => called === wanted || number === wanted);
  };
  // A number that is in no list is a user of the group 0.
  const row = user === "0" && group !== undefined ? undefined : await find("/etc/passwd", user);
  const uid = Number(row?.[2] ?? user);
  const gid = Number(
    group === undefined ? (row?.[3] ?? 0) : ((await find("/etc/group", group))?.[2] ?? group),
  );
  return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined;
}

/**
 * Gives a sandbox with what was fetched into it, and volumes themselves, to whom the container runs
 * as. Only root can give anything away: what another agent has is its own user's.
 */
export function giveTo(sandbox: string, volumes: readonly PersistentVolume[], owner: Owner): void {
  if (process.getuid?.() !== 0) return;
  giveFolder(sandbox, owner);
  for (const { hostPath } of volumes) lchownSync(hostPath, owner.uid, owner.gid);
}

function giveFolder(folder: string, owner: Owner): void {
  lchownSync(folder, owner.uid, owner.gid);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) giveFolder(path, owner);
    else lchownSync(path, owner.uid, owner.gid);
  }
}

/** The text of the first plain file of an archive in the form of tar; empty when it has none. */
export function plainFileIn(archive: Buffer): string {
  for (let at = 0; at + BLOCK_BYTES <= archive.length; ) {
    const size = Number.parseInt(archive.toString("latin1", at + 124, at + 135), 8);
    if (!Number.isInteger(size)) return "";
    const kind = archive.toString("latin1", at + 156, at + 157);
    const begin = at + BLOCK_BYTES;
    if (kind === "0" || kind === "\0") return archive.toString("utf8", begin, begin + size);
    at = begin + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return "";
}
