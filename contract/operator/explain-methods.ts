import {
  AgentIdSchema,
  FrameworkIdSchema,
  oneOf,
  RoleNameSchema,
  TimeMsSchema,
} from "../schema/basics.ts";
import { QuantitiesSchema } from "../schema/framework.ts";
import { ResourceSchema } from "../schema/resource.ts";
import { TaskRecordSchema } from "../schema/task.ts";
import { type Static, Type } from "../typebox.ts";
import { method } from "./method.ts";

const Resources = Type.Array(ResourceSchema);

/** What keeps a framework from all offers in a role, or sets it behind others. */
const frameworkCodes = [
  "framework-disconnected",
  "framework-recovered",
  "framework-completed",
  "no-roles",
  "role-left",
  "tables-full",
  "suppressed",
  "allocation-paused",
  "stands-behind",
  "on-trial",
  "no-agents",
  "demand-unknown",
] as const;

/** What keeps an agent from everybody. */
const agentCodes = [
  "agent-disconnected",
  "agent-leaving",
  "agent-deactivated",
  "agent-draining",
  "agent-recovering",
  "agent-unreachable",
  "agent-gone",
] as const;

/** How a framework in a role and an agent stand to each other; each pair has one of these. */
const pairCodes = [
  "offered",
  "gpu-capability",
  "region-capability",
  "revocable-capability",
  "refinement-capability",
  "reserved",
  "constraint",
  "filtered",
  "in-use",
  "below-minimum",
  "too-small",
  "quota-limit",
  "quota-headroom",
  "outranked",
  "free",
  "passed-over",
] as const;

/** How a role stands, and its frameworks in it beside those that something keeps from offers. */
const roleCodes = [
  "no-frameworks",
  "nobody-asks",
  "limit-reached",
  "guarantee-unmet",
  "has-offers",
  "wants-offers",
] as const;

/** Where a task is in its life, and what it waits for. */
const taskCodes = [
  "staging",
  "starting",
  "running",
  "killing",
  "unreachable",
  "ended",
  "unacknowledged",
  "kill-waits",
] as const;

/** Every finding that an explanation can hold. */
export const findingCodes = [
  ...frameworkCodes,
  ...agentCodes,
  ...pairCodes,
  ...roleCodes,
  ...taskCodes,
] as const;
/** See `findingCodes`. */
export type FindingCode = (typeof findingCodes)[number];

/** One agent, framework or task that a finding is about. */
export const FindingExampleSchema = Type.Object({
  agentId: Type.Optional(AgentIdSchema),
  hostname: Type.Optional(Type.String()),
  frameworkId: Type.Optional(FrameworkIdSchema),
  framework: Type.Optional(Type.String()),
  role: Type.Optional(RoleNameSchema),
  /** What is particular to this one. */
  text: Type.Optional(Type.String()),
  /** When it ends by itself. */
  untilMs: Type.Optional(TimeMsSchema),
});
/** See `FindingExampleSchema`. */
export type FindingExample = Static<typeof FindingExampleSchema>;

/** One reason, for all that share it. */
export const FindingSchema = Type.Object({
  code: oneOf(...findingCodes),
  /** What is so, as a sentence. */
  text: Type.String(),
  /** What would change it. */
  change: Type.Optional(Type.String()),
  /** Agents, frameworks or tasks that it is about. */
  count: Type.Number(),
  examples: Type.Array(FindingExampleSchema),
});
/** See `FindingSchema`. */
export type Finding = Static<typeof FindingSchema>;

const policy = Type.Object({ name: Type.String(), digest: Type.String() });

/** What every explanation says about the moment that it is of. */
const moment = {
  nowMs: TimeMsSchema,
  policy,
  /** The last round that was run, if any. */
  lastRound: Type.Optional(
    Type.Object({
      round: Type.Number(),
      atMs: TimeMsSchema,
      policy: Type.String(),
      looked: Type.Number(),
      offers: Type.Number(),
    }),
  ),
};

/** How a role or a framework stands in the order of fair shares (E2). */
export const ShareSchema = Type.Object({
  /** Greatest part of the cluster's whole that it holds of any resource, 0 to 1. */
  dominant: Type.Number(),
  /** That resource; absent while it holds nothing. */
  resource: Type.Optional(Type.String()),
  weight: Type.Number(),
});
/** See `ShareSchema`. */
export type Share = Static<typeof ShareSchema>;

