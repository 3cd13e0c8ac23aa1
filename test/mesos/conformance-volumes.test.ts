import { runRows } from "./conformance/run-rows.ts";
import { sharedVolumeRows } from "./conformance/shared-volume-rows.ts";

runRows("volumes", { agents: 1, assertionsMin: 18 }, sharedVolumeRows);
