import { afterAll } from "vitest";
import { isolatorRules } from "../../conformance/isolator/rules.ts";
import { CgroupBench } from "../isolators/cgroups/bench.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { conform } from "./conform.ts";

describeWith(["root", "cgroup-v1"], "isolators of ours that need cgroups", () => {
  const bench = new CgroupBench("auto");
  afterAll(() => bench.close());
  const process = processIsolator();
  conform("cgroups", isolatorRules, { make: async () => bench.open(), beside: [process] });
});
