import { type Static, Type } from "../typebox.ts";
import { FrameworkIdSchema, oneOf, RoleNameSchema } from "./basics.ts";
import { LabelSchema } from "./resource.ts";

/** What a framework says it can deal with (C20, D2, D3). */
export const frameworkCapabilities = [
  "REVOCABLE_RESOURCES",
  "TASK_KILLING_STATE",
  "GPU_RESOURCES",
  "SHARED_RESOURCES",
  "PARTITION_AWARE",
  "MULTI_ROLE",
  "RESERVATION_REFINEMENT",
  "REGION_AWARE",
] as const;
/** See `frameworkCapabilities`. */
export type FrameworkCapability = (typeof frameworkCapabilities)[number];

/** Amounts by scalar resource name, in thousandths. */
export const QuantitiesSchema = Type.Record(Type.String(), Type.Number());
/** See `QuantitiesSchema`. */
export type Quantities = Static<typeof QuantitiesSchema>;

/** Who a framework is and how it wants to be treated. */
export const FrameworkInfoSchema = Type.Object({
  /** Absent on first subscription; the id to take up again afterwards (B1, B2). */
  id: Type.Optional(FrameworkIdSchema),
  name: Type.String(),
  /** Operating system user of its tasks where they name none (F9). */
  user: Type.String(),
  /** Roles it competes in; empty means no offers (B11). */
  roles: Type.Array(RoleNameSchema),
  /** How long its tasks outlive a lost connection; default 0 (B5). */
  failoverTimeoutMs: Type.Optional(Type.Number()),
  /** Tasks survive an agent restart; default false as in Mesos, the SDK sets true (F2). */
  checkpoint: Type.Optional(Type.Boolean()),
  hostname: Type.Optional(Type.String()),
  principal: Type.Optional(Type.String()),
  webuiUrl: Type.Optional(Type.String()),
  capabilities: Type.Optional(Type.Array(oneOf(...frameworkCapabilities))),
  labels: Type.Optional(Type.Array(LabelSchema)),
  /** By role: smallest offers worth making; an empty list means no minimum (C13). */
  offerFilters: Type.Optional(
    Type.Record(
      Type.String(),
      Type.Object({ minAllocatable: Type.Optional(Type.Array(QuantitiesSchema)) }),
    ),
  ),
  /** For policies that go by priorities: a whole number, the higher the sooner; default 0. */
  priority: Type.Optional(Type.Number()),
  /**
   * By role, for policies that go by demands: how much it wants to hold in all, what its tasks have
   * included. A role without one wants whatever there is.
   */
  demand: Type.Optional(Type.Record(Type.String(), QuantitiesSchema)),
});
/** See `FrameworkInfoSchema`. */
export type FrameworkInfo = Static<typeof FrameworkInfoSchema>;

const TextSchema = Type.Object({ value: Type.String() });

/** One condition on an attribute or on hostname, region or zone (C14). */
export const AttributeConstraintSchema = Type.Object({
  selector: Type.Object({
    attributeName: Type.Optional(Type.String()),
    pseudoattribute: Type.Optional(oneOf("HOSTNAME", "REGION", "ZONE")),
  }),
  predicate: Type.Object({
    exists: Type.Optional(Type.Object({})),
    notExists: Type.Optional(Type.Object({})),
    textEquals: Type.Optional(TextSchema),
    textNotEquals: Type.Optional(TextSchema),
    textMatches: Type.Optional(Type.Object({ regex: Type.String() })),
    textNotMatches: Type.Optional(Type.Object({ regex: Type.String() })),
  }),
});
/** See `AttributeConstraintSchema`. */
export type AttributeConstraint = Static<typeof AttributeConstraintSchema>;

/** By role: an OR of groups, a group being an AND of constraints (C14). */
export const OfferConstraintsSchema = Type.Record(
  Type.String(),
  Type.Object({
    groups: Type.Array(
      Type.Object({ attributeConstraints: Type.Array(AttributeConstraintSchema) }),
    ),
  }),
);
/** See `OfferConstraintsSchema`. */
export type OfferConstraints = Static<typeof OfferConstraintsSchema>;

/** How long refused resources are not offered again (C7, C8); absent means 5 s. */
export const FiltersSchema = Type.Object({ refuseMs: Type.Optional(Type.Number()) });
/** See `FiltersSchema`. */
export type Filters = Static<typeof FiltersSchema>;

/** Priorities of frameworks are whole numbers from -1,000,000 to this. */
export const PRIORITY_MAX = 1_000_000;
/** Labels by which frameworks that know no such fields state their priority and their demand. */
export const PRIORITY_LABEL = "tepui.priority";
/** As `cpus:8;mem:4096`, for each role of the framework. */
export const DEMAND_LABEL = "tepui.demand";

/** Default of `Filters.refuseMs` (C7). */
export const REFUSE_DEFAULT_MS = 5_000;
/** Longest refusal that is honoured, 365 days (C8). */
export const REFUSE_MAX_MS = 365 * 24 * 3_600_000;
