import { userInfo } from "node:os";

/** A user of this machine. */
export interface User {
  /** The number, for a user without a name. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user that this process runs as. Containers and build machines run programs under numbers that
 * are in no list of users; the number is the name then.
 */
export function ownUser(): User {
  try {
    const { username, uid, gid } = userInfo();
    return { name: username, uid, gid };
  } catch {
    const uid = process.geteuid?.() ?? 0;
    return { name: String(uid), uid, gid: process.getegid?.() ?? 0 };
  }
}
