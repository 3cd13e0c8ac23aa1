import type {
  Coordinator,
  Leadership,
  LeadershipLost,
  RegistryWrite,
} from "../../../contract/ports/coordinator.ts";
import type { MasterInfo } from "../../../contract/schema/agent.ts";
import type { Store } from "./store.ts";

/** The holder of the directory leads, at once and until it stops; each start is a new epoch. */
export class EmbeddedCoordinator implements Coordinator {
  readonly #store: Store;
  readonly #watchers = new Set<(leader: MasterInfo | undefined) => void>();
  #leader: MasterInfo | undefined;
  #lose: ((lost: LeadershipLost) => void) | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /** See `Coordinator`. A second campaign ends the first one's term: the later epoch fences it. */
  async campaign(self: MasterInfo, signal: AbortSignal): Promise<Leadership> {
    signal.throwIfAborted();
    const epoch = await this.#store.nextEpoch();
    this.#lose?.({ reason: `epoch ${epoch} began` });
    const lost = new Promise<LeadershipLost>((resolve) => {
      this.#lose = resolve;
    });
    this.#announce(self);
    return {
      epoch,
      lost,
      read: async (prefix) => this.#store.read(prefix),
      write: (write: RegistryWrite) => this.#store.write(epoch, write),
      resign: async () => this.#end("resigned"),
    };
  }

  /** See `Coordinator`. */
  async leader(): Promise<MasterInfo | undefined> {
    return this.#leader;
  }

  /** See `Coordinator`. */
  watch(onLeader: (leader: MasterInfo | undefined) => void): () => void {
    this.#watchers.add(onLeader);
    onLeader(this.#leader);
    return () => this.#watchers.delete(onLeader);
  }

  /** Ends the term, for the stop of the plugin. */
  async stop(): Promise<void> {
    this.#end("the coordinator stops");
    this.#watchers.clear();
  }

  #end(reason: string): void {
    this.#lose?.({ reason });
    this.#lose = undefined;
    this.#announce(undefined);
  }

  #announce(leader: MasterInfo | undefined): void {
    this.#leader = leader;
    for (const tell of this.#watchers) tell(leader);
  }
}
