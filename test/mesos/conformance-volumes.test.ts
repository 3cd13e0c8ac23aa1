import { runRows } from "./conformance/run-rows.ts";
import { volumeRows } from "./conformance/volume-rows.ts";

runRows("volumes", { agents: 1, assertionsMin: 18 }, volumeRows);
