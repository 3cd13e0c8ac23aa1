import type { OperationView } from "../../../contract/operator/operation-view.ts";
import type { OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import type { ClusterState } from "../state.ts";
import { operationState } from "../steps/operations.ts";
import { pageOf } from "./page.ts";

/** Operations with feedback that are not acknowledged yet (C18). */
export function operationsView(
  { frameworks }: ClusterState,
  page: OperatorParams<"operations">,
): OperatorResult<"operations"> {
  const all: OperationView[] = [];
  for (const framework of frameworks.values()) {
    for (const one of framework.operations.values()) {
      const { uuid: operationUuid, agentId, operation, status } = one;
      const about = { operationUuid, frameworkId: framework.id, agentId, operation };
      const view: OperationView = { ...about, state: operationState(one) };
      if (status !== undefined) view.status = status;
      all.push(view);
    }
  }
  const { views, more } = pageOf(all, (operation) => operation, page);
  return { operations: views, more };
}
