import { type Resources, scalarOf } from "../sdk/index.ts";
import type { Cell, Tone } from "./table.ts";

/** A scalar as people write it: `0.5`; `-` where there is none. */
export function scalarCell(resources: Resources, name: string): Cell {
  const milli = scalarOf(resources, name);
  return milli === 0 ? "-" : String(milli / 1000);
}

/** `used/total` of a scalar. */
export function usedCell(used: Resources, total: Resources, name: string): string {
  return `${scalarOf(used, name) / 1000}/${scalarOf(total, name) / 1000}`;
}

/** A time as ISO text in UTC, to the second: the same on every machine. */
export function timeCell(timeMs: number | undefined): string {
  if (timeMs === undefined) return "-";
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, "Z");
}

const taskTones: Readonly<Record<string, Tone>> = {
  TASK_RUNNING: "good",
  TASK_FINISHED: "dim",
  TASK_STAGING: "busy",
  TASK_STARTING: "busy",
  TASK_KILLING: "busy",
  TASK_KILLED: "dim",
};

/** A task's state without its prefix, in the colour of how bad it is. */
export function taskStateCell(state: string): Cell {
  return { text: state.replace(/^TASK_/, ""), tone: taskTones[state] ?? "bad" };
}

/** How a task's command ended: its status, or its signal. */
export function endCell(end: { exitCode?: number | undefined; signal?: string | undefined }): Cell {
  return end.signal ?? end.exitCode ?? "-";
}
