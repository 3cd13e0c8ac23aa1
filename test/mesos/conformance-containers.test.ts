import { nestedRows } from "./conformance/nested-rows.ts";
import { runRows } from "./conformance/run-rows.ts";
import { sessionRows } from "./conformance/session-rows.ts";

const rows = [...sessionRows, ...nestedRows];
runRows("containers in containers", { agents: 1, assertionsMin: 230 }, rows);
