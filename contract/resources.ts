// Resource arithmetic in fixed point with three decimals (E20). Everything here is pure, and the
// master does it many times for each offer. See `Resource` for the shape.

export {
  add,
  contains,
  equal,
  isEmpty,
  NOTHING,
  normalize,
  subtract,
  trySubtract,
} from "./resources/arithmetic.ts";
export { identityKey, isPlain, isWhole, sameIdentity } from "./resources/identity.ts";
export type { Quantities } from "./resources/scalars.ts";
export {
  fromMilli,
  fromScalars,
  holdsAny,
  quantitiesOf,
  scalarOf,
  toMilli,
  toScalars,
} from "./resources/scalars.ts";
export {
  allocatableTo,
  isAllocatableTo,
  isWithinRole,
  nonRevocable,
  persistentVolumes,
  reservationRole,
  reserve,
  reserved,
  reservedFor,
  revocable,
  unreserve,
  unreserved,
} from "./resources/select.ts";
export { giveBack, shared, take, tryTake, unshared } from "./resources/sharing.ts";
export { reservationsProblem, validate } from "./resources/validate.ts";
export type {
  Attribute,
  Disk,
  DiskSource,
  Label,
  Labels,
  Milli,
  Range,
  Ranges,
  Reservation,
  Resource,
  Resources,
} from "./schema/resource.ts";
export { SCALAR_MILLI_MAX } from "./schema/resource.ts";
