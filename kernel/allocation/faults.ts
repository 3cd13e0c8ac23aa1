import type { policyErrors } from "../../contract/errors/policy.ts";
import { errors, TepuiError } from "../../contract/errors.ts";

/** Code of a refusal or fault of a policy. */
export type PolicyFaultCode = Exclude<keyof typeof policyErrors, "POLICY_UNKNOWN">;

/**
 * A policy was refused or stopped: a coded error, with the first offending decision row where a row
 * was at fault.
 */
export class PolicyFault extends TepuiError {
  declare readonly code: PolicyFaultCode;
  readonly row: number | undefined;

  constructor(
    code: PolicyFaultCode,
    detail: string,
    extra: { row?: number; cause?: unknown } = {},
  ) {
    const { status, message } = errors[code](detail);
    super(code, status, message, { cause: extra.cause });
    this.row = extra.row;
  }
}
