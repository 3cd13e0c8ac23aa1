import { type FaultTable, fault } from "./fault.ts";

const at = (policy: string): string => `policy ${policy}`;

/** What operators cannot do with the policies of a running master. */
export const policyControlErrors = {
  POLICY_LIVE: (policy: string, what: string) =>
    fault("POLICY_LIVE", 409, `"${policy}" is the live policy and cannot be ${what}`, {
      where: at(policy),
    }),
  POLICY_IN_USE: (policy: string, why: string, hint?: string) =>
    fault("POLICY_IN_USE", 409, `"${policy}" cannot be unloaded: ${why}`, {
      where: at(policy),
      hint,
    }),
  POLICY_NONE_BEFORE: () =>
    fault("POLICY_NONE_BEFORE", 409, "no policy was live before this one", {
      hint: "promote one by name; `tepui policy list` shows those that are loaded",
    }),
  POLICY_NO_SHADOW: (policy: string | undefined) =>
    fault(
      "POLICY_NO_SHADOW",
      404,
      policy === undefined ? "there is no shadow run" : `"${policy}" has no shadow run`,
      { hint: "begin one with `tepui policy shadow NAME`" },
    ),
  POLICY_SHADOW_AMBIGUOUS: (policies: readonly string[]) =>
    fault("POLICY_SHADOW_AMBIGUOUS", 409, `there are several: ${policies.join(", ")}`, {
      hint: "name one of them",
    }),
  POLICY_TOO_MANY: (what: string, most: number) =>
    fault("POLICY_TOO_MANY", 409, `there are ${most} ${what}, which is the most there may be`, {
      hint: "unload what is no longer needed, or stop a shadow run",
    }),
  POLICY_NOT_SENDABLE: (policy: string, why: string) =>
    fault("POLICY_NOT_SENDABLE", 400, `"${policy}" cannot be sent to the master: ${why}`, {
      where: at(policy),
      hint: "put its folder on the machine of every master, and load it with --on-master",
    }),
} satisfies FaultTable;
