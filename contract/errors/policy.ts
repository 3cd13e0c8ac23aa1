import { type FaultTable, fault } from "./fault.ts";

/** Refusals and faults of allocation policies. */
export const policyErrors = {
  POLICY_UNKNOWN: (policy: string, hint?: string) =>
    fault("POLICY_UNKNOWN", 404, `there is no policy "${policy}"`, {
      where: `policy ${policy}`,
      hint,
    }),
} satisfies FaultTable;
