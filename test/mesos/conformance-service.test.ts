import { podRows } from "./conformance/pod-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { serviceRows } from "./conformance/service-rows.ts";

runRows("agents out of service", { agents: 2, assertionsMin: 30 }, serviceRows);
runRows("pods on an agent", { agents: 1, assertionsMin: 30 }, podRows);
