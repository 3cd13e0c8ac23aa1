import type { Finding } from "../../../contract/operator/explain-methods.ts";
import type { OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import type { TaskStatus } from "../../../contract/schema/task.ts";
import { isTerminal } from "../../../contract/task-state.ts";
import { roughDuration } from "../../../contract/units.ts";
import type { ClusterState, Task } from "../state.ts";
import { recordOf } from "../tasks.ts";
import { type Asked, momentOf } from "./asked.ts";
import { frameworkObstacles, single } from "./clients.ts";
import { agentFinding } from "./fixed-words.ts";
import { agentObstacle } from "./pair.ts";
import { findTask } from "./subjects.ts";

/**
 * Where a task is in its life, what it waits for, and where its resources are.
 * @throws TepuiError TASK_UNEXPLAINED, TASK_AWAITED, TASK_ID_AMBIGUOUS
 */
export function explainTask(
  state: ClusterState,
  params: OperatorParams<"explain-task">,
  asked: Asked,
): OperatorResult<"explain-task"> {
  const task = findTask(state, params.task, params.frameworkId);
  const info = state.agents.get(task.agentId)?.info;
  const result: OperatorResult<"explain-task"> = {
    ...momentOf(state, asked),
    task: recordOf(task),
    framework: task.framework.info.name,
    holds: task.holds,
    findings: [lifeOf(task, asked.nowMs), ...waits(state, task, asked)],
  };
  if (info !== undefined) result.hostname = info.hostname;
  return result;
}

/** What the task does, or how it ended. */
function lifeOf(task: Task, nowMs: number): Finding {
  const last = task.statuses.at(-1);
  const since = roughDuration(nowMs - (last?.timestampMs ?? task.launchedMs));
  if (isTerminal(task.state)) {
    return single({ code: "ended", text: `${task.state} ${since} ago${reasonOf(last)}` });
  }
  switch (task.state) {
    case "TASK_STAGING":
      return single({
        code: "staging",
        text: `sent to the agent ${since} ago, which has not said yet that it starts`,
        change: "wait: it may fetch an image; the agent's log tells more",
      });
    case "TASK_STARTING":
      return single({ code: "starting", text: `its executor starts it, since ${since}` });
    case "TASK_KILLING":
      return single({
        code: "killing",
        text: `told to end ${since} ago`,
        change: "wait: what does not end by itself is killed after its grace period",
      });
    case "TASK_UNREACHABLE":
      return single({
        code: "unreachable",
        text: `its agent was given up ${since} ago; whether it runs there nobody knows`,
        change: "if the agent comes back, the task goes on",
      });
    default:
      return single({ code: "running", text: `runs, since ${since}` });
  }
}

function reasonOf(last: TaskStatus | undefined): string {
  if (last === undefined) return "";
  const exit =
    last.signal !== undefined
      ? `signal ${last.signal}`
      : last.exitCode === undefined
        ? undefined
        : `exit status ${last.exitCode}`;
  const said = [exit, last.message, last.reason].filter((each) => each !== undefined);
  return said.length === 0 ? "" : `: ${said.join("; ")}`;
}

/** What the task or its framework waits for. */
function waits(state: ClusterState, task: Task, asked: Asked): Finding[] {
  const findings: Finding[] = [];
  const { framework } = task;
  const isLive = !isTerminal(task.state);
  const agent = state.agents.get(task.agentId);
  const obstacle = agent !== undefined && isLive ? agentObstacle(state, agent) : undefined;
  if (agent !== undefined && obstacle !== undefined) {
    findings.push(agentFinding(obstacle, agent, asked));
  }
  if (agent?.kills.has(task)) {
    findings.push(
      single({
        code: "kill-waits",
        text: "it was to be killed while its agent was away",
        change: "it is killed when the agent comes back",
      }),
    );
  }
  if (task.updateUuid !== undefined && state.frameworks.get(framework.id) === framework) {
    findings.push(
      single({
        code: "unacknowledged",
        text: `the framework has not acknowledged ${task.updateState}, so nothing newer is told`,
        change: "the framework has to acknowledge; the agent sends it again meanwhile",
      }),
    );
  }
  if (isLive) findings.push(...frameworkObstacles(framework, asked.nowMs));
  return findings;
}
