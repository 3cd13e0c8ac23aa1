import { hintRows } from "./conformance/hint-rows.ts";
import { jsonRows } from "./conformance/json-rows.ts";
import { operatorRows } from "./conformance/operator-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { schedulerRows } from "./conformance/scheduler-rows.ts";
import { surfaceRows } from "./conformance/surface-rows.ts";

const rows = [...surfaceRows, ...jsonRows, ...schedulerRows, ...hintRows, ...operatorRows];
runRows("requests", { agents: 2, assertionsMin: 450 }, rows);