/** A framework in one role, and every agent as it stands to it. */
export const RoleStandingSchema = Type.Object({
  role: RoleNameSchema,
  /** Of the role, with all below it; and of the framework in it. */
  roleShare: ShareSchema,
  share: ShareSchema,
  /** Offered to it or used by it. */
  holds: QuantitiesSchema,
  offers: Type.Number(),
  /** What the framework stated, where it did; `wants` is what it lacks of its demand. */
  priority: Type.Optional(Type.Number()),
  demand: Type.Optional(QuantitiesSchema),
  wants: Type.Optional(QuantitiesSchema),
  offeredMs: Type.Optional(TimeMsSchema),
  usedMs: Type.Optional(TimeMsSchema),
  /** What concerns all agents alike. */
  blocked: Type.Array(FindingSchema),
  /** Each agent is in one of these. */
  agents: Type.Array(FindingSchema),
});
/** See `RoleStandingSchema`. */
export type RoleStanding = Static<typeof RoleStandingSchema>;

/** Who holds something of an agent. */
export const HolderSchema = Type.Object({
  frameworkId: FrameworkIdSchema,
  framework: Type.String(),
  role: RoleNameSchema,
  tasks: Type.Number(),
  executors: Type.Number(),
  offers: Type.Number(),
  resources: Resources,
});
/** See `HolderSchema`. */
export type Holder = Static<typeof HolderSchema>;

/** How many examples each finding may have; 3 unless said. */
const examples = Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000 }));

/** Methods that say why things are as they are: from the state as it is, changing nothing. */
export const explainMethods = {
  /** Why a framework gets the offers that it gets; `framework` is its id or its name. */
  "explain-framework": method(
    Type.Object({ framework: Type.String(), role: Type.Optional(RoleNameSchema), examples }),
    Type.Object({
      ...moment,
      frameworkId: FrameworkIdSchema,
      name: Type.String(),
      state: oneOf("active", "disconnected", "recovered", "completed"),
      blocked: Type.Array(FindingSchema),
      roles: Type.Array(RoleStandingSchema),
      /** Roles that were left out: ask for each by its name. */
      otherRoles: Type.Array(RoleNameSchema),
    }),
  ),
  /** Why an agent is offered to whom it is; `agent` is its id or its hostname. */
  "explain-agent": method(
    Type.Object({ agent: Type.String(), examples }),
    Type.Object({
      ...moment,
      agentId: AgentIdSchema,
      hostname: Type.String(),
      total: Resources,
      free: Resources,
      /** Number of the last round that looked at it. */
      lookedIn: Type.Optional(Type.Number()),
      holders: Type.Array(HolderSchema),
      blocked: Type.Array(FindingSchema),
      /** Each framework, once for each of its roles, is in one of these. */
      frameworks: Type.Array(FindingSchema),
    }),
  ),
  /** How a role stands, and its frameworks in it. */
  "explain-role": method(
    Type.Object({ role: RoleNameSchema, examples }),
    Type.Object({
      ...moment,
      role: RoleNameSchema,
      share: ShareSchema,
      holds: QuantitiesSchema,
      /** What quotas count: reservations and unreserved use (E9). */
      consumed: QuantitiesSchema,
      guarantee: Type.Optional(QuantitiesSchema),
      limit: Type.Optional(QuantitiesSchema),
      blocked: Type.Array(FindingSchema),
      frameworks: Type.Array(FindingSchema),
      /** Roles beside it, those that come first first; its own place is among them. */
      siblings: Type.Array(Type.Object({ role: RoleNameSchema, share: ShareSchema })),
    }),
  ),
  /** Where a task is and why; `task` is its id, or the beginning of it. */
  "explain-task": method(
    Type.Object({
      task: Type.String({ minLength: 1 }),
      frameworkId: Type.Optional(FrameworkIdSchema),
    }),
    Type.Object({
      ...moment,
      task: TaskRecordSchema,
      framework: Type.String(),
      hostname: Type.Optional(Type.String()),
      /** Its resources are taken from the agent. */
      holds: Type.Boolean(),
      findings: Type.Array(FindingSchema),
    }),
  ),
} as const;
