import { readFileSync } from "node:fs";
import type { User } from "../../../wire/own-user.ts";

/** Group of those who have none: what Linux shows for groups that it cannot show. */
const NO_GROUP = 65_534;
/** The largest number of a user; the one above it means "leave it as it is". */
const UID_MAX = 2 ** 32 - 2;

/**
 * The user of a name or number, from the system's user list; `undefined` for a name that is not in
 * it. A number needs no entry, as for `chown`; it has no group then.
 */
export function findUser(name: string, file = "/etc/passwd"): User | undefined {
  for (const line of linesOf(file)) {
    const [login, , uid, gid] = line.split(":");
    if (login === undefined || uid === undefined || gid === undefined) continue;
    if (login === name || uid === name) return { name: login, uid: Number(uid), gid: Number(gid) };
  }
  const isNumber = /^(0|[1-9]\d{0,9})$/.test(name) && Number(name) <= UID_MAX;
  return isNumber ? { name, uid: Number(name), gid: NO_GROUP } : undefined;
}

/** Numbers of the groups that list a user as their member. */
export function groupsOf(name: string, file = "/etc/group"): readonly number[] {
  return linesOf(file).flatMap((line) => {
    const [, , gid, members] = line.split(":");
    return members?.split(",").includes(name) === true ? Number(gid) : [];
  });
}

/** Lines of a list of the system, which may be missing in a small container. */
function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
