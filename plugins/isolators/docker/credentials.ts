import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { errors, reasonOf } from "../../../contract/errors.ts";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
/** Where Docker keeps credentials in a home, and so a task in its sandbox; the first one wins. */
const IN_SANDBOX: readonly (readonly [string, ...string[]])[] = [
  [".docker", "config.json"],
  [".dockercfg"],
];
/** Largest credentials file that is read. */
const FILE_BYTES_MAX = 1 << 20;
/** Under this name Docker keeps the credentials of its own registry. */
const DOCKER_HUB = "index.docker.io";

/** User and password for a registry. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

interface AuthEntry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
}

/** Host of the registry that an image is pulled from: `host:port` in front of its name, if any. */
export function registryOf(image: string): string {
  const [first = "", ...rest] = image.split("/");
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  return !isHost || first === "docker.io" ? DOCKER_HUB : first;
}

/**
 * Looks a registry up in a file of the agent, in Docker's own form, with `auths` or without;
 * `undefined` when the file or the entry is not there.
 * @throws DOCKER_CREDENTIALS_INVALID
 */
export function loginFrom(file: string, registry: string): RegistryLogin | undefined {
  return loginIn(file, openUnlinked(file, file, O_NONBLOCK), undefined, registry);
}

/**
 * Looks a registry up in what a task has brought into its sandbox. An archive may have put anything
 * there, and the agent may read what the task may not: no link is followed, be it of the file or of
 * the folder it is in, and a file that belongs to somebody else than the sandbox is refused.
 * @throws DOCKER_CREDENTIALS_INVALID
 */
export function loginOfSandbox(sandbox: string, registry: string): RegistryLogin | undefined {
  for (const parts of IN_SANDBOX) {
    const login = loginBelow(sandbox, parts, registry);
    if (login !== undefined) return login;
  }
  return undefined;
}

function loginBelow(
  sandbox: string,
  parts: readonly string[],
  registry: string,
): RegistryLogin | undefined {
  const folders = [openSync(sandbox, O_RDONLY | O_DIRECTORY)];
  const { uid } = fstatSync(folders[0] as number);
  let fd: number | undefined;
  try {
    for (const [at, name] of parts.entries()) {
      const shown = join(sandbox, ...parts.slice(0, at + 1));
      // By way of the open folder: it stays the same one, whatever is put in its place meanwhile.
      const path = `/proc/self/fd/${folders.at(-1)}/${name}`;
      const isFile = at === parts.length - 1;
      const opened = openUnlinked(shown, path, isFile ? O_NONBLOCK : O_DIRECTORY);
      if (opened === undefined) return undefined;
      if (isFile) fd = opened;
      else folders.push(opened);
    }
  } finally {
    for (const folder of folders) closeSync(folder);
  }
  return loginIn(join(sandbox, ...parts), fd, uid, registry);
}

/** The login in an open file, which is closed; `owner` is whose it has to be. */
function loginIn(
  file: string,
  fd: number | undefined,
  owner: number | undefined,
  registry: string,
): RegistryLogin | undefined {
  if (fd === undefined) return undefined;
  const text = readPlainFile(file, fd, owner);
  let entries: Record<string, AuthEntry>;
  try {
    const parsed = JSON.parse(text) as { auths?: Record<string, AuthEntry> };
    entries = parsed.auths ?? (parsed as Record<string, AuthEntry>);
  } catch {
    // What the parser says would quote the file.
    throw errors.DOCKER_CREDENTIALS_INVALID(file, "it is not JSON");
  }
  for (const [key, entry] of Object.entries(entries)) {
    // Keys are hosts, or URLs such as https://index.docker.io/v1/.
    const host = key.replace(/^https?:\/\//, "").split("/")[0];
    if (host !== registry || typeof entry !== "object" || entry === null) continue;
    return loginOf(file, key, entry);
  }
  return undefined;
}

function loginOf(file: string, serveraddress: string, entry: AuthEntry): RegistryLogin {
  const { auth, username, password } = entry;
  if (username !== undefined && password !== undefined) {
    return { username, password, serveraddress };
  }
  const decoded = Buffer.from(auth ?? "", "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (colon < 1) {
    const reason = `the entry of ${serveraddress} holds no user and password`;
    throw errors.DOCKER_CREDENTIALS_INVALID(file, reason);
  }
  return {
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1),
    serveraddress,
  };
}

function openUnlinked(shown: string, path: string, flags: number): number | undefined {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | flags);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || (code === "ENOTDIR" && !isLink(path))) return undefined;
    const isALink = code === "ELOOP" || code === "ENOTDIR";
    const reason = isALink ? `${shown} is a link, and none is followed` : reasonOf(cause);
    throw errors.DOCKER_CREDENTIALS_INVALID(shown, reason);
  }
}

/**
 * A link in the place of a folder is told as ENOTDIR, as is a file there, which is none of ours.
 */
function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function readPlainFile(file: string, fd: number, owner: number | undefined): string {
  try {
    const { size, uid } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > FILE_BYTES_MAX) {
      throw errors.DOCKER_CREDENTIALS_INVALID(file, "it is not a file of a sensible size");
    }
    if (owner !== undefined && uid !== owner) {
      const reason = `${file} does not belong to the owner of the sandbox`;
      throw errors.DOCKER_CREDENTIALS_INVALID(file, reason);
    }
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}

/** The header in which the engine takes a login. */
export function authHeader(login: RegistryLogin | undefined): Record<string, string> {
  if (login === undefined) return {};
  // The engine wants the alphabet of URLs and, unlike Node, the padding.
  const text = Buffer.from(JSON.stringify(login)).toString("base64");
  return { "x-registry-auth": text.replaceAll("+", "-").replaceAll("/", "_") };
}
