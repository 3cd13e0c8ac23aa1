import { type FaultTable, fault } from "./fault.ts";

/** What is wrong with a task on its agent, told in its status (features F30, F41). */
export const taskErrors = {
  TASK_UNHEALTHY: (failures: number, problem: string) => {
    const checks = failures === 1 ? "a health check" : `${failures} health checks in a row`;
    return fault("TASK_UNHEALTHY", 500, `Task failed ${checks}: ${problem}`);
  },
  CHECK_UNAVAILABLE: (reason: string) =>
    fault("CHECK_UNAVAILABLE", 501, `the command of a check cannot be run: ${reason}`),
} satisfies FaultTable;
