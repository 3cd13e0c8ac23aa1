import type { WasmPolicy } from "../allocation/wasm-policy.ts";
import type { AllocationTables } from "../core/tables.ts";

/** Most spare instances: each has the columns of the whole cluster in a memory of its own. */
const SPARES_MAX = 8;

/**
 * Instances of loaded policies that have started and wait for their promotion, so that it does not
 * have to wait for a start: those that were tried out, and those that were live once.
 */
export class Spares {
  /** By the policy's name, the one that was put here last at the end. */
  readonly #instances = new Map<string, WasmPolicy>();

  /** Adds an instance in the place of another one of its policy. The oldest give way. */
  put(instance: WasmPolicy): void {
    this.drop(instance.name);
    this.#instances.set(instance.name, instance);
    for (const oldest of this.#instances.keys()) {
      if (this.#instances.size <= SPARES_MAX) return;
      this.drop(oldest);
    }
  }

  /**
   * Hands out the instance of a policy if there is one that fits the tables.
   * @throws PolicyFault POLICY_COMPANION
   */
  take(name: string, tables: AllocationTables): WasmPolicy | undefined {
    const instance = this.#instances.get(name);
    this.drop(name);
    return instance?.fits(tables) ? instance : undefined;
  }

  /** Forgets the instance of a policy that is gone or has other settings. */
  drop(name: string): void {
    this.#instances.delete(name);
  }
}
