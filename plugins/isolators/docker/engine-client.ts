import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Socket } from "node:net";
import { errors, reasonOf, TepuiError } from "../../../contract/errors.ts";

/** Oldest and newest version of the Engine API that this client was written for. */
const API_OLDEST = "1.41";
const API_NEWEST = "1.47";
/** Largest answer that is read whole: an inspect of a container takes some 10 kB. */
const ANSWER_BYTES_MAX = 16 << 20;

/** What goes with a call. */
export interface CallOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the engine may be silent; 0 is for ever. Default: the client's. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What the engine said when it refused a call. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** The engine's own words for which it refused a call; `undefined` for every other failure. */
export function refusalOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof TepuiError) || !(thrown.cause instanceof Refusal)) return undefined;
  return thrown.cause.message;
}

/** True for a refusal by the engine with one of these HTTP statuses. */
export function isRefused(thrown: unknown, ...statuses: readonly number[]): boolean {
  if (!(thrown instanceof TepuiError) || !(thrown.cause instanceof Refusal)) return false;
  return statuses.includes(thrown.cause.status);
}

/** True when the engine was not there, or went away in the middle of an answer. */
export function isUnreachable(thrown: unknown): boolean {
  return thrown instanceof TepuiError && thrown.code === "DOCKER_ENGINE_UNREACHABLE";
}

/**
 * Calls the Engine API over its Unix socket. Everything that goes wrong on the way is
 * DOCKER_ENGINE_UNREACHABLE, every refusal DOCKER_ENGINE_REFUSED with the engine's words.
 */
export class EngineClient {
  readonly socket: string;
  readonly #timeoutMs: number;
  readonly #agent = new Agent({ keepAlive: true });
  #prefix: Promise<string> | undefined;

  constructor(socket: string, timeoutMs: number) {
    this.socket = socket;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls and reads the whole answer as JSON; an empty one is `undefined`. */
  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.stream(method, path, options);
    const text = await this.#text(response);
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw errors.DOCKER_ENGINE_UNREACHABLE(this.socket, "its answer breaks off", cause);
    }
  }

  /** Calls and hands the answer over as it comes; the caller reads it to its end or destroys it. */
  async stream(method: string, path: string, options: CallOptions = {}): Promise<IncomingMessage> {
    // A restarted engine may be another version, so the version is forgotten with the connection.
    this.#prefix ??= this.#negotiate();
    let prefix: string;
    try {
      prefix = await this.#prefix;
    } catch (cause) {
      this.#prefix = undefined;
      throw cause;
    }
    return this.#checked(method, `${prefix}${path}`, options);
  }

  /**
   * Calls and takes the connection over: what the engine sends from then on, and what is sent to
   * it, are no HTTP any more.
   */
  async takeOver(method: string, path: string, body: object): Promise<Socket> {
    this.#prefix ??= this.#negotiate();
    const prefix = await this.#prefix;
    const headers = { connection: "Upgrade", upgrade: "tcp" };
    return await new Promise((resolve, reject) => {
      const sent = this.#request(method, `${prefix}${path}`, { body, headers });
      sent.on("upgrade", (_response, socket: Socket, head: Buffer) => {
        socket.setTimeout(0);
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      sent.on("response", (response: IncomingMessage) => {
        this.#refused(method, path, response).then(reject, reject);
      });
      sent.on("error", (cause) => {
        reject(errors.DOCKER_ENGINE_UNREACHABLE(this.socket, reasonOf(cause), cause));
      });
      sent.end(JSON.stringify(body));
    });
  }

  /** Closes idle connections; streams that are being read are the readers'. */
  close(): void {
    this.#agent.destroy();
  }

  async #negotiate(): Promise<string> {
    const response = await this.#checked("GET", "/version", {});
    const text = await this.#text(response);
    const { ApiVersion = "", MinAPIVersion = ApiVersion } = JSON.parse(text) as {
      ApiVersion?: string;
      MinAPIVersion?: string;
    };
    if (isBelow(ApiVersion, API_OLDEST) || isBelow(API_NEWEST, MinAPIVersion)) {
      const theirs = `${MinAPIVersion} to ${ApiVersion}`;
      throw errors.DOCKER_API_VERSION(theirs, `${API_OLDEST} to ${API_NEWEST}`);
    }
    return `/v${isBelow(ApiVersion, API_NEWEST) ? ApiVersion : API_NEWEST}`;
  }

  async #checked(method: string, path: string, options: CallOptions): Promise<IncomingMessage> {
    const response = await this.#send(method, path, options);
    const { statusCode = 500 } = response;
    // 304 says that it is so already.
    if (statusCode < 300 || statusCode === 304) return response;
    throw await this.#refused(method, path, response);
  }

  /** The coded error for an answer that is none. */
  async #refused(method: string, path: string, response: IncomingMessage): Promise<TepuiError> {
    const text = await this.#text(response);
    let reason = text.trim();
    try {
      reason = (JSON.parse(text) as { message?: string }).message ?? reason;
    } catch {
      // A proxy in between, or an engine at its end, answers with plain text.
    }
    const refusal = new Refusal(response.statusCode ?? 500, reason);
    return errors.DOCKER_ENGINE_REFUSED(`${method} ${path}`, reason, refusal);
  }

  #send(method: string, path: string, options: CallOptions): Promise<IncomingMessage> {
    const { body, signal } = options;
    return new Promise((resolve, reject) => {
      const failed = (cause: unknown) => {
        if (signal?.aborted === true) return reject(signal.reason);
        this.#prefix = undefined;
        reject(errors.DOCKER_ENGINE_UNREACHABLE(this.socket, reasonOf(cause), cause));
      };
      const sent = this.#request(method, path, options);
      sent.on("error", failed);
      sent.on("response", resolve);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** A request that is to be ended with its body. */
  #request(method: string, path: string, options: CallOptions): ClientRequest {
    const { body, headers, signal, timeoutMs = this.#timeoutMs } = options;
    const sent = request({
      socketPath: this.socket,
      agent: this.#agent,
      method,
      path: path + queryText(options.query),
      timeout: timeoutMs,
      headers: {
        host: "docker",
        ...(body === undefined
          ? {}
          : {
              "content-type": "application/json",
              "content-length": Buffer.byteLength(JSON.stringify(body)),
            }),
        ...headers,
      },
      ...(signal === undefined ? {} : { signal }),
    });
    sent.on("timeout", () => sent.destroy(new Error(`silent for ${timeoutMs} ms`)));
    return sent;
  }

  async #text(response: IncomingMessage): Promise<string> {
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        size += part.length;
        if (size > ANSWER_BYTES_MAX) throw new Error("its answer is too long");
        parts.push(part);
      }
    } catch (cause) {
      this.#prefix = undefined;
      throw errors.DOCKER_ENGINE_UNREACHABLE(this.socket, reasonOf(cause), cause);
    }
    return Buffer.concat(parts).toString("utf8");
  }
}

function queryText(query: CallOptions["query"]): string {
  const words = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined) words.set(key, String(value));
  }
  return words.size === 0 ? "" : `?${words}`;
}

function isBelow(a: string, b: string): boolean {
  const [major = 0, minor = 0] = a.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = b.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
