/**
 * Why a policy was refused or stopped. Stable: operators alert on them, and no code is ever reused.
 * The first group refuses a module before any of its code runs, the second an instance before its
 * first round, the third stops a round.
 */
export const policyFaults = {
  POLICY_DIGEST: "the file is not the one that the manifest names",
  POLICY_NOT_WASM: "the file is no WebAssembly module that this machine accepts",
  POLICY_ABI_MISSING: "the module does not export the marker of an ABI version that we speak",
  POLICY_ABI_TOO_NEW: "the module needs slots that this version does not have",
  POLICY_IMPORTS: "the module imports something; a policy may import nothing",
  POLICY_EXPORTS: "the module does not export what the ABI asks for",
  POLICY_MEMORY: "the module's memory is not one of fixed size within the limit",
  POLICY_START: "the module's start section trapped or did not end",
  POLICY_REFUSED: "the policy refused to initialise at these sizes",
  POLICY_LAYOUT: "the policy placed a column outside its memory or over another",
  POLICY_TRAP: "the policy trapped",
  POLICY_DEADLINE: "the policy did not end before its deadline",
  POLICY_BAD_ROW: "the policy decided something that is not its to decide",
  POLICY_BAD_COUNT: "the policy answered with an impossible number of rows",
  POLICY_NO_PROGRESS: "the policy asked for more rounds without using the ones it had",
} as const;

/** Code of a policy fault. */
export type PolicyFaultCode = keyof typeof policyFaults;

/** A policy was refused or stopped. `row` is the first offending decision row, if it was one. */
export class PolicyFault extends Error {
  override readonly name = "PolicyFault";
  readonly code: PolicyFaultCode;
  readonly detail: string;
  readonly row: number | undefined;

  constructor(
    code: PolicyFaultCode,
    detail: string,
    extra: { row?: number; cause?: unknown } = {},
  ) {
    super(`${code}: ${policyFaults[code]}: ${detail}`, { cause: extra.cause });
    this.code = code;
    this.detail = detail;
    this.row = extra.row;
  }
}
