import { createHash } from "node:crypto";
import { constants, createReadStream, mkdirSync, realpathSync, renameSync, rmSync } from "node:fs";
import { chmod, copyFile, type FileHandle, lchown, open, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import { realPlace } from "../../wire/folder.ts";
import { unpack } from "./archives.ts";
import { CacheFull, FetchCache, type Filling, type Lease } from "./cache.ts";
import { download } from "./download.ts";
import { type Identity, runAs } from "./programs.ts";
import { type Source, sourceOf } from "./uri.ts";

/** The user that has no rights but everybody's. */
const NOBODY: Identity = { uid: 65_534, gid: 65_534 };

/** Most that is copied into the cache of a file that does not say how large it is. */
const UNTOLD_BYTES_MAX = 1 << 20;

/** Puts what a command's URIs name into its sandbox before it is launched (F41, F42). */
export class Fetcher {
  readonly #cache: FetchCache;
  readonly #stallTimeoutMs: number;
  #count = 0;
  readonly #bytesMax: number;
  #succeeded = 0;
  #failed = 0;

  /** `folder` is that of the cache, which nobody else may use. */
  constructor(folder: string, config: AgentConfig["fetcher"]) {
    this.#cache = new FetchCache(folder, config.cacheSize);
    this.#stallTimeoutMs = config.stallTimeout;
    this.#bytesMax = config.cacheSize;
  }

  /** What was fetched, and what is kept, under Mesos' names (H8). */
  figures(): Record<string, number> {
    return {
      "containerizer/fetcher/task_fetches_succeeded": this.#succeeded,
      "containerizer/fetcher/task_fetches_failed": this.#failed,
      "containerizer/fetcher/cache_size_used_bytes": this.#cache.bytes,
      "containerizer/fetcher/cache_size_total_bytes": this.#bytesMax,
    };
  }

  /**
   * Fetches all URIs of a container, in their order. Everything in the sandbox belongs to its
   * owner, and files of this host are read with that user's rights; for an engine, whose users are
   * others, with nobody's.
   * @throws FETCH_URI_INVALID before anything is fetched; FETCH_FAILED, FETCH_CHECKSUM,
   * FETCH_ARCHIVE, FETCH_ARCHIVE_ESCAPES, FETCH_DISK_FULL, FETCH_PROGRAM_MISSING
   */
  async fetch(spec: ContainerSpec, signal: AbortSignal): Promise<void> {
    if ((spec.command.uris ?? []).length === 0) return;
    try {
      await this.#fetchAll(spec, signal);
      this.#succeeded += 1;
    } catch (thrown) {
      this.#failed += 1;
      throw thrown;
    }
  }

  async #fetchAll(spec: ContainerSpec, signal: AbortSignal): Promise<void> {
    const sources = (spec.command.uris ?? []).map(sourceOf);
    const { uid, gid } = await stat(spec.sandbox);
    const owner = uid === process.getuid?.() ? undefined : { uid, gid };
    const isOfEngine = spec.container?.type === "DOCKER";
    const reader = isOfEngine && process.getuid?.() === 0 ? NOBODY : owner;
    for (const source of sources) {
      signal.throwIfAborted();
      const part = join(spec.sandbox, `.fetching-${this.#count++}`);
      try {
        await this.#fetch(source, { sandbox: spec.sandbox, part, owner, reader, signal });
      } catch (thrown) {
        signal.throwIfAborted();
        throw faultOf(source, thrown);
      } finally {
        rmSync(part, { force: true });
      }
    }
  }

  async #fetch(source: Source, place: Place): Promise<void> {
    const { part, owner, signal } = place;
    const lease = source.isCached ? await this.#leasedIfRoom(source, place) : undefined;
    if (lease === undefined) {
      await this.#get(source, part, place, { signal });
      await verify(source, part);
      await unpackFrom(part, source, place);
      await put(source, place);
      return;
    }
    try {
      if (await unpackFrom(lease.path, source, place)) return;
      await copyFile(lease.path, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      if (owner !== undefined) await lchown(part, owner.uid, owner.gid);
      await put(source, place);
    } finally {
      lease.release();
    }
  }

  /** As in Mesos, what the cache has no room for is fetched as if it were not to be cached. */
  async #leasedIfRoom(source: Source, place: Place): Promise<Lease | undefined> {
    try {
      return await this.#leased(source, place);
    } catch (thrown) {
      if (thrown instanceof CacheFull) return undefined;
      throw thrown;
    }
  }

  /**
   * A file of the cache that has the checksum of this task. Others share it, who may want another
   * one or none: a checksum that is not met fails this task alone. What was there before this task
   * came may be older than its checksum, so it is then fetched once more.
   */
  async #leased(source: Source, place: Place): Promise<Lease> {
    const { from } = source;
    const key = `${place.reader?.uid ?? ""} ${"url" in from ? from.url : from.path}`;
    // Others may wait for the same download, so it goes on without this container if they do.
    const fill = (path: string, filling: Filling) => this.#get(source, path, place, filling);
    for (let isLast = false; ; isLast = true) {
      const lease = await this.#cache.lease(key, fill, place.signal);
      try {
        await verify(source, lease.path);
        return lease;
      } catch (thrown) {
        lease.drop();
        if (isLast || !lease.wasHere) throw thrown;
      }
    }
  }

  /** Fetches into a new file, which belongs to the sandbox's owner. */
  async #get(source: Source, path: string, place: Place, bounds: Bounds): Promise<void> {
    const file = await open(path, "wx", 0o644);
    try {
      if (place.owner !== undefined) await file.chown(place.owner.uid, place.owner.gid);
      if ("url" in source.from) {
        const options = { ...bounds, stallTimeoutMs: this.#stallTimeoutMs };
        await download(source.from.url, file, options);
      } else await copy(source.from.path, file, place.reader, bounds);
    } finally {
      await file.close();
    }
  }
}

