import { type FaultTable, fault } from "./fault.ts";

/** What is wrong with a task on its agent, told in its status (features F30, F41). */
export const taskErrors = {
  TASK_UNHEALTHY: (failures: number, problem: string) => {
    const checks = failures === 1 ? "a health check" : `${failures} health checks in a row`;
    return fault("TASK_UNHEALTHY", 500, `Task failed ${checks}: ${problem}`);
  },
  CHECK_UNAVAILABLE: (reason: string) =>
    fault("CHECK_UNAVAILABLE", 501, `the command of a check cannot be run: ${reason}`),
  FETCH_URI_INVALID: (uri: string, problem: string) =>
    fault("FETCH_URI_INVALID", 400, `${uri} cannot be fetched: ${problem}`, { where: uri }),
  FETCH_FAILED: (uri: string, reason: string) =>
    fault("FETCH_FAILED", 502, `${uri} could not be fetched: ${reason}`, { where: uri }),
  FETCH_CHECKSUM: (uri: string, wanted: string, found: string) =>
    fault("FETCH_CHECKSUM", 400, `${uri} has the SHA-256 ${found}, not ${wanted}`, { where: uri }),
  FETCH_ARCHIVE: (uri: string, reason: string) =>
    fault("FETCH_ARCHIVE", 400, `${uri} cannot be unpacked: ${reason}`, { where: uri }),
  FETCH_ARCHIVE_ESCAPES: (uri: string, reason: string) =>
    fault("FETCH_ARCHIVE_ESCAPES", 400, `${uri} has a path out of the sandbox: ${reason}`, {
      where: uri,
    }),
  FETCH_DISK_FULL: (uri: string) =>
    fault("FETCH_DISK_FULL", 507, `the agent's disk has no room for ${uri}`, { where: uri }),
  FETCH_PROGRAM_MISSING: (program: string) =>
    fault("FETCH_PROGRAM_MISSING", 500, `fetching it takes ${program}, which the agent lacks`),
} satisfies FaultTable;
