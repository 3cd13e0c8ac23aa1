import { isTerminal } from "../../contract/task-state.ts";
import { executorKey, taskKey } from "./ids.ts";
import type { AgentState } from "./state.ts";
import { assert } from "./words.ts";

/** Walks the whole state and fails where two parts of it contradict each other. */
export function invariants(state: AgentState): void {
  for (const [key, task] of state.tasks) {
    assert(key === task.key, `task ${key} is filed under another key`);
    assert(key === taskKey(task.frameworkId, task.info.taskId), `key of task ${key} is wrong`);
    const pending = (state.streams.get(key)?.pending ?? []).map(({ status }) => status);
    const newest = pending.at(-1) ?? task.statuses.at(-1);
    assert(
      newest === undefined || task.silent === true || newest.state === task.state,
      `task ${key} is ${task.state} and its newest update says ${newest?.state}`,
    );
    assert(
      !isTerminal(task.state) || pending.length > 0 || task.silent === true,
      `task ${key} has ended, is acknowledged, and is still here`,
    );
    const ends = pending.findIndex((status) => isTerminal(status.state));
    assert(ends === -1 || ends === pending.length - 1, `task ${key} went on after its end`);
    const isRunning = !isTerminal(task.state);
    assert(
      !isRunning || (task.containerId !== undefined && state.containers.has(task.containerId)),
      `task ${key} is ${task.state} without a container`,
    );
  }
  for (const key of state.streams.keys()) {
    assert(state.tasks.has(key), `there are updates of task ${key}, which is not here`);
  }
  for (const [id, container] of state.containers) {
    const { plan } = container;
    assert(id === plan.id, `container ${id} is filed under another id`);
    if (plan.taskId !== undefined) {
      const task = state.tasks.get(taskKey(plan.frameworkId, plan.taskId));
      assert(task?.containerId === id, `container ${id} has a task that knows nothing of it`);
    } else {
      const executor = state.executors.get(executorKey(plan.frameworkId, plan.executorId));
      assert(executor?.containerId === id, `container ${id} has no executor`);
    }
  }
  for (const [key, executor] of state.groupExecutors) {
    assert(key === executor.key, `executor ${key} is filed under another key`);
    assert(!state.executors.has(key), `executor ${key} is there twice`);
    assert(executor.tasks.size > 0, `executor ${key} has outlived its tasks`);
    for (const name of executor.tasks) {
      const task = state.tasks.get(name);
      assert(task?.group !== undefined, `executor ${key} has a task that is in no group`);
      assert(!isTerminal(task.state), `executor ${key} keeps task ${name}, which has ended`);
    }
  }
  for (const key of state.returning) {
    assert(state.executors.has(key), `executor ${key} is waited for and is not here`);
  }
  for (const [key, executor] of state.executors) {
    assert(key === executor.key, `executor ${key} is filed under another key`);
    assert(state.containers.has(executor.containerId), `executor ${key} has no container`);
    for (const task of executor.tasks) {
      const known = state.tasks.get(task);
      assert(known !== undefined, `executor ${key} has a task that is not here`);
      assert(known.containerId === executor.containerId, `task ${task} has another container`);
    }
  }
}
