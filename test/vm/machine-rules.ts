import { isolatorRules } from "../../conformance/isolator/rules.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { systemClock } from "../../kernel/host/system-clock.ts";
import { ProcessIsolator } from "../../plugins/isolators/process/index.ts";
import type { CgroupRule } from "../isolators/cgroups/rule.ts";
import { cgroupRules } from "../isolators/cgroups/rules.ts";

/** What is run inside the machine, in this order: the port's rules, then those of cgroups. */
export const machineRules: readonly CgroupRule[] = [
  ...isolatorRules.map(
    (rule): CgroupRule => ({
      name: `isolator port: ${rule.name}`,
      run(bench) {
        const identity = new ProcessIsolator({ noNewPrivileges: false }, silentLog, systemClock);
        return rule.run({ make: async () => bench.open(), beside: [identity] }, () => {});
      },
    }),
  ),
  ...cgroupRules.filter(({ only }) => only !== "v1"),
];
