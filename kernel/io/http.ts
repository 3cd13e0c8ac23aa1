import { hostPort } from "../../contract/address.ts";
import type { HttpGate, HttpHandler, HttpRouter } from "../../contract/ports/http.ts";
import type { MasterInfo } from "../../contract/schema/agent.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;
const JSON_TYPE = { "content-type": "application/json" } as const;

/** What the master's plain HTTP routes show. */
export interface MasterPages {
  /** False until the registry has been read (G7). */
  ready(): boolean;
  /** The leader as far as it is known. */
  leader(): MasterInfo | undefined;
  /** Metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  version(): object;
}

/**
 * Adds `/health`, `/ready`, `/version`, `/metrics` and `/redirect` to the transport's own address
 * (H5, H6), but for those that a plugin serves in its own way. Metrics are for those alone who show
 * the credentials that are configured, if any are: they name what runs here.
 */
export function routeMaster(
  router: HttpRouter,
  gates: readonly HttpGate[],
  pages: MasterPages,
): void {
  const page = (path: string, handler: HttpHandler): void => {
    if (!router.serves(path)) router.route("GET", path, handler);
  };
  page("/health", (exchange) => {
    // Healthy means that the process answers, also while it recovers or stands by (H6).
    exchange.respond(200, TEXT, "");
  });
  page("/ready", (exchange) => {
    if (pages.ready()) exchange.respond(200, TEXT, "ready\n");
    else exchange.respond(503, TEXT, "the registry has not been recovered yet\n");
  });
  page("/version", (exchange) => {
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.version())}\n`);
  });
  page("/metrics", async (exchange) => {
    if (!gates.every((gate) => gate.admit(exchange, "readonly"))) return;
    const text = await pages.metrics();
    exchange.respond(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, text);
  });
  for (const path of ["/redirect", "/master/redirect"]) {
    page(path, (exchange) => {
      const leader = pages.leader();
      if (leader === undefined) exchange.respond(503, TEXT, "No leader elected\n");
      // Scheme-relative and always with a port, as clients parse it (v1-wire 4.1, 4.3).
      else exchange.respond(307, { location: `//${hostPort(leader.hostname, leader.port)}` });
    });
  }
}
