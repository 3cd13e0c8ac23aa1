import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errors, reasonOf } from "../../../contract/errors.ts";

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
 * Looks a registry up in a file of Docker's own form, with `auths` or without; `undefined` when the
 * file or the entry is not there. Links are not followed, since a task may have put the file there.
 * @throws DOCKER_CREDENTIALS_INVALID
 */
export function loginFrom(file: string, registry: string): RegistryLogin | undefined {
  const text = readPlainFile(file);
  if (text === undefined) return undefined;
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

function readPlainFile(file: string): string | undefined {
  let fd: number;
  try {
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    fd = openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw errors.DOCKER_CREDENTIALS_INVALID(file, reasonOf(cause));
  }
  try {
    const { size } = fstatSync(fd);
    if (!fstatSync(fd).isFile() || size > FILE_BYTES_MAX) {
      throw errors.DOCKER_CREDENTIALS_INVALID(file, "it is not a file of a sensible size");
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
