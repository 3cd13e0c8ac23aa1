import { type Static, Type } from "../typebox.ts";
import { oneOf, TimeMsSchema } from "./basics.ts";
import { QuantitiesSchema } from "./framework.ts";

/** A policy by its name and the SHA-256 of its file, in hexadecimal. */
export const PolicyNameSchema = Type.Object({ name: Type.String(), digest: Type.String() });
/** See `PolicyNameSchema`. */
export type PolicyName = Static<typeof PolicyNameSchema>;

/** How the live policy stands; see `docs/policies.md`. */
export const PolicyStandingSchema = oneOf("live", "restored", "cold", "previous", "built-in");

/** One of a policy's parameters, with the value that it has. */
export const PolicyParameterViewSchema = Type.Object({
  name: Type.String(),
  value: Type.Number(),
  default: Type.Number(),
  min: Type.Optional(Type.Number()),
  max: Type.Optional(Type.Number()),
  description: Type.String(),
});

/** A policy that a master has loaded. */
export const PolicyViewSchema = Type.Object({
  name: Type.String(),
  digest: Type.String(),
  version: Type.String(),
  description: Type.Optional(Type.String()),
  /** live: it decides; previous: `rollback` makes it live again; loaded: neither. */
  state: oneOf("live", "previous", "loaded"),
  /** A shadow run of it is under way. */
  shadowed: Type.Boolean(),
  /**
   * configured: by the master's config; installed: by name or path on the master's machine; sent:
   * by an operator, over the wire.
   */
  source: oneOf("configured", "installed", "sent"),
  /** The name or path that it was loaded by, where there is one. */
  plugin: Type.Optional(Type.String()),
  /** Its own config, with defaults filled in. */
  config: Type.Record(Type.String(), Type.Unknown()),
  parameters: Type.Array(PolicyParameterViewSchema),
});
/** See `PolicyViewSchema`. */
export type PolicyView = Static<typeof PolicyViewSchema>;

/** One thing that happened to a policy. */
export const PolicyEventSchema = Type.Object({
  /** The last round before it, or the round in which it happened. */
  round: Type.Number(),
  timeMs: TimeMsSchema,
  what: Type.String(),
  name: Type.String(),
  digest: Type.String(),
  /** How the live policy stands; with a fault, how it stood. */
  standing: PolicyStandingSchema,
  code: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
  /** First offending decision row, from 0. */
  row: Type.Optional(Type.Number()),
  previous: Type.Optional(PolicyNameSchema),
  /** The private state of the one before was handed over. */
  tookOver: Type.Optional(Type.Boolean()),
  /** How long the loop of the master was held up. */
  tookMs: Type.Optional(Type.Number()),
});
/** See `PolicyEventSchema`. */
export type PolicyEventView = Static<typeof PolicyEventSchema>;

const pair = Type.Object({ live: Type.Number(), shadow: Type.Number() });

const TallySideSchema = Type.Object({
  /** Offers that the policy would have made, summed over the rounds. */
  offers: Type.Number(),
  /** What was in them, in thousandths. */
  resources: QuantitiesSchema,
  /** Dominant share right after a round, 0 to 1, mean over the rounds. */
  share: Type.Number(),
});

/** What a framework would be given in one role, under the one policy and under the other. */
export const ClientTallySchema = Type.Object({
  frameworkId: Type.String(),
  name: Type.String(),
  role: Type.String(),
  live: TallySideSchema,
  shadow: TallySideSchema,
});
/** See `ClientTallySchema`. */
export type ClientTally = Static<typeof ClientTallySchema>;

/** The same for a role with all below it. */
export const RoleTallySchema = Type.Object({
  role: Type.String(),
  live: TallySideSchema,
  shadow: TallySideSchema,
});
/** See `RoleTallySchema`. */
export type RoleTally = Static<typeof RoleTallySchema>;

const CostSchema = Type.Object({
  meanMicros: Type.Number(),
  maxMicros: Type.Number(),
  totalMs: Type.Number(),
});

/** How far a shadow run has come. */
export const ShadowRunSchema = Type.Object({
  /** stopped: by an operator; finished: after its number of rounds; faulted: by its own fault. */
  state: oneOf("running", "stopped", "finished", "faulted"),
  startedMs: TimeMsSchema,
  /** Round after which the comparison began. */
  sinceRound: Type.Number(),
  /** Rounds after which it finishes. */
  roundsMax: Type.Optional(Type.Number()),
  /** Rounds that it sat out to keep within its share of the master's time. */
  skipped: Type.Number(),
  /** Rounds that the live policy did not decide itself, because it was lost or stood aside. */
  unmatched: Type.Number(),
  code: Type.Optional(Type.String()),
  detail: Type.Optional(Type.String()),
});
/** See `ShadowRunSchema`. */
export type ShadowRun = Static<typeof ShadowRunSchema>;

/**
 * What a shadow policy would have done differently. Each round is compared from the state that the
 * live policy has led to: sums are of single steps, and no prediction of a future.
 */
export const PolicyDiffSchema = Type.Object({
  live: PolicyNameSchema,
  shadow: PolicyNameSchema,
  run: ShadowRunSchema,
  /** Rounds that were compared, and those of them in which the decisions were not the same. */
  rounds: Type.Number(),
  disagreeing: Type.Number(),
  /** Decisions of each, and those that both made. */
  rows: Type.Object({ live: Type.Number(), shadow: Type.Number(), same: Type.Number() }),
  /** Jain's index of dominant shares divided by weights, mean over the rounds. */
  fairness: Type.Object({ frameworks: pair, roles: pair }),
  /** How much of the cluster is allocated or offered right after a round, 0 to 1. */
  utilisation: Type.Array(
    Type.Object({ resource: Type.String(), live: Type.Number(), shadow: Type.Number() }),
  ),
  /** What a round costs: columns, policy and verification. */
  cost: Type.Object({ live: CostSchema, shadow: CostSchema }),
  frameworks: Type.Array(ClientTallySchema),
  roles: Type.Array(RoleTallySchema),
});
/** See `PolicyDiffSchema`. */
export type PolicyDiff = Static<typeof PolicyDiffSchema>;
