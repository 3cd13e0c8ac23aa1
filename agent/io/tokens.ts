import { createHmac, timingSafeEqual } from "node:crypto";
import type { ContainerId } from "../../contract/ids.ts";

/**
 * Tokens by which executors prove which container they are in: the container's id and its
 * signature with the agent's secret. Nothing has to be remembered, so they hold over restarts.
 */
export class ExecutorTokens {
  readonly #secret: string;

  constructor(secret: string) {
    this.#secret = secret;
  }

  #sign(id: string): string {
    return createHmac("sha256", this.#secret).update(id).digest("hex");
  }

  /** The token of a container. */
  issue(id: ContainerId): string {
    return `${id}.${this.#sign(id)}`;
  }

  /** The container that a token is of, or `undefined` when it is none of ours. */
  verify(token: string): ContainerId | undefined {
    const dot = token.lastIndexOf(".");
    if (dot <= 0) return undefined;
    const id = token.slice(0, dot);
    const given = Buffer.from(token.slice(dot + 1));
    const right = Buffer.from(this.#sign(id));
    if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    return id as ContainerId;
  }
}
