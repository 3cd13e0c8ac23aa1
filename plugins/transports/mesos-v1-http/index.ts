import { AGENT_VIEW } from "../../../contract/ports/agent-view.ts";
import { CLUSTER_VIEW, type ClusterView } from "../../../contract/ports/cluster-view.ts";
import {
  HTTP_GATE,
  HTTP_ROUTER,
  type HttpExchange,
  type HttpRouter,
} from "../../../contract/ports/http.ts";
import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import { PEER_SERVER } from "../../../contract/ports/transport.ts";
import { AgentApi } from "./agent/agent-api.ts";
import type { MesosConfig } from "./config.ts";
import { ExecutorApi, type ExecutorApiParts } from "./executor/executor-api.ts";
import { guarded } from "./http/answers.ts";
import { Bodies } from "./http/bodies.ts";
import { Gate } from "./http/credentials.ts";
import { isServing } from "./http/leadership.ts";
import { PeerHub } from "./http/peer-hub.ts";
import { EventStreams } from "./operator/event-streams.ts";
import { OperatorApi, type OperatorApiParts } from "./operator/operator-api.ts";
import { filePages, v0Endpoints, v0Handler } from "./operator/v0-endpoints.ts";
import { routeBoth, routeView, type Side } from "./routes.ts";
import { SchedulerApi, type SchedulerApiParts } from "./scheduler/scheduler-api.ts";
import { agentViews } from "./views/agent-views.ts";
import { jsonAscii } from "./views/json-pieces.ts";
import {
  type ProcessSource,
  processViews,
  refusedEndpoints,
  refusedView,
} from "./views/process-views.ts";
import { answerView, getOnly, healthView, redirectView, versionView } from "./views/small-views.ts";
import { stateViews, viewsByQuery } from "./views/state-views.ts";
import { ViewCache } from "./views/view-cache.ts";

export { MesosConfig } from "./config.ts";

/** What masters and agents serve alike. */
function serveProcess(source: ProcessSource, router: HttpRouter, side: Side): void {
  for (const [path, make] of Object.entries(processViews)) {
    routeView(router, side, path, make(source));
  }
  for (const [path, why] of Object.entries(refusedEndpoints[side])) {
    routeBoth(router, side, path, refusedView(path, why));
  }
}

/** What a request asks of a view, without what the view does not look at. */
function queryOf({ query }: HttpExchange, names: readonly string[]): URLSearchParams {
  const given = new URLSearchParams(query);
  const kept = new URLSearchParams();
  for (const name of names) {
    const value = given.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}

/** The executor API, the operator API and the views of an agent. */
function serveAgent(parts: ExecutorApiParts, router: HttpRouter, gate: Gate): void {
  const executors = new ExecutorApi(parts);
  routeBoth(router, "agent", "/api/v1/executor", (exchange) => executors.serve(exchange));
  const operators = new AgentApi({ ...parts, gate });
  routeBoth(router, "agent", "/api/v1", (exchange) => operators.serve(exchange));
  for (const [path, build] of Object.entries(agentViews)) {
    const handler = getOnly((exchange) => {
      if (gate.admit(exchange, "readonly") === undefined) return;
      return guarded(exchange, async () => {
        const shown = await build(parts, new URLSearchParams(exchange.query));
        await answerView(exchange, jsonAscii(shown));
      });
    });
    routeView(router, "agent", path, handler);
  }
}

/** The scheduler API, the operator API and the views of a master. */
function serveMaster(parts: SchedulerApiParts & OperatorApiParts, router: HttpRouter): void {
  const { view, gate, hub, bodies } = parts;
  const schedulers = new SchedulerApi(parts);
  routeBoth(router, "master", "/api/v1/scheduler", (exchange) => schedulers.serve(exchange));
  const operators = new OperatorApi(parts);
  routeBoth(router, "master", "/api/v1", (exchange) => operators.serve(exchange));
  routeBoth(router, "master", "/redirect", redirectView(view));
  const isShown = (exchange: HttpExchange, access: "readonly" | "readwrite"): boolean =>
    gate.admit(exchange, access) !== undefined &&
    isServing(exchange, view, hub.serves("framework"));
  const metrics = getOnly(async (exchange) => {
    if (isShown(exchange, "readonly")) await answerView(exchange, jsonAscii(view.metrics()));
  });
  routeView(router, "master", "/metrics/snapshot", metrics);
  for (const name of filePages) {
    // Who does not lead has a log of its own to show.
    const handler = getOnly((exchange) => {
      if (gate.admit(exchange, "readonly") === undefined) return;
      return guarded(exchange, async () => view.files.pages[name](exchange));
    });
    routeView(router, "master", `/files/${name}`, handler);
  }
  for (const [path, endpoint] of Object.entries(v0Endpoints)) {
    routeView(router, "master", path, v0Handler(endpoint, view, bodies, isShown));
  }
  for (const [path, make] of Object.entries(stateViews)) {
    const cache = new ViewCache(view, parts.clock, parts.onHit);
    const handler = getOnly(async (exchange) => {
      if (!isShown(exchange, "readonly")) return;
      const query = queryOf(exchange, viewsByQuery[path] ?? []);
      const text = cache.text(query.toString(), () => make(parts, query));
      await answerView(exchange, await text);
    });
    routeView(router, "master", path, handler);
  }
}

/**
 * The Mesos v1 HTTP API on the address of the native transport. Where a cluster's state can be seen
 * it is a master's (scheduler and operator API), elsewhere an agent's (executor API).
 */
export function create(context: PluginContext<MesosConfig>): PluginInstance {
  const { config, clock } = context;
  const hub = new PeerHub();
  const bodies = new Bodies(clock, config.bodyBytesMax);
  const [view] = context.useAll(CLUSTER_VIEW);
  const side: Side = view === undefined ? "agent" : "master";
  const gate = new Gate(config.credentials, side);
  const router = context.use(HTTP_ROUTER);
  routeView(router, side, "/version", versionView(config));
  routeView(router, side, "/health", healthView);
  const streams = view && new EventStreams({ view, config }, clock);
  const parts = { config, clock, bodies, hub };
  if (view === undefined || streams === undefined) {
    const agent = context.use(AGENT_VIEW);
    serveProcess({ view: agent, gate }, router, side);
    serveAgent({ ...parts, view: agent }, router, gate);
  } else {
    serveProcess({ view, gate }, router, side);
    let hits = 0;
    const metrics = () => ({ ...view.metrics(), "master/http_cache_hits": hits });
    const shown: ClusterView = Object.assign(Object.create(view), { metrics });
    const onHit = () => {
      hits += 1;
    };
    serveMaster({ ...parts, view: shown, gate, streams, onHit }, router);
  }
  return {
    ports: { [PEER_SERVER.name]: hub, [HTTP_GATE.name]: gate.port },
    stop: () => {
      streams?.close();
      return hub.close(0);
    },
  };
}
