import { hostPort } from "../../../../contract/address.ts";
import type { FrameworkId, RoleName } from "../../../../contract/ids.ts";
import type {
  AgentInfo,
  Domain,
  DrainConfig,
  DrainInfo,
  MasterInfo,
} from "../../../../contract/schema/agent.ts";
import {
  type Filters,
  type FrameworkInfo,
  type OfferConstraints,
  REFUSE_DEFAULT_MS,
  REFUSE_MAX_MS,
} from "../../../../contract/schema/framework.ts";
import type { DomainInfo } from "../definitions/basics.ts";
import type * as v1 from "../definitions/cluster.ts";
import type { OfferConstraints as V1ConstraintsDef } from "../definitions/constraints.ts";
import type { Message } from "../definitions/define.ts";
import type {
  DrainConfig as DrainConfigDef,
  DrainInfo as DrainInfoDef,
} from "../definitions/operators.ts";
import {
  defined,
  each,
  known,
  labelsOf,
  labelsTo,
  maybe,
  msOfSeconds,
  nanosOf,
  unwrap,
  wrap,
} from "./basics.ts";
import {
  attributeTo,
  quantitiesFrom,
  quantitiesTo,
  type ResourceForm,
  resourcesTo,
} from "./resources.ts";

type V1Framework = Message<typeof v1.FrameworkInfo>;
type V1Master = Message<typeof v1.MasterInfo>;
type V1Agent = Message<typeof v1.AgentInfo>;
type V1Constraints = Message<typeof V1ConstraintsDef>;

/**
 * Says why the roles of a framework contradict its capabilities, or `undefined`: `role` is for
 * frameworks without MULTI_ROLE, `roles` for those with it (C20).
 */
export function rolesProblem(given: V1Framework): string | undefined {
  const isMulti = given.capabilities?.some(({ type }) => type === "MULTI_ROLE") ?? false;
  if (isMulti && given.role !== undefined) {
    return "FrameworkInfo.role must not be set by a framework with the MULTI_ROLE capability";
  }
  if (!isMulti && (given.roles?.length ?? 0) > 0) {
    return "FrameworkInfo.roles must not be set by a framework without the MULTI_ROLE capability";
  }
  return undefined;
}

/**
 * A framework of the contract; one without MULTI_ROLE has exactly one role, `*` by default, and one
 * whose id is empty has none yet.
 */
export function frameworkFrom(given: V1Framework): FrameworkInfo {
  const capabilities = (given.capabilities ?? []).flatMap(({ type }) => known(type) ?? []);
  const isMulti = capabilities.includes("MULTI_ROLE");
  const roles = isMulti ? (given.roles ?? []) : [given.role ?? "*"];
  return defined({
    id: given.id?.value ? unwrap<FrameworkId>(given.id) : undefined,
    name: given.name,
    user: given.user,
    roles: roles as RoleName[],
    failoverTimeoutMs: maybe(given.failover_timeout, msOfSeconds),
    checkpoint: given.checkpoint,
    hostname: given.hostname,
    principal: given.principal,
    webuiUrl: given.webui_url,
    capabilities: capabilities.length === 0 ? undefined : capabilities,
    labels: labelsOf(given.labels),
    offerFilters: maybe(given.offer_filters, filtersByRole),
  });
}

function filtersByRole(
  given: NonNullable<V1Framework["offer_filters"]>,
): NonNullable<FrameworkInfo["offerFilters"]> {
  return Object.fromEntries(
    Object.entries(given).map(([role, { min_allocatable_resources: least }]) => [
      role,
      defined({
        minAllocatable: maybe(least, ({ quantities = [] }) =>
          quantities.map((one) => quantitiesFrom(one.quantities) ?? {}),
        ),
      }),
    ]),
  );
}

/** A framework of the API. */
export function frameworkTo(framework: FrameworkInfo): V1Framework {
  const isMulti = framework.capabilities?.includes("MULTI_ROLE") ?? false;
  return {
    user: framework.user,
    name: framework.name,
    id: wrap(framework.id),
    failover_timeout: maybe(framework.failoverTimeoutMs, (ms) => ms / 1000),
    checkpoint: framework.checkpoint,
    role: isMulti ? undefined : framework.roles[0],
    roles: isMulti ? framework.roles : undefined,
    hostname: framework.hostname,
    principal: framework.principal,
    webui_url: framework.webuiUrl,
    capabilities: each(framework.capabilities, (type) => ({ type })),
    labels: labelsTo(framework.labels),
    offer_filters: maybe(framework.offerFilters, (map) =>
      Object.fromEntries(
        Object.entries(map).map(([role, { minAllocatable }]) => [
          role,
          {
            min_allocatable_resources: maybe(minAllocatable, (list) => ({
              quantities: list.map((one) => ({ quantities: quantitiesTo(one) })),
            })),
          },
        ]),
      ),
    ),
  };
}

