import type { TSchema } from "../typebox.ts";

/** One method of an operator: the shapes of its parameters and of its result. */
export interface OperatorMethodShape<Params extends TSchema, Result extends TSchema> {
  readonly params: Params;
  readonly result: Result;
}

/** Describes a method by the shapes of its parameters and of its result. */
export const method = <Params extends TSchema, Result extends TSchema>(
  params: Params,
  result: Result,
): OperatorMethodShape<Params, Result> => ({ params, result });
