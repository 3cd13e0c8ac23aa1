import { isolatorRules } from "../../conformance/isolator/rules.ts";
import type { CgroupRule } from "../isolators/cgroups/rule.ts";
import { cgroupRules } from "../isolators/cgroups/rules.ts";
import { processIsolator } from "../support/process-isolator.ts";

/** What is run inside the machine, in this order: the port's rules, then those of cgroups. */
export const machineRules: readonly CgroupRule[] = [
  ...isolatorRules.map(
    (rule): CgroupRule => ({
      name: `isolator port: ${rule.name}`,
      run(bench) {
        const identity = processIsolator();
        return rule.run({ make: async () => bench.open(), beside: [identity] }, () => {});
      },
    }),
  ),
  ...cgroupRules.filter(({ only }) => only !== "v1"),
];
