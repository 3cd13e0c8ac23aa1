import { chmodSync } from "node:fs";
import { join } from "node:path";
import { open, type RootDatabase } from "lmdb";
import { pack, unpack } from "msgpackr";
import { errors, reasonOf } from "../../contract/errors.ts";
import type { Logger } from "../../contract/ports/log.ts";
import { checkLmdbFile, makeFolder, needRoom } from "../../wire/index.ts";
import type { CheckpointEntry } from "../core/checkpoint.ts";

/**
 * Version of the layout below; a store of another one is refused, never guessed at. In the first
 * one, tasks held their updates, which are still read; from now on those have entries of their own.
 */
const LAYOUT = 2;
const READABLE: readonly string[] = ["1", String(LAYOUT)];
const LAYOUT_KEY = "meta/layout";
const BOOT_KEY = "meta/boot";
const SECRET_KEY = "meta/secret";
const ENTRIES = "entry/";
/** Entries that could not be read are kept here under their own names, for people to look at. */
const ASIDE = "aside/";

const DAMAGED =
  "put a copy in its place, or move the work directory away: the agent then begins anew, and is " +
  "another one to its master, which gives up the tasks of this one";

/** Fields that an entry of each kind cannot do without. */
const needed: Readonly<Record<string, readonly string[]>> = {
  agent: ["resources"],
  framework: ["id", "name"],
  task: ["key", "frameworkId", "info", "state", "statuses", "pending"],
  update: ["task", "frameworkId", "at", "status"],
  container: ["plan", "phase"],
  operation: ["uuid", "status"],
  volume: ["id", "change", "volume"],
  executor: ["key", "frameworkId", "info", "containerId", "phase"],
  exit: ["key", "frameworkId", "role", "info", "status"],
  "group-executor": ["key", "frameworkId", "role", "info"],
};

const FULL = "free some of its disk, and start the agent again: what it runs goes on meanwhile";

/** What an agent remembers over restarts, in LMDB: crash-safe, one commit for each turn. */
export class CheckpointStore {
  readonly #db: RootDatabase<Uint8Array, string>;
  readonly #log: Logger;
  readonly #folder: string;
  #hasFailed = false;

