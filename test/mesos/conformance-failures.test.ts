import { disturbanceRows } from "./conformance/disturbance-rows.ts";
import { failoverRows } from "./conformance/failover-rows.ts";
import { leavingRows } from "./conformance/leaving-rows.ts";
import { runRows } from "./conformance/run-rows.ts";

const rows = [...disturbanceRows, ...failoverRows, ...leavingRows];
runRows("processes that go away", { agents: 1, assertionsMin: 60 }, rows);
