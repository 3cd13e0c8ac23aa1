import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { isLoopback } from "../../contract/address.ts";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { errors, reasonOf } from "../../contract/errors.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import type { HttpHeaders } from "../../contract/ports/http.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";

/** `isLoopback` for the addresses that servers report: IPv4 within IPv6 is also written in hex. */
function isFromHere(remote: string): boolean {
  return isLoopback(remote.replace(/^(0{1,4}:){5}ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}$/i, "127.0.0.1"));
}

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/**
 * The secret that a file holds.
 * @throws EXEC_SECRET_INVALID
 */
export function readExecSecret(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8").trim();
  } catch (thrown) {
    throw errors.EXEC_SECRET_INVALID(file, reasonOf(thrown));
  }
  const { secretCharsMin, secretCharsMax } = execLimits;
  if (
    text.length >= secretCharsMin &&
    text.length <= secretCharsMax &&
    /^[\x21-\x7e]+$/.test(text)
  ) {
    return text;
  }
  throw errors.EXEC_SECRET_INVALID(file, `it holds ${text.length} characters, or others`);
}

/** The secret that a request shows: as a token, or as the password of anybody. */
function secretIn(authorization: string): string {
  const [, token] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
  if (token !== undefined) return token;
  const [, basic = ""] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization) ?? [];
  const [, password = ""] = /^[^:]*:([\s\S]*)$/.exec(Buffer.from(basic, "base64").toString()) ?? [];
  return password;
}

/**
 * Who may run further commands in tasks, and how many at once, by whatever API: this is the one
 * part of an agent's HTTP that runs anything. Web pages never may, by their `Origin`.
 */
export class ExecGate {
  readonly #config: AgentConfig["exec"];
  readonly #secret: Buffer | undefined;
  /** Sessions by container, those that are only beginning included. */
  readonly #counts = new Map<string, number>();
  #count = 0;
  readonly #atWork;

  /** @throws EXEC_SECRET_INVALID */
  constructor(config: AgentConfig["exec"], metrics: Metrics) {
    this.#config = config;
    const { allow, secretFile } = config;
    if (allow === "secret" && secretFile === undefined) {
      throw new Error("a config that asks for a secret without its file is refused before this");
    }
    if (allow === "secret" && secretFile !== undefined) {
      this.#secret = digest(readExecSecret(secretFile));
    }
    this.#atWork = metrics.gauge({
      name: "exec_sessions",
      help: "Further commands in tasks that people talk to now.",
    });
  }

  /**
   * Lets a request pass, or says why not; `isKnown` when its sender has shown another secret,
   * which does as well.
   * @throws EXEC_NOT_ALLOWED, EXEC_SECRET_WRONG
   */
  admit(
    { headers, remote }: { readonly headers: HttpHeaders; readonly remote: string },
    isKnown = false,
  ): void {
    const { allow } = this.#config;
    if (headers["origin"] !== undefined) throw errors.EXEC_NOT_ALLOWED("web pages may not");
    if (allow === "nobody") throw errors.EXEC_NOT_ALLOWED("nobody may");
    if (allow === "loopback" && !isFromHere(remote)) {
      throw errors.EXEC_NOT_ALLOWED(`only its own machine may, and you are at ${remote}`);
    }
    if (this.#secret === undefined || isKnown) return;
    const given = secretIn(headers["authorization"] ?? "");
    // Digests are of one length, and comparing them takes the same time whatever they are.
    if (!timingSafeEqual(this.#secret, digest(given))) throw errors.EXEC_SECRET_WRONG("the agent");
  }

  /**
   * Counts one more session of a container, which `where` names for people.
   * @throws EXEC_SESSIONS_FULL
   */
  take(container: string, where: string): void {
    const { sessionsMax, sessionsPerTaskMax } = this.#config;
    if (this.#count >= sessionsMax) {
      throw errors.EXEC_SESSIONS_FULL("this agent", sessionsMax, "exec.sessionsMax");
    }
    const ofContainer = this.#counts.get(container) ?? 0;
    if (ofContainer >= sessionsPerTaskMax) {
      throw errors.EXEC_SESSIONS_FULL(where, sessionsPerTaskMax, "exec.sessionsPerTaskMax");
    }
    this.#atWork.set(++this.#count);
    this.#counts.set(container, ofContainer + 1);
  }

  /** One that was taken is over. */
  give(container: string): void {
    this.#atWork.set(--this.#count);
    const left = (this.#counts.get(container) ?? 1) - 1;
    if (left > 0) this.#counts.set(container, left);
    else this.#counts.delete(container);
  }
}
