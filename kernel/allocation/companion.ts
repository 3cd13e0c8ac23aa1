import { reasonOf } from "../../contract/errors.ts";
import type { WasmPlugin } from "../../contract/ports/plugin.ts";
import type { PolicyCompanion, ProgramCompiler } from "../../contract/ports/policy-companion.ts";
import type { Cursor } from "../core/tables/rows.ts";
import type { AllocationTables } from "../core/tables.ts";
import { PolicyFault } from "./faults.ts";

/** Most bytes of a program; a companion is told, and has to make do. */
export const PROGRAM_BYTES_MAX = 16 << 20;
/** Room for a program at first; it doubles as programs grow. */
const PROGRAM_ROOM_LEAST = 64 << 10;

/**
 * The companion of a policy, if it has one.
 * @throws PolicyFault POLICY_COMPANION when the module is none, or refuses the config.
 */
export function companionOf(plugin: WasmPlugin): PolicyCompanion | undefined {
  if (plugin.companion === undefined) return undefined;
  const make = plugin.companion["companion"];
  if (typeof make !== "function") throw unfit(plugin.name, "it exports no function `companion`");
  let companion: Partial<PolicyCompanion> | undefined;
  try {
    companion = make(plugin.config) as Partial<PolicyCompanion> | undefined;
  } catch (cause) {
    throw unfit(plugin.name, reasonOf(cause), cause);
  }
  if (typeof companion?.compiler === "function") return companion as PolicyCompanion;
  throw unfit(plugin.name, "what `companion` made has no function `compiler`");
}

function unfit(name: string, detail: string, cause?: unknown): PolicyFault {
  return new PolicyFault("POLICY_COMPANION", `${name}: ${detail}`, { cause });
}

/**
 * The program of one instance of a policy, kept up to date with what frameworks and agents state.
 * Looking costs a few comparisons; the companion runs only when there is something new.
 */
export class Program {
  readonly #name: string;
  readonly #compiler: ProgramCompiler | undefined;
  #bytes = new Uint8Array(0);
  #isNew = false;
  #clients: Cursor = -1;
  #agents: Cursor = -1;
  #kinds = -1;

  constructor(name: string, companion: PolicyCompanion | undefined) {
    this.#name = name;
    this.#compiler = companion && guarded(name, () => companion.compiler());
  }

  /** The bytes as they were compiled last. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Bytes to reserve for the program: as much again as it has now, and more than a little. */
  get room(): number {
    if (this.#compiler === undefined) return PROGRAM_ROOM_LEAST;
    let room = PROGRAM_ROOM_LEAST;
    while (room < this.#bytes.length * 2) room *= 2;
    return Math.min(room, PROGRAM_BYTES_MAX);
  }

  /** Whether the bytes are others than when this was asked last. */
  takeNews(): boolean {
    const isNew = this.#isNew;
    this.#isNew = false;
    return isNew;
  }

  /**
   * Compiles anew if anything that a program may depend on has changed.
   * @throws PolicyFault POLICY_COMPANION
   */
  refresh(tables: AllocationTables): void {
    const compiler = this.#compiler;
    if (compiler === undefined) return;
    const { agents, attributes, clients, kindNames } = tables;
    const changedClients = clients.factChanges.since(this.#clients);
    const changedAgents = agents.factChanges.since(this.#agents);
    const nothing = changedClients?.length === 0 && changedAgents?.length === 0;
    if (nothing && this.#kinds === kindNames.length) return;
    const bytes = guarded(this.#name, () =>
      compiler.compile({
        clients: clients.facts,
        agents: agents.facts,
        changedClients,
        changedAgents,
        kindNames,
        numberOf: (word) => attributes.words.numberOf(word),
        renumbered: attributes.words.renumbered,
        bytesMax: PROGRAM_BYTES_MAX,
      }),
    );
    if (!(bytes instanceof Uint8Array) || bytes.length > PROGRAM_BYTES_MAX) {
      throw unfit(this.#name, `its program is none, or over ${PROGRAM_BYTES_MAX} bytes`);
    }
    this.#clients = clients.factChanges.read();
    this.#agents = agents.factChanges.read();
    this.#kinds = kindNames.length;
    if (bytes.length === this.#bytes.length && Buffer.compare(bytes, this.#bytes) === 0) return;
    this.#bytes = bytes.slice();
    this.#isNew = true;
  }
}

/** A companion is code of a plugin: what it throws is a fault of the policy, not of the master. */
function guarded<T>(name: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw unfit(name, reasonOf(cause), cause);
  }
}
