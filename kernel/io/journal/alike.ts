import type { FrameworkCallOf } from "../../../contract/framework-api.ts";
import type { TaskId } from "../../../contract/ids.ts";
import type { Operation } from "../../../contract/schema/offer.ts";
import type { TaskInfo } from "../../../contract/schema/task.ts";

type Accept = FrameworkCallOf<"accept">;
type Launch = Extract<Operation, { type: "LAUNCH" }>;

/** A launch of tasks that differ in nothing but their ids: the first of them, and all ids. */
interface Folded {
  readonly launch: Omit<Launch, "tasks">;
  readonly like: TaskInfo;
  readonly ids: readonly TaskId[];
}

/** An accept whose operations may be folded. */
export type FoldedAccept = Omit<Accept, "operations"> & {
  readonly folded: readonly (Operation | Folded)[] | undefined;
};

/**
 * Writes the tasks of a launch down once, where all are alike but for their ids: frameworks launch
 * many of a kind, and tasks are most of what a busy master is told.
 */
export function folded({ operations, ...accept }: Accept): FoldedAccept {
  return { ...accept, folded: operations?.map(foldedOperation) };
}

/** The accept that was folded. */
export function unfolded({ folded: operations, ...accept }: FoldedAccept): Accept {
  if (operations === undefined) return accept;
  return { ...accept, operations: operations.map(unfoldedOperation) };
}

function foldedOperation(operation: Operation): Operation | Folded {
  if (operation.type !== "LAUNCH" || operation.tasks.length < 2) return operation;
  const { tasks, ...launch } = operation;
  const like = tasks[0] as TaskInfo;
  const ids: TaskId[] = [];
  for (const task of tasks) {
    if (task !== like && !areAlike(task, like, "taskId")) return operation;
    ids.push(task.taskId);
  }
  return { launch, like, ids };
}

function unfoldedOperation(operation: Operation | Folded): Operation {
  if (!("like" in operation)) return operation;
  const { launch, like, ids } = operation;
  return { ...launch, tasks: ids.map((taskId) => ({ ...like, taskId })) };
}

/** Whether data without loops is equal, down to its leaves; one key of the top is left aside. */
function areAlike(a: unknown, b: unknown, aside?: string): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || ArrayBuffer.isView(a)) return areListsAlike(a, b);
  if (Array.isArray(b) || ArrayBuffer.isView(b)) return false;
  let keys = 0;
  for (const key in a) {
    keys += 1;
    if (key === aside) continue;
    if (!(key in b)) return false;
    if (!areAlike((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])) {
      return false;
    }
  }
  for (const _ in b) keys -= 1;
  return keys === 0;
}

/** Bytes are only alike when they are the same: nobody launches many tasks with much data. */
function areListsAlike(a: object, b: object): boolean {
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (!areAlike(a[at], b[at])) return false;
  return true;
}
