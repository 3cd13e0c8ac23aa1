import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpExchange, HttpGate } from "../../../../contract/ports/http.ts";
import { refuse } from "./answers.ts";

/** A principal and its secret, as the operator configured them. */
export interface Credential {
  readonly principal: string;
  readonly secret: string;
  /** Whether it may run commands in tasks where a secret is asked for. */
  readonly exec?: boolean;
}

/** Realms of the two sides, by what is asked for (§2.5). */
export type Realm = "scheduler" | "readonly" | "readwrite";

/** Who sent a request: nobody in particular, or a principal that has proven itself. */
export interface Caller {
  readonly principal?: string | undefined;
  /** Whether the principal may run commands in tasks where a secret is asked for. */
  readonly exec?: boolean;
}

/** Checks HTTP basic authentication; without credentials everybody is let in, as nobody. */
export class Gate {
  readonly #known = new Map<string, { readonly secret: Buffer; readonly exec: boolean }>();
  readonly #side: string;

  constructor(credentials: readonly Credential[], side: "master" | "agent") {
    for (const { principal, secret, exec = false } of credentials) {
      this.#known.set(principal, { secret: digest(secret), exec });
    }
    this.#side = side;
  }

  /** The same for others who serve this address. */
  get port(): HttpGate {
    return { admit: (exchange, access) => this.admit(exchange, access) !== undefined };
  }

  /** Answers who it is, or `undefined` after having answered the request with 401. */
  admit(exchange: HttpExchange, realm: Realm): Caller | undefined {
    if (this.#known.size === 0) return {};
    const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(exchange.headers["authorization"] ?? "");
    const [, principal = "", secret = ""] =
      /^([^:]*):([\s\S]*)$/.exec(Buffer.from(match?.[1] ?? "", "base64").toString("utf8")) ?? [];
    const known = this.#known.get(principal);
    // Digests are compared, so that the time taken tells nothing about the secret.
    if (known !== undefined && timingSafeEqual(known.secret, digest(secret))) {
      return { principal, exec: known.exec };
    }
    refuse(exchange, 401, "Unauthorized", {
      "www-authenticate": `Basic realm="mesos-${this.#side}-${realm}"`,
    });
    return undefined;
  }
}

/**
 * The bearer token of a request, as executors send the one of their environment (§7.1); `undefined`
 * when there is none.
 */
export function bearerOf(exchange: HttpExchange): string | undefined {
  return /^Bearer (\S+)$/i.exec(exchange.headers["authorization"] ?? "")?.[1];
}

/** Whether two secrets are the same; the time taken tells nothing about them. */
export function isSameSecret(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}
