import type { ContainerUsage, UsagePage } from "../../contract/agent-pages.ts";
import type { ContainerId, TaskId } from "../../contract/ids.ts";
import type { Usage } from "../../contract/ports/isolator.ts";
import type { AgentState, Container } from "../core/state.ts";

/** An engine is asked about so many of its containers at once. */
const AT_ONCE = 8;

/** Of which tasks the usage is asked for; of all where nothing is said. */
export interface AskedUsage {
  readonly frameworkId?: string;
  readonly taskId?: string;
}

/**
 * What `/usage` shows: what each running container uses now. One that has ended meanwhile, or that
 * nobody can measure, is shown without figures.
 */
export async function usagePage(
  state: AgentState,
  measure: (id: ContainerId) => Promise<Usage | undefined>,
  { frameworkId, taskId }: AskedUsage,
): Promise<UsagePage> {
  const tasksOf = new Map<ContainerId, TaskId[]>();
  for (const { containerId, info } of state.tasks.values()) {
    if (containerId === undefined) continue;
    tasksOf.set(containerId, [...(tasksOf.get(containerId) ?? []), info.taskId]);
  }
  const about = ({ plan }: Container): ContainerUsage => ({
    frameworkId: plan.frameworkId,
    executorId: plan.executorId,
    containerId: plan.id,
    taskIds: tasksOf.get(plan.id) ?? [],
  });
  const asked = Array.from(state.containers.values())
    .filter(({ phase }) => phase === "running")
    .map(about)
    .filter((one) => frameworkId === undefined || one.frameworkId === frameworkId)
    .filter(({ taskIds }) => taskId === undefined || taskIds.some((id) => id === taskId));
  const containers: ContainerUsage[] = [];
  const work = async (): Promise<void> => {
    for (let one = asked.shift(); one !== undefined; one = asked.shift()) {
      containers.push({ ...one, ...(await measure(one.containerId).catch(() => undefined)) });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { containers };
}
