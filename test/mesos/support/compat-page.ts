import {
  agentChanges,
  agentQueries,
  agentRefusals,
} from "../../../plugins/transports/mesos-v1-http/agent/agent-queries.ts";
import {
  NO_STANDALONE,
  nestedActs,
  nestedWaits,
} from "../../../plugins/transports/mesos-v1-http/agent/nested-calls.ts";
import {
  nestedInputs,
  nestedStreams,
} from "../../../plugins/transports/mesos-v1-http/agent/nested-streams.ts";
import { Call as AgentCall } from "../../../plugins/transports/mesos-v1-http/definitions/agent-call.ts";
import type { MessageDef } from "../../../plugins/transports/mesos-v1-http/definitions/define.ts";
import {
  ExecutorCall,
  ExecutorEvent,
  MasterCall,
} from "../../../plugins/transports/mesos-v1-http/definitions/envelopes.ts";
import { Event as MasterEvent } from "../../../plugins/transports/mesos-v1-http/definitions/master-event.ts";
import { Call, Event } from "../../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { accepted } from "../../../plugins/transports/mesos-v1-http/operator/agent-changes.ts";
import { changes } from "../../../plugins/transports/mesos-v1-http/operator/changes.ts";
import { queries } from "../../../plugins/transports/mesos-v1-http/operator/queries.ts";
import { slicedQueries } from "../../../plugins/transports/mesos-v1-http/operator/sliced-queries.ts";
import { slowQueries } from "../../../plugins/transports/mesos-v1-http/operator/slow-queries.ts";
import {
  filePages,
  v0Endpoints,
} from "../../../plugins/transports/mesos-v1-http/operator/v0-endpoints.ts";
import { agentViews } from "../../../plugins/transports/mesos-v1-http/views/agent-views.ts";
import {
  processViews,
  refusedEndpoints,
} from "../../../plugins/transports/mesos-v1-http/views/process-views.ts";
import { stateViews } from "../../../plugins/transports/mesos-v1-http/views/state-views.ts";
import { acceptRows } from "../conformance/accept-rows.ts";
import { agentRows } from "../conformance/agent-rows.ts";
import { disturbanceRows } from "../conformance/disturbance-rows.ts";
import { eventRows } from "../conformance/event-rows.ts";
import { executorRows } from "../conformance/executor-rows.ts";
import { failoverRows } from "../conformance/failover-rows.ts";
import { hintRows } from "../conformance/hint-rows.ts";
import { jsonRows } from "../conformance/json-rows.ts";
import { leavingRows } from "../conformance/leaving-rows.ts";
import { metricRows } from "../conformance/metric-rows.ts";
import { nestedRows } from "../conformance/nested-rows.ts";
import { operatorRows } from "../conformance/operator-rows.ts";
import { podRows } from "../conformance/pod-rows.ts";
import { processRows } from "../conformance/process-rows.ts";
import { refusalRows } from "../conformance/refusal-rows.ts";
import { scenarioRows } from "../conformance/scenario-rows.ts";
import { schedulerRows } from "../conformance/scheduler-rows.ts";
import { serviceRows } from "../conformance/service-rows.ts";
import { sessionRows } from "../conformance/session-rows.ts";
import { sharedVolumeRows } from "../conformance/shared-volume-rows.ts";
import { surfaceRows } from "../conformance/surface-rows.ts";
import { taskRows } from "../conformance/task-rows.ts";
import { viewRows } from "../conformance/view-rows.ts";
import { volumeRows } from "../conformance/volume-rows.ts";
import { agentNames, masterNames, metricTable } from "./metric-names.ts";

/** Names of the `type` of an envelope, without UNKNOWN. */
export function typesOf(def: MessageDef): string[] {
  const type = def.fields.find(({ name }) => name === "type")?.enumeration;
  return [...(type?.numbers.keys() ?? [])].filter((name) => name !== "UNKNOWN");
}

const aboutNested = [
  "Nested containers are further commands in the container of a task or executor: they run as its",
  "user, within its limits and namespaces, and end with it and with the agent. Who may have them",
  "is said by `exec.allow` of the agent; the secret of `exec.secretFile` is shown as a bearer",
  "token, or as the password of anybody.",
  "",
  "`ATTACH_CONTAINER_INPUT` and `ATTACH_CONTAINER_OUTPUT` are for the containers of",
  "`LAUNCH_NESTED_CONTAINER_SESSION` alone. The container of a task or executor has no input and",
  "writes to files, and so has one of `LAUNCH_NESTED_CONTAINER`: attaching to those is 500. A task",
  "with `tty_info` is refused. So `mesos task attach` and what launches tasks to attach to them,",
  "such as `msh -interactive` of mesos-go, do not work; `mesos task exec` does, and what a task",
  "writes is read below `/files`.",
  "",
];

