import type { AgentMessage } from "../../contract/agent-api.ts";
import type { FrameworkCall } from "../../contract/framework-api.ts";
import type { AgentId, UpdateId } from "../../contract/ids.ts";
import type { TaskState } from "../../contract/task-state.ts";
import type { WorkloadJob } from "../workload/model.ts";

/** One task of a job, through all its attempts. */
export interface SimulatedTask {
  readonly job: WorkloadJob;
  /** Name without the attempt. */
  readonly name: string;
  /** Attempts before this one, which were lost with their agents. */
  attempt: number;
  /** When it ran first, and when it ended last. */
  startedMs: number | undefined;
  endedMs: number | undefined;
}

/** What agents and frameworks of a simulation can do, and whom they tell. */
export interface World {
  readonly nowMs: number;
  /** Does something at a time; in order, where times are the same. */
  at(atMs: number, act: () => void): void;
  /** Messages on their way to the master. */
  say(peer: number, message: AgentMessage): void;
  call(peer: number, call: FrameworkCall): void;
  nextUuid(): UpdateId;
  /** The task behind a task id. */
  taskOf(taskId: string): SimulatedTask;
  /** A task is on its way to an agent, or, with `false`, does not get there. */
  launching(task: SimulatedTask, isOnItsWay: boolean): void;
  started(task: SimulatedTask): void;
  ended(task: SimulatedTask, state: TaskState): void;
}

/** Ids of tasks carry what they are an attempt of. */
export function taskIdOf({ name, attempt }: SimulatedTask): string {
  return attempt === 0 ? name : `${name}.${attempt}`;
}

/** An agent that has not learned its id yet. */
export const NO_AGENT = "" as AgentId;
