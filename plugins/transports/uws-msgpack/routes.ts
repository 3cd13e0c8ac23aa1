import { errors } from "../../../contract/errors.ts";
import type { HttpHandler, HttpMethod } from "../../../contract/ports/http.ts";

type Handlers = Map<string, HttpHandler>;

/** What a request leads to. */
export type RouteMatch =
  | { readonly handler: HttpHandler; readonly rest: string }
  | { readonly status: 404 }
  | { readonly status: 405; readonly allow: string };

/** The routing table: exact paths first, then the longest prefix, then the method. */
export class Routes {
  readonly #exact = new Map<string, Handlers>();
  readonly #prefixes = new Map<string, Handlers>();

  /** @throws ROUTE_TAKEN */
  add(method: HttpMethod | "*", path: string, handler: HttpHandler): void {
    const isPrefix = path.endsWith("/*");
    const table = isPrefix ? this.#prefixes : this.#exact;
    const key = isPrefix ? path.slice(0, -2) : trimmed(path);
    let handlers = table.get(key);
    if (handlers === undefined) {
      handlers = new Map();
      table.set(key, handlers);
    }
    if (handlers.has(method)) throw errors.ROUTE_TAKEN(method, path);
    handlers.set(method, handler);
  }

  /** True when a route was added for exactly this path, or for it and what is below. */
  has(path: string): boolean {
    return this.#exact.has(path) || this.#prefixes.has(path);
  }

  /** Finds the handler for a method and a path that `decodedPath` gave. */
  find(method: string, path: string): RouteMatch {
    const exact = this.#exact.get(path);
    if (exact !== undefined) return pick(exact, method, "");
    for (let prefix = path === "/" ? "" : path; ; ) {
      const handlers = this.#prefixes.get(prefix);
      if (handlers !== undefined) return pick(handlers, method, path.slice(prefix.length + 1));
      if (prefix === "") return { status: 404 };
      prefix = prefix.slice(0, prefix.lastIndexOf("/"));
    }
  }
}

function pick(handlers: Handlers, method: string, rest: string): RouteMatch {
  const handler = handlers.get(method) ?? handlers.get("*");
  if (handler !== undefined) return { handler, rest };
  const methods = [...handlers.keys()];
  if (methods.includes("GET")) methods.push("HEAD");
  return { status: 405, allow: methods.join(", ") };
}

function trimmed(path: string): string {
  const end = path.replace(/\/+$/, "");
  return end === "" ? "/" : end;
}

/**
 * The path that is routed: decoded once, without a trailing slash and with one slash where there
 * are several, as clients that put a path behind an address with a slash of its own send them.
 * Answers `undefined` for one that is not UTF-8 after decoding, and for one with a `.` or `..`
 * component or a zero byte, which only ever mean mischief here.
 */
export function decodedPath(raw: string): string | undefined {
  let path: string;
  try {
    path = decodeURIComponent(raw);
  } catch {
    return undefined;
  }
  if (!path.startsWith("/") || path.includes("\0")) return undefined;
  const components = path.split("/");
  if (components.includes("..") || components.includes(".")) return undefined;
  return trimmed(path.replace(/\/{2,}/g, "/"));
}
