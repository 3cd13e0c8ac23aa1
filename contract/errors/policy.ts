import { type FaultOptions, type FaultTable, fault } from "./fault.ts";

/** Refusals and faults of allocation policies. */
export const policyErrors = {
  POLICY_UNKNOWN: (policy: string, hint?: string) =>
    fault("POLICY_UNKNOWN", 404, `there is no policy "${policy}"`, {
      where: `policy ${policy}`,
      hint,
    }),
  POLICY_LOADED: (policy: string) =>
    fault("POLICY_LOADED", 409, `policy ${policy} is loaded already`, {
      where: `policy ${policy}`,
      hint:
        "`tepui policy configure` changes its config, `--as NAME` loads it once more, and " +
        "`tepui policy unload` makes room for another of the name",
    }),
  // Refusals of a module before any of its code runs, then of an instance before its first round.
  POLICY_DIGEST: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_DIGEST",
      400,
      `the file is not the one that the manifest names: ${detail}`,
      options,
    ),
  POLICY_NOT_WASM: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_NOT_WASM",
      400,
      `the file is no WebAssembly module that this machine accepts: ${detail}`,
      options,
    ),
  POLICY_ABI_MISSING: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_ABI_MISSING",
      400,
      `the module does not export the marker of an ABI version that we speak: ${detail}`,
      options,
    ),
  POLICY_ABI_TOO_NEW: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_ABI_TOO_NEW",
      400,
      `the module needs slots that this version does not have: ${detail}`,
      options,
    ),
  POLICY_IMPORTS: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_IMPORTS",
      400,
      `the module imports something; a policy may import nothing: ${detail}`,
      options,
    ),
  POLICY_EXPORTS: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_EXPORTS",
      400,
      `the module does not export what the ABI asks for: ${detail}`,
      options,
    ),
  POLICY_MEMORY: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_MEMORY",
      400,
      `the memory of the module is not bounded, or it grew after init: ${detail}`,
      options,
    ),
  POLICY_CODE: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_CODE",
      400,
      `the functions of the module would take the host too long to compile: ${detail}`,
      options,
    ),
  POLICY_START: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_START",
      400,
      `the module's start section trapped or did not end: ${detail}`,
      options,
    ),
  POLICY_REFUSED: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_REFUSED",
      400,
      `the policy refused to initialise at these sizes: ${detail}`,
      options,
    ),
  POLICY_LAYOUT: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_LAYOUT",
      400,
      `the policy placed a column outside its memory or over another: ${detail}`,
      options,
    ),
  POLICY_COMPANION: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_COMPANION",
      500,
      `the policy's companion did not do its part: ${detail}`,
      options,
    ),
  // Faults that stop a round.
  POLICY_TRAP: (detail: string, options?: FaultOptions) =>
    fault("POLICY_TRAP", 500, `the policy trapped: ${detail}`, options),
  POLICY_DEADLINE: (detail: string, options?: FaultOptions) =>
    fault("POLICY_DEADLINE", 500, `the policy did not end before its deadline: ${detail}`, options),
  POLICY_BAD_ROW: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_BAD_ROW",
      500,
      `the policy decided something that is not its to decide: ${detail}`,
      options,
    ),
  POLICY_BAD_COUNT: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_BAD_COUNT",
      500,
      `the policy answered with an impossible number of rows: ${detail}`,
      options,
    ),
  POLICY_NO_PROGRESS: (detail: string, options?: FaultOptions) =>
    fault(
      "POLICY_NO_PROGRESS",
      500,
      `the policy asked for more rounds without using the ones it had: ${detail}`,
      options,
    ),
} satisfies FaultTable;
