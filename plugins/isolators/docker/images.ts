import { errors, reasonOf, TepuiError } from "../../../contract/errors.ts";
import type { Clock } from "../../../contract/ports/clock.ts";
import { authHeader, loginFrom, loginOfSandbox, registryOf } from "./credentials.ts";
import { type EngineClient, isRefused, refusalOf } from "./engine-client.ts";
import type { InspectedImage, PullLine } from "./engine-types.ts";
import { jsonLines } from "./json-lines.ts";

const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9._/:@-]{0,511}$/;

/** What an image is pulled with. */
export interface PullOptions {
  readonly sandbox: string;
  /** Credentials of the agent, a file in Docker's form. */
  readonly credentials?: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Repository and tag or digest; the tag is `latest` where nothing is said. */
export function splitReference(image: string): { repository: string; tag: string } {
  const at = image.indexOf("@");
  if (at > 0) return { repository: image.slice(0, at), tag: image.slice(at + 1) };
  const colon = image.lastIndexOf(":");
  // A colon before the last slash belongs to the port of the registry.
  if (colon <= image.lastIndexOf("/")) return { repository: image, tag: "latest" };
  return { repository: image.slice(0, colon), tag: image.slice(colon + 1) };
}

/**
 * The images of an engine.
 */
export class Images {
  readonly #client: EngineClient;
  readonly #clock: Clock;

  constructor(client: EngineClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * Sees to it that the engine has an image: the local one, else, or when `force` is set, the
   * registry's. Credentials come from the sandbox's `.docker/config.json` or `.dockercfg`, then
   * from the agent's file. Answers the image's working directory, empty when it has none.
   * @throws DOCKER_IMAGE_INVALID, DOCKER_IMAGE_MISSING, DOCKER_REGISTRY_UNREACHABLE,
   * DOCKER_REGISTRY_DENIED, DOCKER_PULL_FAILED, DOCKER_PULL_TIMEOUT, DOCKER_CREDENTIALS_INVALID
   */
  async ensure(image: string, force: boolean, options: PullOptions): Promise<string> {
    // The name becomes part of a path, in which the engine follows dots and joins slashes.
    const isPath = image.split("/").some((part) => ["", ".", ".."].includes(part));
    if (!REFERENCE.test(image) || isPath) {
      throw errors.DOCKER_IMAGE_INVALID(image);
    }
    const found = force ? undefined : await this.#find(image);
    if (found !== undefined) return found;
    await this.#pull(image, options);
    return (await this.#find(image)) ?? "";
  }

  async #find(image: string): Promise<string | undefined> {
    try {
      const path = `/images/${image}/json`;
      const { Config } = await this.#client.call<InspectedImage>("GET", path);
      return Config?.WorkingDir ?? "";
    } catch (thrown) {
      if (isRefused(thrown, 404)) return undefined;
      if (isRefused(thrown, 400)) throw errors.DOCKER_IMAGE_INVALID(image);
      throw thrown;
    }
  }

  async #pull(image: string, options: PullOptions): Promise<void> {
    const { sandbox, credentials, timeoutMs } = options;
    const registry = registryOf(image);
    const login =
      loginOfSandbox(sandbox, registry) ??
      (credentials === undefined ? undefined : loginFrom(credentials, registry));
    const { repository, tag } = splitReference(image);
    const deadline = new AbortController();
    const timer = this.#clock.after(timeoutMs, () =>
      deadline.abort(errors.DOCKER_PULL_TIMEOUT(image, timeoutMs)),
    );
    const signal = AbortSignal.any([options.signal, deadline.signal]);
    try {
      const stream = await this.#client.stream("POST", "/images/create", {
        query: { fromImage: repository, tag },
        headers: authHeader(login),
        timeoutMs: 0,
        signal,
      });
      for await (const line of jsonLines<PullLine>(stream)) {
        if (line.error !== undefined) throw pullFault(image, line.error);
      }
    } catch (thrown) {
      if (signal.aborted) throw signal.reason;
      if (isRefused(thrown, 400)) throw errors.DOCKER_IMAGE_INVALID(image);
      const refusal = refusalOf(thrown);
      if (refusal !== undefined) throw pullFault(image, refusal);
      if (thrown instanceof TepuiError) throw thrown;
      // The stream broke off: the engine went away, and the pull can be tried again.
      throw errors.DOCKER_ENGINE_UNREACHABLE(this.#client.socket, reasonOf(thrown), thrown);
    } finally {
      timer.cancel();
    }
  }
}

/** The engine tells what went wrong with a registry in words alone. */
function pullFault(image: string, reason: string): TepuiError {
  if (/no space left/i.test(reason)) return errors.DOCKER_DISK_FULL(reason);
  if (/dial tcp|connection re|no such host|timeout|x509|tls:|unreachable|EOF/i.test(reason)) {
    return errors.DOCKER_REGISTRY_UNREACHABLE(image, reason);
  }
  if (/not found|unknown|does not exist/i.test(reason)) {
    return errors.DOCKER_IMAGE_MISSING(image, reason);
  }
  if (/unauthorized|authentication|basic auth|denied|forbidden/i.test(reason)) {
    return errors.DOCKER_REGISTRY_DENIED(image, reason);
  }
  return errors.DOCKER_PULL_FAILED(image, reason);
}
