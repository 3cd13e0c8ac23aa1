import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { errors } from "../../../contract/errors.ts";
import type { Clock } from "../../../contract/ports/clock.ts";
import type { User } from "../../../wire/own-user.ts";

/** Group of those who have none: what Linux shows for groups that it cannot show. */
const NO_GROUP = 65_534;
/** The largest number of a user; the one above it means "leave it as it is". */
const UID_MAX = 2 ** 32 - 2;
/** What Linux takes for a name at most. */
const NAME_CHARS_MAX = 256;
/** Directories over a network answer within this, or not at all. */
const ANSWER_MS = 5_000;
const FRESH_MS = 60_000;
const KNOWN_MAX = 1_000;
/** Status of `getent` when there is no such entry. */
const NOT_FOUND = 2;

/** A user, and the numbers of the groups that it is a member of. */
export interface Member extends User {
  readonly groups: readonly number[];
}

/** Where users are looked up. */
export interface UserSources {
  readonly clock: Clock;
  /** Path of the program that knows the users of LDAP, SSSD and so on; not every system has it. */
  readonly getent?: string | undefined;
  readonly passwd?: string;
  readonly group?: string;
  /** How long the program may take; 5 s. */
  readonly answerMs?: number;
}

/**
 * The users of this machine: those of its files, and those that its other sources of users know
 * (nsswitch.conf(5)). These are asked beside the agent's work, since they may be slow; what they
 * said is taken for a minute, and for longer while they do not answer.
 */
export class Users {
  readonly #sources: UserSources;
  readonly #known = new Map<string, { readonly member: Member; readonly askedMs: number }>();
  readonly #asking = new Map<string, Promise<Member | undefined>>();

  constructor(sources: UserSources) {
    this.#sources = sources;
  }

  /**
   * The user of a name or number; `undefined` for a name that nobody knows. A number needs no
   * entry, as for `chown`; it has no group then.
   * @throws USER_LOOKUP_FAILED
   */
  async find(name: string): Promise<Member | undefined> {
    const { passwd, group } = this.#sources;
    const user = userIn(linesOf(passwd ?? "/etc/passwd"), name);
    if (user !== undefined) {
      return { ...user, groups: groupsIn(linesOf(group ?? "/etc/group"), user.name) };
    }
    const found = isAskable(name) ? await this.#elsewhere(name) : undefined;
    if (found !== undefined || !isNumber(name)) return found;
    return { name, uid: Number(name), gid: NO_GROUP, groups: [] };
  }

  async #elsewhere(name: string): Promise<Member | undefined> {
    const { clock } = this.#sources;
    const known = this.#known.get(name);
    if (known !== undefined && clock.nowMs() - known.askedMs < FRESH_MS) return known.member;
    // Many tasks of one user start at once.
    const asking = this.#asking.get(name) ?? this.#ask(name);
    this.#asking.set(name, asking);
    try {
      const member = await asking;
      this.#known.delete(name);
      if (member === undefined) return undefined;
      this.#known.set(name, { member, askedMs: clock.nowMs() });
      const [oldest] = this.#known.keys();
      if (this.#known.size > KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
      return member;
    } catch (cause) {
      if (known !== undefined) return known.member;
      throw cause;
    } finally {
      this.#asking.delete(name);
    }
  }

  async #ask(name: string): Promise<Member | undefined> {
    const user = firstUser(await this.#answer("passwd", name));
    if (user === undefined) return undefined;
    // Directories may know a user by several names; groups go by the one that they say.
    const [, ...groups] = (await this.#answer("initgroups", user.name))?.match(/\S+/g) ?? [];
    return { ...user, groups: groups.map(Number) };
  }

  /** What `getent` says of a key; `undefined` when it knows nothing of it. */
  #answer(database: string, key: string): Promise<string | undefined> {
    const { getent, answerMs = ANSWER_MS } = this.#sources;
    if (getent === undefined) return Promise.resolve(undefined);
    const options = { timeout: answerMs, killSignal: "SIGKILL", encoding: "utf8" } as const;
    return new Promise((resolve, reject) => {
      execFile(getent, [database, key], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.code === NOT_FOUND) resolve(undefined);
        else {
          const late = `no answer within ${answerMs / 1_000} s`;
          const why = error.killed ? late : stderr.trim() || error.message;
          reject(errors.USER_LOOKUP_FAILED(key, `getent ${database}: ${why}`));
        }
      });
    });
  }
}

function isNumber(name: string): boolean {
  return /^(0|[1-9]\d{0,9})$/.test(name) && Number(name) <= UID_MAX;
}

/**
 * Whether `getent` takes it for a name. An option it would take for that, and what only looks like
 * a number, such as "+0", for one: that of root, which nobody who looks at the name would expect.
 */
function isAskable(name: string): boolean {
  if (isNumber(name)) return true;
  return name.length <= NAME_CHARS_MAX && !/^-|^\s*\+?\d*$|[\0\n:]/.test(name);
}

function firstUser(lines: string | undefined): User | undefined {
  const [login, , uid, gid] = lines?.split("\n", 1)[0]?.split(":") ?? [];
  if (login === undefined || !isNumber(uid ?? "") || !isNumber(gid ?? "")) return undefined;
  return { name: login, uid: Number(uid), gid: Number(gid) };
}

function userIn(lines: readonly string[], name: string): User | undefined {
  for (const line of lines) {
    const [login, , uid, gid] = line.split(":");
    if (login === undefined || uid === undefined || gid === undefined) continue;
    if (login === name || uid === name) return { name: login, uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/** Numbers of the groups that list a user as their member. */
function groupsIn(lines: readonly string[], name: string): readonly number[] {
  return lines.flatMap((line) => {
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
