import type { HttpRouter } from "../../contract/ports/http.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;
const JSON_TYPE = { "content-type": "application/json" } as const;

/** What the agent's plain HTTP routes show. */
export interface AgentPages {
  /** Metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  version(): object;
}

/** Adds `/health`, `/version` and `/metrics` to the agent's own address (H5, H6). */
export function routeAgent(router: HttpRouter, pages: AgentPages): void {
  router.route("GET", "/health", (exchange) => exchange.respond(200, TEXT, ""));
  router.route("GET", "/version", (exchange) => {
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.version())}\n`);
  });
  router.route("GET", "/metrics", async (exchange) => {
    const text = await pages.metrics();
    exchange.respond(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, text);
  });
}
