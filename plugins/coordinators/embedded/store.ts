import { open, type RootDatabase } from "lmdb";
import { errors, reasonOf } from "../../../contract/errors.ts";
import type { RegistryWrite } from "../../../contract/ports/coordinator.ts";
import type { Logger } from "../../../contract/ports/log.ts";
import { checkLmdbFile, needRoom } from "../../../wire/index.ts";

/** Version of the layout below; a store of another one is refused, never guessed at. */
const LAYOUT = 1;
const LAYOUT_KEY = "meta/layout";
const EPOCH_KEY = "meta/epoch";
/** Entries live below this, so that no key of theirs can be one of the two above. */
const ENTRIES = "entry/";

const DAMAGED =
  "put a copy in its place, or move its folder away: agents register again with an empty " +
  "registry, but weights, quotas, maintenance and promoted policies have to be set again";

/** Entries by path, with the epoch of the last election beside them. */
export interface Store {
  /** Starts a new epoch and returns its number, durably. */
  nextEpoch(): Promise<number>;
  read(prefix: string): { readonly key: string; readonly value: unknown }[];
  /**
   * All entries or none, durable when it resolves.
   * @throws REGISTRY_FENCED when a later epoch has begun, REGISTRY_FAILED when the disk refuses.
   */
  write(epoch: number, write: RegistryWrite): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the LMDB store at `path`.
 * @throws REGISTRY_FAILED when it cannot be opened or has another layout.
 */
export function openStore(path: string, mapMib: number, log: Logger): Store {
  const db = openDatabase(path, mapMib);
  const layout = layoutOf(db, path);
  if (layout !== LAYOUT) {
    throw errors.REGISTRY_FAILED(
      `${path} has layout ${String(layout)}, this program reads ${LAYOUT}`,
    );
  }
  let hasFailed = false;
  // Inside a transaction a put has nothing to wait for: `void` says that its promise is left alone.
  const durable = async <T>(what: string, change: () => T): Promise<T> => {
    try {
      needRoom(path);
      const result = await db.transaction(change);
      await db.flushed;
      return result;
    } catch (thrown) {
      hasFailed = true;
      const cause = await commitCause(thrown);
      throw errors.REGISTRY_FAILED(`${what}: ${reasonOf(cause)}`, cause);
    }
  };
  log.debug({ path }, "registry is open");
  return {
    nextEpoch: () =>
      durable("starting an epoch", () => {
        const epoch = Number(db.get(EPOCH_KEY) ?? 0) + 1;
        void db.put(LAYOUT_KEY, LAYOUT);
        void db.put(EPOCH_KEY, epoch);
        return epoch;
      }),
    read: (prefix) =>
      [...db.getRange({ start: ENTRIES + prefix, end: `${ENTRIES}${prefix}\uffff` })].map(
        ({ key, value }) => ({ key: key.slice(ENTRIES.length), value }),
      ),
    async write(epoch, { entries }) {
      // The epoch is read in the same transaction that writes, so no later one can slip between.
      const current = await durable("writing", () => {
        const now = Number(db.get(EPOCH_KEY) ?? 0);
        if (now !== epoch) return now;
        for (const { key, value } of entries) {
          if (value === undefined) void db.remove(ENTRIES + key);
          else void db.put(ENTRIES + key, value);
        }
        return epoch;
      });
      if (current !== epoch) throw errors.REGISTRY_FENCED(epoch, current);
    },
    // After a commit that failed LMDB would wait for ever for the flush that follows it.
    close: async () => {
      if (!hasFailed) await db.close();
    },
  };
}

function openDatabase(path: string, mapMib: number): RootDatabase<unknown, string> {
  try {
    checkLmdbFile(path);
  } catch (cause) {
    throw errors.REGISTRY_FAILED(reasonOf(cause), cause, DAMAGED);
  }
  try {
    return open<unknown, string>({
      path,
      mapSize: mapMib * 2 ** 20,
      encoding: "msgpack",
      // Batches of its own making have promises that nobody holds: a full disk would reject them.
      eventTurnBatching: false,
    });
  } catch (cause) {
    throw errors.REGISTRY_FAILED(`cannot open ${path}: ${reasonOf(cause)}`, cause);
  }
}

/** The layout that a registry says it has; ours where it is empty. */
function layoutOf(db: RootDatabase<unknown, string>, path: string): unknown {
  try {
    return db.get(LAYOUT_KEY) ?? LAYOUT;
  } catch (cause) {
    throw errors.REGISTRY_FAILED(`cannot read ${path}: ${reasonOf(cause)}`, cause, DAMAGED);
  }
}

/** Why a commit failed: LMDB's error promises it, and leaves the promise to whoever catches it. */
async function commitCause(thrown: unknown): Promise<unknown> {
  const { commitError } = thrown as { readonly commitError?: Promise<never> };
  if (commitError === undefined) return thrown;
  return commitError.catch((cause: unknown) => cause);
}
