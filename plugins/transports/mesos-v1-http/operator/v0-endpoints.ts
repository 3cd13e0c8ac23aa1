import type { AgentId, FrameworkId, RoleName } from "../../../../contract/ids.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { FilePage } from "../../../../contract/ports/files.ts";
import type { HttpExchange, HttpHandler } from "../../../../contract/ports/http.ts";
import { checkValues } from "../codec/bounds.ts";
import { fromJson, readJson } from "../codec/json-read.ts";
import { MachineID } from "../definitions/basics.ts";
import type { Message, MessageDef } from "../definitions/define.ts";
import {
  ClusterStatus,
  QuotaRequest,
  QuotaStatus,
  Schedule,
  WeightInfo,
} from "../definitions/operators.ts";
import { Resource } from "../definitions/resources.ts";
import { answer, answerEmpty, guarded, Refusal, refuse } from "../http/answers.ts";
import type { Bodies } from "../http/bodies.ts";
import { encode } from "../http/media.ts";
import { jsonAscii } from "../views/json-pieces.ts";
import { machineFrom, resourcesFrom, windowsFrom } from "./agent-changes.ts";
import { quotaFrom, quotaStatus, removeQuota } from "./quotas.ts";
import { refusalOf } from "./refusals.ts";
import { slowQueries } from "./slow-queries.ts";

/** What a request brings to an endpoint. */
interface Asked {
  readonly view: ClusterView;
  readonly body: string;
  /** What follows the endpoint in the path, without the slash. */
  readonly rest: string;
}

/** Changes something, and then is answered without a body. */
type Act = (asked: Asked) => Promise<unknown>;

/** One endpoint: what a GET shows, and what other methods do. */
interface Endpoint {
  readonly show?: (view: ClusterView) => Promise<string> | string;
  readonly acts: Readonly<Partial<Record<"POST" | "PUT" | "DELETE", Act>>>;
  /** Status of a change that was taken; 200 unless it is another (§9). */
  readonly status?: number;
}

/**
 * Reads fields of a form.
 * @throws Refusal 400 for one that is missing
 */
function field(body: string, name: string): string {
  const value = new URLSearchParams(body).get(name);
  if (value === null || value === "") throw new Refusal(400, `Missing '${name}' query parameter`);
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw new Refusal(400, `Failed to parse JSON: ${(thrown as Error).message}`);
  }
}

/** Reads a JSON list of messages. */
function listOf<M extends MessageDef>(def: M, text: string): Message<M>[] {
  const json = parsed(text);
  if (!Array.isArray(json)) throw new Refusal(400, "Expecting a JSON array");
  return json.map((one) => fromJson(def, one));
}

/** A form with an agent and a list of resources. */
function onAgent(method: "reserve-resources" | "unreserve-resources", name: "resources"): Endpoint;
function onAgent(method: "create-volumes" | "destroy-volumes", name: "volumes"): Endpoint;
function onAgent(
  method: "reserve-resources" | "unreserve-resources" | "create-volumes" | "destroy-volumes",
  name: "resources" | "volumes",
): Endpoint {
  const act: Act = ({ view, body }) => {
    const agentId = field(body, "slaveId") as AgentId;
    const list = resourcesFrom(listOf(Resource, field(body, name)));
    return view.request(method, { agentId, [name]: list } as never);
  };
  return { acts: { POST: act }, status: 202 };
}

const machines =
  (method: "start-maintenance" | "stop-maintenance"): Act =>
  ({ view, body }) =>
    view.request(method, { machines: listOf(MachineID, body).map(machineFrom) });

/** The pages below `/files` of a master (§8.5). */
export const filePages: readonly FilePage[] = ["browse", "debug", "download", "read"];

/** The endpoints from before the v1 API that change something, by path (§9). */
export const v0Endpoints: Readonly<Record<string, Endpoint>> = {
  "/teardown": {
    acts: {
      POST: ({ view, body }) =>
        view.request("teardown", { frameworkId: field(body, "frameworkId") as FrameworkId }),
    },
  },
  "/weights": {
    show: (view) => jsonAscii([...view.weights()]),
    acts: {
      PUT: ({ view, body }) =>
        view.request("update-weights", {
          weights: listOf(WeightInfo, body).map(({ role = "*", weight }) => ({
            role: role as RoleName,
            weight,
          })),
        }),
    },
  },
  "/quota": {
    show: (view) => encode("json", QuotaStatus, quotaStatus(view)).toString(),
    acts: {
      POST: ({ view, body }) =>
        view.request("update-quota", quotaFrom(readJson(QuotaRequest, body))),
      DELETE: ({ view, rest }) => {
        if (rest === "") throw new Refusal(400, "Expecting the role behind /quota/");
        return removeQuota(view, rest);
      },
    },
  },
  "/maintenance/schedule": {
    show: async (view) => {
      const { get_maintenance_schedule } = await slowQueries.GET_MAINTENANCE_SCHEDULE(view);
      return encode("json", Schedule, get_maintenance_schedule.schedule).toString();
    },
    acts: {
      POST: ({ view, body }) =>
        view.request("update-maintenance", { windows: windowsFrom(readJson(Schedule, body)) }),
    },
  },
  "/maintenance/status": {
    show: async (view) => {
      const { get_maintenance_status } = await slowQueries.GET_MAINTENANCE_STATUS(view);
      return encode("json", ClusterStatus, get_maintenance_status.status).toString();
    },
    acts: {},
  },
  "/machine/down": { acts: { POST: machines("start-maintenance") } },
  "/machine/up": { acts: { POST: machines("stop-maintenance") } },
  "/reserve": onAgent("reserve-resources", "resources"),
  "/unreserve": onAgent("unreserve-resources", "resources"),
  "/create-volumes": onAgent("create-volumes", "volumes"),
  "/destroy-volumes": onAgent("destroy-volumes", "volumes"),
};

/** Serves one endpoint; `admit` says whether the request may be served, and has answered if not. */
export function v0Handler(
  { show, acts, status = 200 }: Endpoint,
  view: ClusterView,
  bodies: Bodies,
  admit: (exchange: HttpExchange, access: "readonly" | "readwrite") => boolean,
): HttpHandler {
  const allowed = [...(show === undefined ? [] : ["GET"]), ...Object.keys(acts)];
  return (exchange) => {
    const { method } = exchange;
    if (method === "GET" && show !== undefined) {
      if (!admit(exchange, "readonly")) return;
      return guarded(exchange, async () => answer(exchange, "application/json", await show(view)));
    }
    const act = acts[method as keyof typeof acts];
    if (act === undefined) {
      const wanted = allowed.map((name) => `'${name}'`).join(", ");
      const reason = `Expecting one of { ${wanted} }, but received '${method}'`;
      return refuse(exchange, 405, reason, { allow: allowed.join(", ") });
    }
    if (!admit(exchange, "readwrite")) return;
    return guarded(exchange, async () => {
      const rest = decodeURIComponent(exchange.rest.replace(/^\//, ""));
      const acted = bodies.read(exchange, function* (bytes) {
        yield* checkValues(bytes);
        return act({ view, body: new TextDecoder().decode(bytes), rest });
      });
      await acted.catch((thrown: unknown) => {
        throw refusalOf(false, thrown);
      });
      answerEmpty(exchange, status);
    });
  };
}
