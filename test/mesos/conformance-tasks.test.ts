import { acceptRows } from "./conformance/accept-rows.ts";
import { eventRows } from "./conformance/event-rows.ts";
import { executorRows } from "./conformance/executor-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { scenarioRows } from "./conformance/scenario-rows.ts";
import { taskRows } from "./conformance/task-rows.ts";

const rows = [...acceptRows, ...taskRows, ...executorRows, ...eventRows, ...scenarioRows];
runRows("tasks", { agents: 2, assertionsMin: 270 }, rows);
