import { disturbanceRows } from "./conformance/disturbance-rows.ts";
import { runRows } from "./conformance/run-rows.ts";

runRows("processes that go away", { agents: 1, assertionsMin: 42 }, disturbanceRows);
