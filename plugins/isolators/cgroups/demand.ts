import type { ContainerSpec } from "../../../contract/ports/isolator.ts";
import { scalarOf } from "../../../contract/resources.ts";

/** What a container asks of the machine, in the kernel's terms. */
export interface Demand {
  /** Requested CPUs in thousandths. */
  readonly cpusMilli: number;
  /** The part of `cpusMilli` that may be taken away. */
  readonly revocableCpusMilli: number;
  /** Most CPUs in thousandths; may be `Infinity`. Absent: nothing was said (D20). */
  readonly cpusLimitMilli?: number;
  /** Requested memory. */
  readonly memBytes: number;
  /** Most memory; may be `Infinity`. Absent: what is requested (D20). */
  readonly memLimitBytes?: number;
}

const BYTES_PER_MILLI_MIB = 2 ** 20 / 1000;

/** Bytes of an amount of memory in thousandths of MiB, rounded up; `Infinity` stays. */
export function bytesOfMem(milli: number): number {
  return Math.ceil(milli * BYTES_PER_MILLI_MIB);
}

/** Reads the demand off a container's requests and limits. */
export function demandOf(spec: ContainerSpec): Demand {
  const revocable = spec.resources.filter((resource) => resource.revocable === true);
  const cpusLimitMilli = spec.limits?.["cpus"];
  const mem = spec.limits?.["mem"];
  return {
    cpusMilli: scalarOf(spec.resources, "cpus"),
    revocableCpusMilli: scalarOf(revocable, "cpus"),
    memBytes: bytesOfMem(scalarOf(spec.resources, "mem")),
    ...(cpusLimitMilli === undefined ? {} : { cpusLimitMilli }),
    ...(mem === undefined ? {} : { memLimitBytes: bytesOfMem(mem) }),
  };
}
