import { type FaultTable, fault } from "./fault.ts";

/** Refusals and faults of the registry and of leader election (features G). */
export const registryErrors = {
  REGISTRY_FENCED: (epoch: number, current: number) =>
    fault("REGISTRY_FENCED", 409, `a write of epoch ${epoch} came after epoch ${current} began`, {
      where: "registry",
      hint: "this master is no longer the leader; connect to the one that is",
    }),
} satisfies FaultTable;
