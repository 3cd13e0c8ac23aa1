import { type IsolatorRule, isolatorRules } from "../conformance/isolator/rules.ts";
import type { CgroupRule } from "../isolators/cgroups/rule.ts";
import { cgroupRules } from "../isolators/cgroups/rules.ts";

/** A rule with the name under which the machine reports it. */
export type MachineRule = CgroupRule | (IsolatorRule & { readonly name: string });

/** What is run inside the machine, in this order: the port's rules, then those of cgroups. */
export const machineRules: readonly MachineRule[] = [
  ...isolatorRules.map((rule) => ({ ...rule, name: `isolator port: ${rule.title}` })),
  ...cgroupRules.filter(({ only }) => only !== "v1"),
];
