import { type FaultTable, fault } from "./fault.ts";

/** Refusals and faults of the registry and of leader election (features G). */
export const registryErrors = {
  REGISTRY_FENCED: (epoch: number, current: number) =>
    fault("REGISTRY_FENCED", 409, `a write of epoch ${epoch} came after epoch ${current} began`, {
      where: "registry",
      hint: "this master is no longer the leader; connect to the one that is",
    }),
  REGISTRY_LOCKED: (directory: string, pid: number) =>
    fault("REGISTRY_LOCKED", 409, `process ${pid} already runs a master on ${directory}`, {
      where: "registry",
      hint: "stop that one, or give this master a dataDir of its own",
    }),
  REGISTRY_FAILED: (what: string, cause?: unknown, hint?: string) =>
    fault("REGISTRY_FAILED", 503, `the registry failed: ${what}`, {
      where: "registry",
      cause,
      hint,
    }),
  MASTER_NOT_READY: () =>
    fault("MASTER_NOT_READY", 503, "this master does not lead, or has not read its registry yet", {
      hint: "ask again in a moment",
    }),
} satisfies FaultTable;
