import { TepuiError } from "../contract/errors.ts";
import type { Problem } from "../contract/framework-api.ts";

/** The error that a peer reported, with the peer's own code, as an error of this side. */
export function remoteError(problem: Problem, status = 400): TepuiError {
  return new TepuiError(problem.code, status, problem.message, {
    where: problem.where,
    hint: problem.hint,
    details: problem.details,
  });
}
