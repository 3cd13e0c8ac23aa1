import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** A user of this machine. */
export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user of a name or number, from the system's user list; `undefined` when there is none.
 * A number needs no entry, as for `chown`.
 */
export function findUser(name: string, file = "/etc/passwd"): User | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
  for (const line of text.split("\n")) {
    const [login, , uid, gid] = line.split(":");
    if (login === undefined || uid === undefined || gid === undefined) continue;
    if (login === name || uid === name) return { name: login, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** The user that this process runs as. */
export function ownUser(): User {
  const { username, uid, gid } = userInfo();
  return { name: username, uid, gid };
}

/** Numbers of the groups that list a user as their member. */
export function groupsOf(name: string, file = "/etc/group"): readonly number[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    const [, , gid, members] = line.split(":");
    return members?.split(",").includes(name) === true ? Number(gid) : [];
  });
}
