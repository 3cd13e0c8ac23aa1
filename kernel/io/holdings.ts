import type { AgentMessage, ReregisterPart } from "../../contract/agent-api.ts";
import { limits } from "../../contract/limits.ts";
import type { Peer } from "../../contract/ports/transport.ts";

interface Waiting {
  readonly parts: ReregisterPart[];
  bytes: number;
}

/**
 * Puts together what a returning agent says in several frames, so that the core hears of it at
 * once. What never becomes whole goes with its connection.
 */
export class Holdings {
  readonly #waiting = new Map<Peer, Waiting>();

  /**
   * The message for the core, or `undefined` while parts are still to come. A return whose parts
   * are not all here is dropped: the agent registers again.
   */
  take(
    peer: Peer,
    message: AgentMessage | ReregisterPart,
    bytes: number,
  ): AgentMessage | undefined {
    if (message.type === "reregister-part") {
      this.#keep(peer, message, bytes);
      return undefined;
    }
    if (message.type !== "reregister") return message;
    const parts = this.#waiting.get(peer)?.parts ?? [];
    this.#waiting.delete(peer);
    const { parts: count = 0, ...last } = message;
    if (count !== parts.length) return undefined;
    if (count === 0) return last;
    const all = [...parts, last];
    return {
      ...last,
      tasks: all.flatMap(({ tasks }) => tasks),
      executors: all.flatMap(({ executors }) => executors),
      frameworks: all.flatMap(({ frameworks }) => frameworks),
      operations: all.flatMap(({ operations }) => operations),
    };
  }

  /** Drops the parts of a peer that is gone. */
  forget(peer: Peer): void {
    this.#waiting.delete(peer);
  }

  #keep(peer: Peer, part: ReregisterPart, bytes: number): void {
    const waiting = this.#waiting.get(peer) ?? { parts: [], bytes: 0 };
    waiting.parts.push(part);
    waiting.bytes += bytes;
    this.#waiting.set(peer, waiting);
    if (waiting.bytes <= limits.reregisterBytesMax) return;
    this.#waiting.delete(peer);
    const said = `over ${limits.reregisterBytesMax} bytes of tasks, executors and operations`;
    peer.close("OVERLOADED", `the agent brings back ${said}`);
  }
}
