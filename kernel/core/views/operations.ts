import type {
  OperationView,
  OperatorParams,
  OperatorResult,
} from "../../../contract/operator-api.ts";
import type { ClusterState } from "../state.ts";
import { pageOf } from "./page.ts";

/** Operations with feedback that are not acknowledged yet (C18). */
export function operationsView(
  { frameworks }: ClusterState,
  page: OperatorParams<"operations">,
): OperatorResult<"operations"> {
  const all: OperationView[] = [];
  for (const framework of frameworks.values()) {
    for (const { uuid, agentId, operation, state } of framework.operations.values()) {
      all.push({ operationUuid: uuid, frameworkId: framework.id, agentId, operation, state });
    }
  }
  const { views, more } = pageOf(all, (operation) => operation, page);
  return { operations: views, more };
}
