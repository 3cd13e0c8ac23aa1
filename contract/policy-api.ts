import { limits } from "./limits.ts";
import { BytesSchema } from "./schema/basics.ts";
import {
  PolicyDiffSchema,
  PolicyEventSchema,
  PolicyNameSchema,
  PolicyStandingSchema,
  PolicyViewSchema,
} from "./schema/policy.ts";
import { Type } from "./typebox.ts";

const name = Type.String({ minLength: 1 });

const ConfigSchema = Type.Record(Type.String(), Type.Unknown());

/** A policy's folder as an operator sends it: its `plugin.json` and the bytes of its entry. */
const SentPolicySchema = Type.Object({
  manifest: ConfigSchema,
  module: BytesSchema,
});

/** A framework that states something which a policy cannot read, and where. */
const UnreadableSchema = Type.Object({
  frameworkId: Type.Optional(Type.String()),
  name: Type.String(),
  code: Type.String(),
  problem: Type.String(),
});

const SwapSchema = Type.Object({
  policy: PolicyNameSchema,
  previous: PolicyNameSchema,
  /** Whether the private state of the one before was handed over. */
  tookOver: Type.Boolean(),
  /** How long the loop of the master was held up, in milliseconds. */
  pauseMs: Type.Number(),
  /** Frameworks that state what the new policy cannot read, the first hundred by name. */
  unreadable: Type.Object({ count: Type.Number(), frameworks: Type.Array(UnreadableSchema) }),
});

/** What an operator may ask and order of the policies of a running master; see `tepui policy`. */
export const policyMethods = {
  policies: {
    params: Type.Object({}),
    result: Type.Object({
      live: PolicyNameSchema,
      standing: PolicyStandingSchema,
      policies: Type.Array(PolicyViewSchema),
      /** Built-in policies that are not loaded. */
      available: Type.Array(Type.String()),
      /** Faults of live policies since this master began to lead, by code. */
      faults: Type.Record(Type.String(), Type.Number()),
    }),
  },
  /** Either `plugin`, a name or path on the master's machine, or `sent`. */
  "load-policy": {
    params: Type.Object({
      plugin: Type.Optional(name),
      sent: Type.Optional(SentPolicySchema),
      as: Type.Optional(Type.String({ pattern: "^[a-z][a-z0-9.-]*$", maxLength: 128 })),
      config: Type.Optional(ConfigSchema),
    }),
    result: Type.Object({ policy: PolicyViewSchema }),
  },
  "unload-policy": { params: Type.Object({ name }), result: Type.Object({}) },
  "shadow-policy": {
    params: Type.Object({ name, rounds: Type.Optional(Type.Integer({ minimum: 1 })) }),
    result: Type.Object({ policy: PolicyNameSchema, live: PolicyNameSchema }),
  },
  "stop-shadow": { params: Type.Object({ name: Type.Optional(name) }), result: Type.Object({}) },
  /** The frameworks that differ most come first. */
  "policy-diff": {
    params: Type.Object({
      name: Type.Optional(name),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: limits.clientsMax })),
    }),
    result: Type.Object({ diff: PolicyDiffSchema, more: Type.Boolean() }),
  },
  "promote-policy": { params: Type.Object({ name }), result: SwapSchema },
  "rollback-policy": { params: Type.Object({}), result: SwapSchema },
  /** Sets the fields that are given; null takes one back to its default. */
  "configure-policy": {
    params: Type.Object({ name: Type.Optional(name), config: ConfigSchema }),
    result: Type.Object({ policy: PolicyViewSchema }),
  },
  /** Oldest first. */
  "policy-history": {
    params: Type.Object({}),
    result: Type.Object({ events: Type.Array(PolicyEventSchema) }),
  },
} as const;

/** Those of them that change something; they must not be asked twice as an answer was lost. */
export const policyOrders = [
  "load-policy",
  "unload-policy",
  "shadow-policy",
  "stop-shadow",
  "promote-policy",
  "rollback-policy",
  "configure-policy",
] as const satisfies readonly (keyof typeof policyMethods)[];
