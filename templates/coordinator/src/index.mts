import { join } from "node:path";
// Types only: what a plugin needs at run time it is given by its context, so that nothing has to be
// installed beside it.
import type {
  Coordinator,
  errors,
  Leadership,
  LeadershipLost,
  MasterInfo,
  PluginContext,
  PluginInstance,
  RegistryWrite,
} from "tepui/plugin";
import { holdFolder } from "./lock.mts";
import { Store } from "./store.mts";

/** The config of the plugin, as plugin.json describes it. */
export interface Config {
  readonly directory?: string;
}

type Errors = typeof errors;

/** What the master calls once, after it has checked the config. */
export async function create(context: PluginContext<Config>): Promise<PluginInstance> {
  const codes = context.use<Errors>({ name: "errors" });
  const folder =
    context.config.directory ?? join(context.use<string>({ name: "data-dir" }), "registry");
  const store = openStore(folder, codes);
  const letGo = await holdFolder(join(folder, "lock"));
  if (letGo === undefined) throw codes.REGISTRY_FAILED(`another process holds ${folder}`);
  const coordinator = new FileCoordinator(store, codes);
  return {
    ports: { coordinator },
    async stop() {
      coordinator.end("the coordinator stops");
      await letGo();
    },
  };
}

function openStore(folder: string, codes: Errors): Store {
  try {
    return new Store(folder);
  } catch (thrown) {
    throw codes.REGISTRY_FAILED(`${folder} cannot be read: ${String(thrown)}`, thrown);
  }
}

/** The holder of the folder leads at once; every campaign begins a term, and fences those before. */
class FileCoordinator implements Coordinator {
  readonly #store: Store;
  readonly #errors: Errors;
  readonly #watchers = new Set<(leader: MasterInfo | undefined) => void>();
  #leader: MasterInfo | undefined;
  #lose: ((lost: LeadershipLost) => void) | undefined;
  /** The last write; the next one waits for it, so that they happen in order. */
  #last: Promise<void> = Promise.resolve();

  constructor(store: Store, codes: Errors) {
    this.#store = store;
    this.#errors = codes;
  }

  async campaign(self: MasterInfo, signal: AbortSignal): Promise<Leadership> {
    signal.throwIfAborted();
    let epoch = 0;
    await this.#inTurn(async () => {
      epoch = this.#store.epoch + 1;
      await this.#store.replace({ epoch, entries: this.#store.entries });
    });
    this.end(`epoch ${epoch} began`);
    const lost = new Promise<LeadershipLost>((resolve) => {
      this.#lose = resolve;
    });
    this.#announce(self);
    return {
      epoch,
      lost,
      read: async (prefix) => this.#read(prefix),
      write: (write) => this.#write(epoch, write),
      resign: async () => this.end("resigned"),
    };
  }

  async leader(): Promise<MasterInfo | undefined> {
    return this.#leader;
  }

  watch(onLeader: (leader: MasterInfo | undefined) => void): () => void {
    this.#watchers.add(onLeader);
    onLeader(this.#leader);
    return () => this.#watchers.delete(onLeader);
  }

  /** Ends the term, if there is one. */
  end(reason: string): void {
    if (this.#lose === undefined) return;
    this.#lose({ reason });
    this.#lose = undefined;
    this.#announce(undefined);
  }

  #read(prefix: string): { key: string; value: unknown }[] {
    return [...this.#store.entries]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => ({ key, value }));
  }

  #write(epoch: number, { entries }: RegistryWrite): Promise<void> {
    return this.#inTurn(async () => {
      // Looked at when its turn has come: a later term may have begun meanwhile.
      if (epoch !== this.#store.epoch) {
        throw this.#errors.REGISTRY_FENCED(epoch, this.#store.epoch);
      }
      const next = new Map(this.#store.entries);
      for (const { key, value } of entries) {
        if (value === undefined) next.delete(key);
        else next.set(key, value);
      }
      await this.#store.replace({ epoch, entries: next });
    });
  }

  #inTurn(act: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #announce(leader: MasterInfo | undefined): void {
    this.#leader = leader;
    for (const tell of this.#watchers) tell(leader);
  }
}