const aboutAnswers = [
  "## What is claimed",
  "",
  "The master and all of its agents claim one version of Mesos, `version` of the plugin's config:",
  "in `/version`, in `master_info`, and for each agent in `/state`, `/slaves` and `GET_AGENTS`.",
  "Clients compare these with the version that they need. The versions of the software itself are",
  "`tepui_version` in `/version`, and in `tepui agents -o json`.",
  "",
  "`master_info.capabilities` leaves out `QUOTA_V2`, though `UPDATE_QUOTA` is served: clients",
  "that know an older list, such as mesos-go with JSON, fail on the whole `SUBSCRIBED`. The",
  "`capabilities` of `/state` have it.",
  "",
];

const aboutConnections = [
  "## Connections",
  "",
  "The HTTP server is uWebSockets.js, which takes less than HTTP allows:",
  "",
  "- Pipelined requests are answered in order as long as each is answered at once. Calls of",
  "  schedulers and executors are, and so are queries that do not show much. What takes longer is",
  "  not: changes by operators, the state of a large cluster, bodies and answers packed with gzip,",
  "  bodies from 64 KiB on that take more than 3 ms to read, or that come while others of that size",
  "  are read. A request that comes before such an answer costs the connection, and the answers that",
  "  have not left yet, though what was asked may have been done: send those one at a time, or over",
  "  a connection of their own.",
  "- HTTP/1.0 is answered with 505, and so are targets with a scheme and a host. nginx as a proxy",
  '  needs `proxy_http_version 1.1;` and `proxy_set_header Connection "";`, and for event streams',
  "  `proxy_buffering off;` and a `proxy_read_timeout` beyond a heartbeat. Checks of HAProxy need",
  "  `http-check send meth GET uri /health ver HTTP/1.1 hdr Host master`.",
  "- Trailers behind a body in chunks, and extensions of chunks, are not understood; the former are",
  "  taken for the next request. Requests of HTTP/1.1 without `Host` are not answered, nor those",
  "  with a header that goes on in the next line; their connections are closed after some seconds.",
  "- `credentials` of the plugin guard this API, `/metrics`, and what an agent shows of tasks over",
  "  HTTP. The native protocol of the same port asks for none: a master that everybody can reach",
  "  needs more than them. Prometheus shows them by `basic_auth`.",
  "",
];

const aboutMetrics = [
  "## Names in `/metrics/snapshot` and GET_METRICS",
  "",
  "All names of Mesos 1.11, in the braces of a shell. Sums are counted since this master leads, or",
  "since this agent's process began. What is always 0 cannot happen here, and what is absent has no",
  "meaning here; each says why. For Prometheus, `/metrics` has Tepui's own names.",
  "",
];

const files = filePages.map((page) => `/files/${page}`);

const requested = "as a [demand](policies.md#what-frameworks-state)";

/** The page that says what of the Mesos HTTP API is served, from the tables that serve it. */
export function compatPage(): string {
  const operator = typesOf(MasterCall).map((type) => {
    if (type === "SUBSCRIBE") return [type, "served, 200 with a stream"];
    if (type in changes) return [type, `served, ${accepted.has(type) ? 202 : 200} without a body`];
    const isQuery = [queries, slicedQueries, slowQueries].some((table) => type in table);
    return [type, isQuery ? "served, 200 with a body" : "not served"];
  });
  return [
    "# What of the Mesos HTTP API is served",
    "",
    "Generated by `UPDATE_GOLDEN=1 npx vitest run test/mesos/compat.test.ts` from the tables that",
    "serve it; a test holds page and tables together.",
    "",
    ...table(
      "Scheduler API, calls",
      typesOf(Call).map((type) => [type, type === "REQUEST" ? `served, ${requested}` : "served"]),
    ),
    ...table(
      "Scheduler API, events",
      typesOf(Event).map((type) => [type, "sent"]),
    ),
    ...table(
      "Executor API, calls",
      typesOf(ExecutorCall).map((type) => [type, "served"]),
    ),
    ...table(
      "Executor API, events",
      typesOf(ExecutorEvent).map((type) => [type, "sent"]),
    ),
    ...table("Operator API of the master", operator),
    ...table(
      "Operator API of the master, events",
      typesOf(MasterEvent).map((type) => [type, "sent"]),
    ),
    ...table("Operator API of an agent", typesOf(AgentCall).map(ofAgent)),
    ...aboutNested,
    ...table("Endpoints of the master outside of `/api/v1`", masterViews()),
    ...table("Endpoints of an agent outside of `/api/v1`", agentViewsShown()),
    ...aboutMetrics,
    ...table("Metrics of the master", metricTable(masterNames)),
    ...table("Metrics of an agent", metricTable(agentNames)),
    ...aboutAnswers,
    ...aboutConnections,
    ...conformance(),
  ].join("\n");
}

