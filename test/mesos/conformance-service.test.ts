import { podRows } from "./conformance/pod-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { serviceRows } from "./conformance/service-rows.ts";
import { volumeRows } from "./conformance/volume-rows.ts";

const rows = [...serviceRows, ...volumeRows];
runRows("agents out of service, and volumes", { agents: 2, assertionsMin: 60 }, rows);
runRows("pods on an agent", { agents: 1, assertionsMin: 30 }, podRows);
