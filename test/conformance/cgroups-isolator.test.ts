import { afterAll } from "vitest";
import { isolatorRules } from "../../conformance/isolator/rules.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { systemClock } from "../../kernel/host/system-clock.ts";
import { ProcessIsolator } from "../../plugins/isolators/process/index.ts";
import { CgroupBench } from "../isolators/cgroups/bench.ts";
import { describeWith } from "../support/require.ts";
import { conform } from "./conform.ts";

describeWith(["root", "cgroup-v1"], "isolators of ours that need cgroups", () => {
  const bench = new CgroupBench("auto");
  afterAll(() => bench.close());
  const process = new ProcessIsolator({ noNewPrivileges: false }, silentLog, systemClock);
  conform("cgroups", isolatorRules, { make: async () => bench.open(), beside: [process] });
});
