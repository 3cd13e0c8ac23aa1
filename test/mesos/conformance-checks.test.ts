import { hintRows } from "./conformance/hint-rows.ts";
import { jsonRows } from "./conformance/json-rows.ts";
import { metricRows } from "./conformance/metric-rows.ts";
import { operatorRows } from "./conformance/operator-rows.ts";
import { processRows } from "./conformance/process-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { schedulerRows } from "./conformance/scheduler-rows.ts";
import { surfaceRows } from "./conformance/surface-rows.ts";
import { viewRows } from "./conformance/view-rows.ts";

const requests = [...surfaceRows, ...processRows, ...jsonRows, ...schedulerRows, ...hintRows];
const rows = [...requests, ...operatorRows, ...viewRows, ...metricRows];
runRows("requests", { agents: 2, assertionsMin: 450 }, rows);