/** Refusal time: 5 s when the message says nothing, and never longer than the longest (C7, C8). */
export function filtersFrom({ refuse_seconds }: Message<typeof v1.Filters>): Filters {
  if (refuse_seconds === undefined) return { refuseMs: REFUSE_DEFAULT_MS };
  return { refuseMs: Math.min(msOfSeconds(refuse_seconds), REFUSE_MAX_MS) };
}

/** Offer constraints by role (C14). */
export function constraintsFrom({ role_constraints = {} }: V1Constraints): OfferConstraints {
  return Object.fromEntries(
    Object.entries(role_constraints).map(([role, { groups = [] }]) => [
      role,
      {
        groups: groups.map(({ attribute_constraints = [] }) => ({
          attributeConstraints: attribute_constraints.map(({ selector, predicate }) => ({
            selector: defined({
              attributeName: selector.attribute_name,
              pseudoattribute: known(selector.pseudoattribute_type),
            }),
            predicate: defined({
              exists: predicate.exists,
              notExists: predicate.not_exists,
              textEquals: predicate.text_equals,
              textNotEquals: predicate.text_not_equals,
              textMatches: predicate.text_matches,
              textNotMatches: predicate.text_not_matches,
            }),
          })),
        })),
      },
    ]),
  );
}

/** Offer constraints by role, of the API. */
export function constraintsTo(constraints: OfferConstraints): V1Constraints {
  return {
    role_constraints: Object.fromEntries(
      Object.entries(constraints).map(([role, { groups }]) => [
        role,
        {
          groups: groups.map(({ attributeConstraints }) => ({
            attribute_constraints: attributeConstraints.map(({ selector, predicate }) => ({
              selector: {
                attribute_name: selector.attributeName,
                pseudoattribute_type: selector.pseudoattribute,
              },
              predicate: {
                exists: predicate.exists,
                not_exists: predicate.notExists,
                text_equals: predicate.textEquals,
                text_not_equals: predicate.textNotEquals,
                text_matches: predicate.textMatches,
                text_not_matches: predicate.textNotMatches,
              },
            })),
          })),
        },
      ]),
    ),
  };
}

/**
 * QUOTA_V2 is not among them, though the master has it and says so in `/state`: clients that were
 * written before it was known fail on the whole message, and none asks for it.
 */
const masterCapabilities = ["AGENT_UPDATE", "AGENT_DRAINING"] as const;

/**
 * The master as clients know it. `ip` is the address in network byte order read as a little-endian
 * number, as Mesos has it; `version` is the Mesos version that is claimed.
 */
export function masterTo(master: MasterInfo, version: string): V1Master {
  const { id, ip, port, hostname } = master;
  return {
    id,
    ip: ipNumber(ip),
    port,
    pid: `master@${hostPort(ip, port)}`,
    hostname,
    version,
    address: { hostname, ip, port },
    capabilities: masterCapabilities.map((type) => ({ type })),
  };
}

function ipNumber(ip: string): number {
  const parts = ip.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return 0;
  return parts.reduceRight((sum, part) => sum * 256 + part, 0);
}

/** An agent of the API. */
export function agentTo(agent: AgentInfo, form: ResourceForm): V1Agent {
  return {
    hostname: agent.hostname,
    port: agent.port,
    resources: resourcesTo(agent.resources, form),
    attributes: each(agent.attributes, attributeTo),
    id: wrap(agent.id),
    domain: maybe(agent.domain, domainTo),
  };
}

/** How an agent is emptied. */
export function drainConfigTo(config: DrainConfig): Message<typeof DrainConfigDef> {
  return {
    max_grace_period: maybe(config.maxGracePeriodMs, nanosOf),
    mark_gone: config.markGone,
  };
}

/** How far an agent is emptied, and how. */
export function drainTo({ state, config }: DrainInfo): Message<typeof DrainInfoDef> {
  return { state, config: drainConfigTo(config) };
}

/** Region and zone. */
export function domainTo({ region, zone }: Domain): Message<typeof DomainInfo> {
  return { fault_domain: { region: { name: region }, zone: { name: zone } } };
}
