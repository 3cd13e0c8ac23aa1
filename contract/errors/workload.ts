import { type FaultTable, fault } from "./fault.ts";

/** Mistakes in workloads, and in what is asked of simulations. */
export const workloadErrors = {
  WORKLOAD_UNREADABLE: (file: string, reason: string) =>
    fault("WORKLOAD_UNREADABLE", 400, `the workload cannot be read: ${reason}`, {
      where: file,
      hint: "name a file in the format of docs/workload.md, or a journal",
    }),
  /** Each problem begins with its line and column. */
  WORKLOAD_INVALID: (file: string, problems: readonly string[]) =>
    fault("WORKLOAD_INVALID", 400, `${problems.length} problems in the workload`, {
      where: file,
      details: problems,
      hint: "docs/workload.md has every statement and what goes with it",
    }),
  WORKLOAD_EMPTY: (file: string, what: string) =>
    fault("WORKLOAD_EMPTY", 400, `there are no ${what} in it, so there is nothing to simulate`, {
      where: file,
    }),
} satisfies FaultTable;
