import { type TSchema, Type } from "../typebox.ts";

/** Schema of a message: its fields, and the `type` that tells it apart from the others. */
export function message<Name extends string, Fields extends Record<string, TSchema>>(
  type: Name,
  fields: Fields,
) {
  return Type.Object({ type: Type.Literal(type), ...fields });
}
