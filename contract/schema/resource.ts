import type { RoleName } from "../ids.ts";
import { type Static, Type } from "../typebox.ts";

/** Integer thousandths of a scalar resource: cpus 0.5 is 500, mem 64 MiB is 64,000 (E20). */
export type Milli = number;

/**
 * Largest scalar: 10^12 whole units. Up to here a decimal held in a double (as the Mesos API has
 * it) still tells thousandths apart, and sums over a cluster stay exact.
 */
export const SCALAR_MILLI_MAX = 1e15;

/** Longest list of ranges, set items or labels that one resource may carry. */
export const RESOURCE_ITEMS_MAX = 65_536;

/** Most resources in one list, before and after merging. */
export const RESOURCES_MAX = 4_096;

const text = Type.String({ maxLength: 65_536 });
const name = Type.String({ minLength: 1, maxLength: 255 });
const whole = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });

/** One branch of "exactly one of"; it names the property because strict validators insist on it. */
const only = (field: string) => ({ required: [field], properties: { [field]: true } });

/** Schema of `Label`. */
export const LabelSchema = Type.Object(
  { key: Type.Readonly(text), value: Type.Readonly(Type.Optional(text)) },
  { additionalProperties: false },
);
/** A key with an optional value that users hang on things. */
export type Label = Static<typeof LabelSchema>;

/** Schema of `Labels`. */
export const LabelsSchema = Type.Immutable(
  Type.Array(LabelSchema, { maxItems: RESOURCE_ITEMS_MAX }),
);
/** Labels compare without order; the same label may occur twice. */
export type Labels = Static<typeof LabelsSchema>;

/** Schema of `Range`. */
export const RangeSchema = Type.Object(
  { begin: Type.Readonly(whole), end: Type.Readonly(whole) },
  { additionalProperties: false },
);
/** Whole numbers from `begin` to `end`, both included, `begin` ≤ `end` (M14). */
export type Range = Static<typeof RangeSchema>;

/** Schema of a list of `Range`. */
export const RangesSchema = Type.Immutable(
  Type.Array(RangeSchema, { maxItems: RESOURCE_ITEMS_MAX }),
);
/** Normalised when sorted, apart by at least one number, and each `begin` ≤ `end`. */
export type Ranges = Static<typeof RangesSchema>;

/** Schema of `Reservation`. */
export const ReservationSchema = Type.Object(
  {
    type: Type.Readonly(Type.Union([Type.Literal("static"), Type.Literal("dynamic")])),
    role: Type.Readonly(Type.Unsafe<RoleName>(name)),
    principal: Type.Readonly(Type.Optional(text)),
    labels: Type.Readonly(Type.Optional(LabelsSchema)),
  },
  { additionalProperties: false },
);
/** Who a resource is kept for: by the agent's configuration (E10) or by an operation (E11). */
export type Reservation = Static<typeof ReservationSchema>;

/** Schema of `DiskSource`. */
export const DiskSourceSchema = Type.Object(
  {
    type: Type.Readonly(
      Type.Union([
        Type.Literal("PATH"),
        Type.Literal("MOUNT"),
        Type.Literal("BLOCK"),
        Type.Literal("RAW"),
      ]),
    ),
    root: Type.Readonly(Type.Optional(text)),
    id: Type.Readonly(Type.Optional(text)),
    profile: Type.Readonly(Type.Optional(text)),
    vendor: Type.Readonly(Type.Optional(text)),
    metadata: Type.Readonly(Type.Optional(LabelsSchema)),
  },
  { additionalProperties: false },
);
/** Where disk comes from other than the agent's work directory: `root` for PATH and MOUNT (E14). */
export type DiskSource = Static<typeof DiskSourceSchema>;

/** Schema of `Disk`. */
export const DiskSchema = Type.Object(
  {
    persistence: Type.Readonly(
      Type.Optional(
        Type.Object(
          { id: Type.Readonly(name), principal: Type.Readonly(Type.Optional(text)) },
          { additionalProperties: false },
        ),
      ),
    ),
    volume: Type.Readonly(
      Type.Optional(
        Type.Object(
          {
            containerPath: Type.Readonly(Type.String({ minLength: 1, maxLength: 65_536 })),
            hostPath: Type.Readonly(Type.Optional(text)),
            mode: Type.Readonly(Type.Union([Type.Literal("RW"), Type.Literal("RO")])),
          },
          { additionalProperties: false },
        ),
      ),
    ),
    source: Type.Readonly(Type.Optional(DiskSourceSchema)),
  },
  { additionalProperties: false },
);
/** What is special about a disk: a persistent volume (E12), its mount, its source (E14). */
export type Disk = Static<typeof DiskSchema>;

/**
 * Schema of `Resource`. It is closed, because a field that this version does not know might be
 * part of the identity, and resources of two identities must never be merged.
 */
export const ResourceSchema = Type.Object(
  {
    name: Type.Readonly(name),
    scalar: Type.Readonly(Type.Optional(Type.Integer({ minimum: 0, maximum: SCALAR_MILLI_MAX }))),
    ranges: Type.Readonly(Type.Optional(RangesSchema)),
    set: Type.Readonly(
      Type.Optional(Type.Immutable(Type.Array(text, { maxItems: RESOURCE_ITEMS_MAX }))),
    ),
    reservations: Type.Readonly(
      Type.Optional(Type.Immutable(Type.Array(ReservationSchema, { maxItems: 64 }))),
    ),
    disk: Type.Readonly(Type.Optional(DiskSchema)),
    revocable: Type.Readonly(Type.Optional(Type.Literal(true))),
    shared: Type.Readonly(Type.Optional(Type.Literal(true))),
    providerId: Type.Readonly(Type.Optional(name)),
  },
  {
    additionalProperties: false,
    oneOf: [only("scalar"), only("ranges"), only("set")],
  },
);
/**
 * A quantity of one kind: exactly one of `scalar` (in thousandths), `ranges` and `set`. The other
 * fields are its identity (E20). `reservations` is a stack, the latest refinement last; absent or
 * empty means unreserved. The role it is allocated to is not here: the offer, task or executor
 * that holds the resources says it once for all of them.
 */
export type Resource = Static<typeof ResourceSchema>;

/** Schema of `Resources`. */
export const ResourcesSchema = Type.Immutable(
  Type.Array(ResourceSchema, { maxItems: RESOURCES_MAX }),
);
/**
 * A pool of resources. The arithmetic takes and gives **normalised** lists: one entry an identity,
 * nothing of size zero, in canonical order. Lists from outside go through `validate` each, then
 * `normalize`.
 */
export type Resources = Static<typeof ResourcesSchema>;

/** Schema of `Attribute`. */
export const AttributeSchema = Type.Object(
  {
    name: Type.Readonly(name),
    scalar: Type.Readonly(
      Type.Optional(Type.Integer({ minimum: -SCALAR_MILLI_MAX, maximum: SCALAR_MILLI_MAX })),
    ),
    ranges: Type.Readonly(Type.Optional(RangesSchema)),
    text: Type.Readonly(Type.Optional(text)),
  },
  {
    additionalProperties: false,
    oneOf: [only("scalar"), only("ranges"), only("text")],
  },
);
/**
 * A fact about an agent that frameworks may choose by: exactly one of `scalar` (in thousandths,
 * may be negative), `ranges` and `text` (F8). Sets do not exist for attributes (P2).
 */
export type Attribute = Static<typeof AttributeSchema>;