  /**
   * Opens the store of a work directory.
   * @throws CHECKPOINT_FAILED, CHECKPOINT_LAYOUT
   */
  constructor(folder: string, log: Logger) {
    this.#folder = folder;
    this.#log = log;
    const path = join(folder, "checkpoint");
    try {
      // Tasks of every user find the work directory; what they were started with is not for them.
      makeFolder(path, 0o700);
      chmodSync(path, 0o700);
      checkLmdbFile(path);
    } catch (cause) {
      throw errors.CHECKPOINT_FAILED(reasonOf(cause), cause, DAMAGED);
    }
    try {
      this.#db = open<Uint8Array, string>({
        path,
        encoding: "binary",
        mapSize: 2 ** 30,
        // Batches of its own making have promises that nobody holds: a full disk would reject them.
        eventTurnBatching: false,
      });
    } catch (cause) {
      throw errors.CHECKPOINT_FAILED(`cannot open it in ${folder}: ${reasonOf(cause)}`, cause);
    }
    const layout = this.#meta(LAYOUT_KEY);
    if (layout !== undefined && !READABLE.includes(layout)) {
      throw errors.CHECKPOINT_LAYOUT(folder, layout, LAYOUT);
    }
  }

  /** @throws CHECKPOINT_FAILED */
  #meta(key: string): string | undefined {
    try {
      const bytes = this.#db.get(key);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
    } catch (cause) {
      throw errors.CHECKPOINT_FAILED(`cannot read it: ${reasonOf(cause)}`, cause, DAMAGED);
    }
  }

  /** The boot that the last agent here ran in, and the secret of its executors' tokens. */
  get identity(): { readonly boot?: string; readonly secret?: string } {
    const [boot, secret] = [this.#meta(BOOT_KEY), this.#meta(SECRET_KEY)];
    return {
      ...(boot === undefined ? {} : { boot }),
      ...(secret === undefined ? {} : { secret }),
    };
  }

  /** Notes the present boot and the secret. */
  async setIdentity(boot: string, secret: string): Promise<void> {
    await this.#commit(() => {
      this.#put(LAYOUT_KEY, Buffer.from(String(LAYOUT)));
      this.#put(BOOT_KEY, Buffer.from(boot));
      this.#put(SECRET_KEY, Buffer.from(secret));
    });
  }

  /** Every entry. One that cannot be read is set aside and named in the log; the others count. */
  async read(): Promise<readonly CheckpointEntry[]> {
    const entries: CheckpointEntry[] = [];
    const broken: { key: string; bytes: Uint8Array; reason: string }[] = [];
    for (const { key, value } of this.#db.getRange({ start: ENTRIES, end: `${ENTRIES}\uffff` })) {
      const name = key.slice(ENTRIES.length);
      const read = readEntry(name, value);
      if ("reason" in read) broken.push({ key: name, bytes: value, reason: read.reason });
      else entries.push({ key: name, value: read.value });
    }
    for (const { key, reason } of broken) {
      this.#log.error({ key, reason, folder: this.#folder }, "a checkpoint entry is set aside");
    }
    if (broken.length > 0) {
      await this.#commit(() => {
        for (const { key, bytes } of broken) {
          this.#put(ASIDE + key, bytes);
          void this.#db.remove(ENTRIES + key);
        }
      });
    }
    return entries;
  }

  /**
   * Writes all changes or none. When it resolves they survive the death of this process. Tasks do
   * not survive the death of the machine, so nothing waits for the disk: LMDB flushes on its own,
   * and a machine that loses power comes back with a whole, slightly older checkpoint.
   * @throws CHECKPOINT_FAILED when the disk refuses
   */
  async write(changes: ReadonlyMap<string, unknown>): Promise<void> {
    await this.#commit(() => {
      for (const [key, value] of changes) {
        if (value === undefined) void this.#db.remove(ENTRIES + key);
        else this.#put(ENTRIES + key, pack(value));
      }
    });
  }

  /** Only within a commit, where the promise of the commit is the one that counts. */
  #put(key: string, bytes: Uint8Array): void {
    void this.#db.put(key, bytes);
  }

  async #commit(change: () => void): Promise<void> {
    try {
      needRoom(this.#folder);
      await this.#db.batch(change);
    } catch (thrown) {
      this.#hasFailed = true;
      const cause = await commitCause(thrown);
      const isFull = /ENOSPC|No space left/.test(reasonOf(cause));
      throw errors.CHECKPOINT_FAILED(reasonOf(cause), cause, isFull ? FULL : undefined);
    }
  }

  /**
   * Closes it after what is being written. After a commit that failed there is nothing to wait for,
   * and LMDB would wait for ever for the flush that follows it.
   */
  async close(): Promise<void> {
    if (!this.#hasFailed) await this.#db.close();
  }
}

/** Why a commit failed: LMDB's error promises it, and leaves the promise to whoever catches it. */
async function commitCause(thrown: unknown): Promise<unknown> {
  const { commitError } = thrown as { readonly commitError?: Promise<never> };
  if (commitError === undefined) return thrown;
  return commitError.catch((cause: unknown) => cause);
}

function readEntry(key: string, bytes: Uint8Array): { value: unknown } | { reason: string } {
  const fields = needed[key.split("/", 1)[0] ?? ""];
  if (fields === undefined) return { reason: "its kind is not known" };
  try {
    const value: unknown = unpack(bytes);
    if (typeof value !== "object" || value === null) return { reason: "it is no record" };
    const missing = fields.find((field) => !(field in value));
    return missing === undefined ? { value } : { reason: `it has no ${missing}` };
  } catch (cause) {
    return { reason: reasonOf(cause) };
  }
}
