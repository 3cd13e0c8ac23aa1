import { readFileSync } from "node:fs";

/** The command line of a process, its words apart by NUL; empty once the process is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
