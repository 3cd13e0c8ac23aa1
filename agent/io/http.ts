import type { UsagePage } from "../../contract/agent-pages.ts";
import type { ShownFiles } from "../../contract/ports/files.ts";
import type { HttpGate, HttpHandler, HttpRouter } from "../../contract/ports/http.ts";
import { routeFiles } from "./files.ts";
import type { Sandboxes } from "./sandbox.ts";
import type { AskedUsage } from "./usage-page.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;
const JSON_TYPE = { "content-type": "application/json" } as const;

/** What the agent's plain HTTP routes show. */
export interface AgentPages {
  /** Metrics in Prometheus' text format. */
  metrics(): Promise<string>;
  version(): object;
  /** What runs here and what ran last. */
  executors(): object;
  /** How each isolator stands on this host, and what it was asked for and cannot do. */
  isolators(): object;
  /** What that uses, or only the container of one task. */
  usage(asked: AskedUsage): Promise<UsagePage>;
}

/** Adds all that an agent shows over HTTP: its pages and the sandboxes. */
export function routePages(
  routers: readonly HttpRouter[],
  gates: readonly HttpGate[],
  sandboxes: Sandboxes,
  files: ShownFiles,
  pages: AgentPages,
): void {
  const guarded: Guarded = (serve) => (exchange) => {
    if (gates.every((gate) => gate.admit(exchange, "readonly"))) return serve(exchange);
  };
  for (const router of routers) {
    routeAgent(router, pages, guarded);
    routeFiles(router, sandboxes, files, guarded);
  }
}

/** A handler for those alone who show the credentials that are configured, if any are. */
export type Guarded = (serve: HttpHandler) => HttpHandler;

/**
 * Adds `/health`, `/version`, `/executors`, `/isolators`, `/usage` and `/metrics` to the agent's
 * own address (H5, H6), but for those that a plugin serves in its own way. What says something of
 * tasks asks for credentials, and so do metrics, which say how many there are.
 */
function routeAgent(router: HttpRouter, pages: AgentPages, guarded: Guarded): void {
  const page = (path: string, handler: HttpHandler): void => {
    if (!router.serves(path)) router.route("GET", path, handler);
  };
  page("/health", (exchange) => exchange.respond(200, TEXT, ""));
  page("/version", (exchange) => {
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.version())}\n`);
  });
  const executors: HttpHandler = (exchange) =>
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.executors())}\n`);
  page("/executors", guarded(executors));
  page("/isolators", (exchange) => {
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(pages.isolators())}\n`);
  });
  const usage: HttpHandler = async (exchange) => {
    const query = new URLSearchParams(exchange.query);
    const [frameworkId, taskId] = [query.get("frameworkId"), query.get("taskId")];
    const asked = {
      ...(frameworkId === null ? {} : { frameworkId }),
      ...(taskId === null ? {} : { taskId }),
    };
    exchange.respond(200, JSON_TYPE, `${JSON.stringify(await pages.usage(asked))}\n`);
  };
  page("/usage", guarded(usage));
  const metrics: HttpHandler = async (exchange) => {
    const text = await pages.metrics();
    exchange.respond(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }, text);
  };
  page("/metrics", guarded(metrics));
}
