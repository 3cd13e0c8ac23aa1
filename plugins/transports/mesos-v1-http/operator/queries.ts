import { hostPort } from "../../../../contract/address.ts";
import type { AgentView, FrameworkView } from "../../../../contract/operator-api.ts";
import type { ClusterView, OpenOffers } from "../../../../contract/ports/cluster-view.ts";
import type { MesosConfig } from "../config.ts";
import type { Message } from "../definitions/define.ts";
import type { Call as CallDef } from "../definitions/master-call.ts";
import type {
  Response as ResponseDef,
  ResponseGetAgentsAgent,
  ResponseGetFrameworksFramework,
} from "../definitions/master-response.ts";
import { each, maybe, nanosOf, wrap } from "../map/basics.ts";
import { agentTo, constraintsTo, drainTo, frameworkTo, masterTo } from "../map/cluster.ts";
import { listFiles, readFile } from "../map/files.ts";
import { AGENT_PATH, inverseOfferTo, offerTo } from "../map/offers.ts";
import { type ResourceForm, resourcesTo } from "../map/resources.ts";
import { buildFacts } from "../views/build-facts.ts";
import { quotaStatus } from "./quotas.ts";

/** A call of the master's operator API. */
export type OperatorCall = Message<typeof CallDef>;
/** An answer of the master's operator API. */
export type OperatorResponse = Message<typeof ResponseDef>;

/** Operators are shown everything, in the newest form. */
export const FORM: ResourceForm = { isRefined: true };

/** The same of offers: of a framework that could deal with all of it. */
const ALL_KNOWN = ["MULTI_ROLE", "RESERVATION_REFINEMENT"];

/** What the queries answer from. */
export interface QuerySource {
  readonly view: ClusterView;
  readonly config: MesosConfig;
}

/** Answers at once; without the field of its name when the submessage that it needs is missing. */
type Query = (source: QuerySource, call: OperatorCall) => Omit<OperatorResponse, "type">;

/** The calls that only read, by type (§8.4). */
export const queries = {
  GET_HEALTH: () => ({ get_health: { healthy: true } }),
  GET_FLAGS: ({ view }) => ({
    get_flags: { flags: Object.entries(view.flags()).map(([name, value]) => ({ name, value })) },
  }),
  GET_VERSION: ({ config }) => ({
    get_version: { version_info: { version: config.version, ...buildFacts() } },
  }),
  GET_METRICS: ({ view }, { get_metrics }) => ({
    get_metrics: get_metrics && {
      metrics: Object.entries(view.metrics()).map(([name, value]) => ({ name, value })),
    },
  }),
  GET_LOGGING_LEVEL: ({ view }) => ({ get_logging_level: { level: view.verbosity.level() } }),
  LIST_FILES: ({ view }, call) => ({ list_files: listFiles(view.files, call) }),
  READ_FILE: ({ view }, call) => ({ read_file: readFile(view.files, call) }),
  GET_ROLES: ({ view }) => ({
    get_roles: {
      roles: [...view.roles()].map(({ role, weight, frameworks, allocated }) => ({
        name: role,
        weight,
        frameworks: frameworks.map((id) => wrap(id)),
        resources: resourcesTo(allocated, FORM),
      })),
    },
  }),
  GET_WEIGHTS: ({ view }) => ({
    get_weights: { weight_infos: [...view.weights()] },
  }),
  GET_MASTER: ({ view, config }) => {
    const { startedMs, electedMs } = view.times();
    return {
      get_master: {
        master_info: maybe(view.leader(), (info) => masterTo(info, config.version)),
        start_time: startedMs / 1000,
        elected_time: maybe(electedMs, (ms) => ms / 1000),
      },
    };
  },
  GET_QUOTA: ({ view }) => ({
    get_quota: { status: quotaStatus(view) },
  }),
} as const satisfies Readonly<Record<string, Query>>;

/** The type of a call that only reads. */
export type QueryType = keyof typeof queries;

/** An agent as operators see it; `version` is the Mesos version that is claimed for all of them. */
export function agentViewTo(
  one: AgentView,
  version: string,
): Message<typeof ResponseGetAgentsAgent> {
  const { agent, drain } = one;
  return {
    agent_info: agentTo(agent, FORM),
    active: one.state === "active",
    deactivated: one.state === "inactive",
    version,
    pid: `${AGENT_PATH.slice(1)}@${hostPort(agent.ip, agent.port)}`,
    registered_time: maybe(one.registeredMs, nanosOf),
    reregistered_time: maybe(one.reregisteredMs, nanosOf),
    total_resources: resourcesTo(one.total, FORM),
    allocated_resources: resourcesTo(one.used, FORM),
    offered_resources: resourcesTo(one.offered, FORM),
    capabilities: each(one.capabilities, (type) => ({ type })),
    drain_info: maybe(drain, drainTo),
    estimated_drain_start_time: maybe(drain?.startedMs, nanosOf),
  };
}

/** A framework as operators see it, with what it has not answered yet. */
export function frameworkViewTo(
  one: FrameworkView,
  { offers, inverseOffers }: OpenOffers,
): Message<typeof ResponseGetFrameworksFramework> {
  return {
    framework_info: frameworkTo(one.framework),
    active: one.state === "active",
    connected: one.state === "active",
    recovered: one.state === "recovered",
    registered_time: maybe(one.registeredMs, nanosOf),
    reregistered_time: maybe(one.reregisteredMs, nanosOf),
    unregistered_time: maybe(one.unregisteredMs, nanosOf),
    offers: offers.map((offer) => offerTo(offer, ALL_KNOWN)),
    inverse_offers: inverseOffers.map(inverseOfferTo),
    offer_constraints: maybe(one.offerConstraints, constraintsTo),
    allocated_resources: resourcesTo(one.used, FORM),
    offered_resources: resourcesTo(one.offered, FORM),
  };
}