/** What calls a transfer off; what goes into the cache says how large it is. */
type Bounds = Pick<Filling, "signal"> & Partial<Filling>;

/** Where something goes, and with whose rights. */
interface Place {
  readonly sandbox: string;
  /** A file of the sandbox that is not there yet. */
  readonly part: string;
  readonly owner: Identity | undefined;
  readonly reader: Identity | undefined;
  readonly signal: AbortSignal;
}

/** Unpacks a fetched file if it is to be; answers whether it was. */
async function unpackFrom(path: string, source: Source, place: Place): Promise<boolean> {
  const { archive: kind, shown, name } = source;
  if (kind === undefined) return false;
  await unpack({ path, kind, shown, name }, place.sandbox, place.owner, place.signal);
  return true;
}

/**
 * Copies a file of this host. A pipe or a device may have no end, and is none that could be fetched
 * twice: only regular files are copied, and into the cache no more of one than there was at first.
 */
async function copy(
  path: string,
  file: FileHandle,
  reader: Identity | undefined,
  { signal, grow }: Bounds,
): Promise<void> {
  const options = { cwd: "/", signal };
  const looked = await runAs(reader, ["stat", "-L", "-c", "%f %s", "--", path], options);
  const [mode = "", size = ""] = looked.text.split(" ");
  if (looked.code !== 0) throw new Error(looked.text.split("\n")[0] || "it cannot be looked at");
  if ((Number.parseInt(mode, 16) & constants.S_IFMT) !== constants.S_IFREG) {
    throw new Error(`${path} is no regular file`);
  }
  grow?.(Number(size));
  // Files that the kernel makes up, as in /proc, say that they are empty.
  const most = `${Number(size) || UNTOLD_BYTES_MAX}`;
  const words = grow === undefined ? (["cat"] as const) : (["head", "-c", most] as const);
  const { code, text } = await runAs(reader, [...words, "--", path], {
    ...options,
    stdout: file.fd,
  });
  if (code !== 0) throw new Error(text.split("\n")[0] || `${words[0]} ended with status ${code}`);
}

async function verify({ shown, sha256 }: Source, path: string): Promise<void> {
  if (sha256 === undefined) return;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const found = hash.digest("hex");
  if (found !== sha256) throw errors.FETCH_CHECKSUM(shown, sha256, found);
}

/**
 * Gives a fetched file its name. Folders on the way are made; a link among them is not followed.
 */
async function put({ name, shown, isExecutable }: Source, place: Place): Promise<void> {
  const { sandbox, part, owner } = place;
  const target = join(sandbox, name);
  const folder = dirname(target);
  if (realPlace(folder) !== join(realpathSync(sandbox), dirname(name))) {
    throw errors.FETCH_URI_INVALID(shown, `"${name}" leads through a link`);
  }
  const made = mkdirSync(folder, { recursive: true, mode: 0o755 });
  for (let each = folder; owner !== undefined && made !== undefined; each = dirname(each)) {
    await lchown(each, owner.uid, owner.gid);
    if (each === made) break;
  }
  if (isExecutable) await chmod(part, 0o755);
  renameSync(part, target);
}

function faultOf({ shown }: Source, thrown: unknown): TepuiError {
  if (thrown instanceof TepuiError) return thrown;
  const isFull = (thrown as NodeJS.ErrnoException).code === "ENOSPC";
  if (isFull || /No space left/i.test(reasonOf(thrown))) return errors.FETCH_DISK_FULL(shown);
  return errors.FETCH_FAILED(shown, reasonOf(thrown));
}
