import { acceptRows } from "./conformance/accept-rows.ts";
import { agentRows } from "./conformance/agent-rows.ts";
import { eventRows } from "./conformance/event-rows.ts";
import { executorRows } from "./conformance/executor-rows.ts";
import { refusalRows } from "./conformance/refusal-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { scenarioRows } from "./conformance/scenario-rows.ts";
import { taskRows } from "./conformance/task-rows.ts";

const rows = [
  ...acceptRows,
  ...refusalRows,
  ...taskRows,
  ...executorRows,
  ...eventRows,
  ...agentRows,
  ...scenarioRows,
];
runRows("tasks", { agents: 2, assertionsMin: 380 }, rows);
