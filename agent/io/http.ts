import type { HttpHandler, HttpRouter } from "../../contract/ports/http.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;
const JSON_TYPE = { "content-type": "application/json" } as const;

/** What the agent's plain HTTP routes show. */
export interface AgentPages {
  /** Metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  version(): object;
  /** What runs here and what ran last. */
  executors(): object;
}

/**
 * Adds `/health`, `/version`, `/executors` and `/metrics` to the agent's own address (H5, H6), but
 * for those that a plugin serves in its own way.
 */
export function routeAgent(router: HttpRouter, pages: AgentPages): void {
  const page = (path: string, handler: HttpHandler): void => {
    if (!router.serves(path)) router.route("GET", path, handler);
  };
  page("/health", (exchange) => exchange.respond(200, TEXT, ""));
  page("/version", (exchange) => {
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.version())}\n`);
  });
  page("/executors", (exchange) => {
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.executors())}\n`);
  });
  page("/metrics", async (exchange) => {
    const text = await pages.metrics();
    exchange.respond(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, text);
  });
}
