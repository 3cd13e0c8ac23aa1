import type {
  AgentId,
  ContainerId,
  ExecutorId,
  FrameworkId,
  MasterId,
  OfferId,
  RoleName,
  TaskId,
  UpdateId,
} from "../ids.ts";
import { Type } from "../typebox.ts";

/**
 * Raw bytes, a `Uint8Array` in memory, a msgpack bin on the wire. The keyword `bytes` is known to
 * the validators of contract/check.ts.
 */
export const BytesSchema = Type.Unsafe<Uint8Array>({ bytes: true });

/** Whole milliseconds, zero or more. */
export const DurationMsSchema = Type.Number({ minimum: 0 });
/** Milliseconds since the epoch. */
export const TimeMsSchema = Type.Number({ minimum: 0 });

/**
 * Ids cross the border as any string: whether a name is a good one is decided by the core, which
 * answers with a task's or framework's own error instead of refusing the frame (M1, M2).
 */
export const AgentIdSchema = Type.Unsafe<AgentId>(Type.String());
/** See `AgentIdSchema`. */
export const ContainerIdSchema = Type.Unsafe<ContainerId>(Type.String());
/** See `AgentIdSchema`. */
export const ExecutorIdSchema = Type.Unsafe<ExecutorId>(Type.String());
/** See `AgentIdSchema`. */
export const FrameworkIdSchema = Type.Unsafe<FrameworkId>(Type.String());
/** See `AgentIdSchema`. */
export const MasterIdSchema = Type.Unsafe<MasterId>(Type.String());
/** See `AgentIdSchema`. */
export const OfferIdSchema = Type.Unsafe<OfferId>(Type.String());
/** See `AgentIdSchema`; rules of E6. */
export const RoleNameSchema = Type.Unsafe<RoleName>(Type.String());
/** See `AgentIdSchema`. */
export const TaskIdSchema = Type.Unsafe<TaskId>(Type.String());
/** 32 lower-case hexadecimal characters (D6). */
export const UpdateIdSchema = Type.Unsafe<UpdateId>(Type.String({ pattern: "^[0-9a-f]{32}$" }));

/** A union of string constants. */
export function oneOf<const Values extends readonly string[]>(...values: Values) {
  return Type.Unsafe<Values[number]>(Type.Enum([...values]));
}
