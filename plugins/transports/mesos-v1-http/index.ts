import { AGENT_VIEW } from "../../../contract/ports/agent-view.ts";
import { CLUSTER_VIEW } from "../../../contract/ports/cluster-view.ts";
import { HTTP_ROUTER } from "../../../contract/ports/http.ts";
import type { PluginContext, PluginInstance } from "../../../contract/ports/plugin.ts";
import { PEER_SERVER } from "../../../contract/ports/transport.ts";
import type { MesosConfig } from "./config.ts";
import { ExecutorApi } from "./executor/executor-api.ts";
import { Bodies } from "./http/bodies.ts";
import { Gate } from "./http/credentials.ts";
import { isServing } from "./http/leadership.ts";
import { PeerHub } from "./http/peer-hub.ts";
import { EventStreams } from "./operator/event-streams.ts";
import { OperatorApi } from "./operator/operator-api.ts";
import { v0Endpoints, v0Handler } from "./operator/v0-endpoints.ts";
import { routeBoth, routeView, type Side } from "./routes.ts";
import { SchedulerApi } from "./scheduler/scheduler-api.ts";
import { answerView, getOnly, healthView, redirectView, versionView } from "./views/small-views.ts";
import { stateViews } from "./views/state-views.ts";
import { jsonAscii, ViewCache } from "./views/view-cache.ts";

export { MesosConfig } from "./config.ts";

/**
 * The Mesos v1 HTTP API on the address of the native transport. Where a cluster's state can be seen
 * it is a master's (scheduler and operator API), elsewhere an agent's (executor API).
 */
export function create(context: PluginContext<MesosConfig>): PluginInstance {
  const { config, clock } = context;
  const hub = new PeerHub();
  let streams: EventStreams | undefined;
  const bodies = new Bodies(clock, config.bodyBytesMax);
  const [view] = context.useAll(CLUSTER_VIEW);
  const side: Side = view === undefined ? "agent" : "master";
  const gate = new Gate(config.credentials, side);
  const router = context.use(HTTP_ROUTER);
  routeView(router, side, "/version", versionView(config));
  routeView(router, side, "/health", healthView);
  if (view === undefined) {
    const api = new ExecutorApi({ config, clock, bodies, hub, view: context.use(AGENT_VIEW) });
    routeBoth(router, side, "/api/v1/executor", (exchange) => api.serve(exchange));
  } else {
    const api = new SchedulerApi({ config, clock, bodies, hub, view, gate });
    routeBoth(router, side, "/api/v1/scheduler", (exchange) => api.serve(exchange));
    streams = new EventStreams({ view, config }, clock);
    const operators = new OperatorApi({ config, bodies, streams, hub, view, gate });
    routeBoth(router, side, "/api/v1", (exchange) => operators.serve(exchange));
    routeBoth(router, side, "/redirect", redirectView(view));
    for (const [path, endpoint] of Object.entries(v0Endpoints)) {
      const handler = v0Handler(endpoint, view, bodies, (exchange, access) => {
        if (gate.admit(exchange, access) === undefined) return false;
        return isServing(exchange, view, hub.serves("framework"));
      });
      routeView(router, side, path, handler);
    }
    for (const [path, build] of Object.entries(stateViews)) {
      const cache = new ViewCache(view);
      const handler = getOnly((exchange) => {
        if (gate.admit(exchange, "readonly") === undefined) return;
        if (!isServing(exchange, view, hub.serves("framework"))) return;
        const text = cache.text(exchange.query, () =>
          jsonAscii(build({ view, config }, new URLSearchParams(exchange.query))),
        );
        return answerView(exchange, text);
      });
      routeView(router, side, path, handler);
    }
  }
  return {
    ports: { [PEER_SERVER.name]: hub },
    stop: () => {
      streams?.close();
      return hub.close(0);
    },
  };
}
