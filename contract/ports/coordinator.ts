import type { MasterInfo } from "../schema/agent.ts";
import { type Port, port } from "./plugin.ts";

/** The port that coordinators serve. */
export const COORDINATOR: Port<Coordinator> = port<Coordinator>("coordinator");

/** Thrown into every write after leadership has gone; the master must stop at once. */
export interface LeadershipLost {
  readonly reason: string;
}

/** One write of the registry: all of it becomes durable, or none (G4). */
export interface RegistryWrite {
  /**
   * Keys are paths such as `agents/<id>`; a value of `undefined` deletes. Values are msgpack-able.
   */
  readonly entries: readonly { readonly key: string; readonly value: unknown }[];
}

/**
 * A term of leadership. The epoch grows with every election, and the store refuses writes of an
 * older one, so a deposed leader cannot write however late it notices.
 */
export interface Leadership {
  readonly epoch: number;
  /** Resolves when this term is over. */
  readonly lost: Promise<LeadershipLost>;
  /** All entries below a prefix, in key order. */
  read(prefix: string): Promise<readonly { readonly key: string; readonly value: unknown }[]>;
  /**
   * Durable when the promise resolves. Writes are applied in the order of the calls.
   * @throws TepuiError REGISTRY_FENCED when another master has taken over, REGISTRY_FAILED
   * otherwise.
   */
  write(write: RegistryWrite): Promise<void>;
  /** Gives up leadership, for a graceful stop. */
  resign(): Promise<void>;
}

/** Elects the leading master, keeps the registry, and tells others where the leader is (G1, G2). */
export interface Coordinator {
  /** Waits until this master leads. `self` is what others will find. */
  campaign(self: MasterInfo, signal: AbortSignal): Promise<Leadership>;
  /** The leader now, as far as known. */
  leader(): Promise<MasterInfo | undefined>;
  /** Calls back at every change of leader, first with the present one; returns how to stop. */
  watch(onLeader: (leader: MasterInfo | undefined) => void): () => void;
}