/** Endpoints of the master besides its API, and what becomes of them. */
function masterViews(): string[][] {
  const served = [
    ...Object.keys(stateViews),
    ...Object.keys(v0Endpoints),
    ...["/metrics/snapshot", "/health", "/redirect", "/version", ...files],
    ...Object.keys(processViews),
  ];
  return [...served.map((path) => [`\`${path}\``, "served"]), ...refused("master")].sort();
}

/** The same of an agent. */
function agentViewsShown(): string[][] {
  const both = ["/health", "/version", ...files, ...Object.keys(processViews)];
  const served = [...Object.keys(agentViews), ...both];
  return [...served.map((path) => [`\`${path}\``, "served"]), ...refused("agent")].sort();
}

/** Endpoints that a side does not serve. */
function refused(side: "master" | "agent"): string[][] {
  return Object.entries(refusedEndpoints[side]).map(([path, why]) => [
    `\`${path}\``,
    `501: ${why}`,
  ]);
}

/** What becomes of a call to an agent. */
function ofAgent(type: string): [string, string] {
  if (type in agentChanges) return [type, "served, 200 without a body"];
  if (type in nestedActs) {
    const isLaunch = type.startsWith("LAUNCH");
    const state = `served, 200 without a body${isLaunch ? ", 202 when there is one" : ""}`;
    return [type, type === "LAUNCH_CONTAINER" ? `${state}; 501 ${NO_STANDALONE}` : state];
  }
  if (type in nestedWaits) return [type, "served, 200 with a body at the end of the container"];
  if (type in nestedStreams) return [type, "served, 200 with a stream"];
  if ((nestedInputs as readonly string[]).includes(type)) {
    return [type, "served, a request that goes on; 200 without a body at its end"];
  }
  const why = new Map<string, string>(Object.entries(agentRefusals)).get(type);
  return [type, type in agentQueries ? "served, 200 with a body" : `501: ${why}`];
}

/** What the conformance suite holds a real cluster to, a line for each of its rows. */
function conformance(): string[] {
  const rows = [
    ...surfaceRows,
    ...processRows,
    ...jsonRows,
    ...schedulerRows,
    ...hintRows,
    ...acceptRows,
    ...refusalRows,
    ...taskRows,
    ...executorRows,
    ...operatorRows,
    ...viewRows,
    ...metricRows,
    ...eventRows,
    ...agentRows,
    ...sessionRows,
    ...nestedRows,
    ...scenarioRows,
    ...serviceRows,
    ...podRows,
    ...volumeRows,
    ...sharedVolumeRows,
    ...disturbanceRows,
    ...failoverRows,
    ...leavingRows,
  ];
  return [
    "## Conformance",
    "",
    "Each line is a test against a master and agents that run as processes of their own, in the",
    "forms that it names; `npx vitest run test/mesos/conformance` runs them. The first column is",
    "the section of the description of the API that the suite was written from: 1 routes and",
    "connections, 2 types, 3 records, 4 the leader, 5 JSON, 6 scheduler API, 7 executor API,",
    "8 operator API, 9 views, 12 and O whole stories.",
    "",
    "| Section | What holds | Forms |",
    "|---|---|---|",
    ...rows.map(({ section, claim, wires }) => `| ${section} | ${claim} | ${wires.join(", ")} |`),
    "",
  ];
}

function table(title: string, rows: readonly (readonly (string | undefined)[])[]): string[] {
  return [
    `## ${title}`,
    "",
    "| Name | State |",
    "|---|---|",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
  ];
}
