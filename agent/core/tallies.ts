import { isTerminal, type TaskState, taskStates } from "../../contract/task-state.ts";

// What is counted for people who watch an agent with tools made for Mesos (H8). Nothing that an
// agent does depends on it, so it is in no checkpoint: it is counted since the process began.

/** Sums by name; a name that is not there stands at 0. */
export type Tallies = Map<string, number>;

/** Ends of tasks. */
export const endStates: readonly TaskState[] = taskStates.filter(isTerminal);

/** What else is counted, as Mesos calls it, less `slave/`. */
export const tallyNames = [
  "container_launch_errors",
  "executors_terminated",
  "invalid_framework_messages",
  "invalid_status_updates",
  "valid_framework_messages",
  "valid_status_updates",
] as const;

/** See `tallyNames`; ends of tasks are counted by their state. */
export type TallyName = (typeof tallyNames)[number] | TaskState;

/** Counts one more. */
export function tally({ tallies }: { readonly tallies: Tallies }, name: TallyName): void {
  tallies.set(name, (tallies.get(name) ?? 0) + 1);
}
