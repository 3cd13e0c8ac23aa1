import { totalmem } from "node:os";
import type { ContainerSpec, Limitation } from "../../../contract/ports/isolator.ts";
import { fromScalars, scalarOf } from "../../../contract/resources.ts";
import type { DockerConfig } from "./config.ts";
import type { HostConfig } from "./engine-types.ts";

/** Length of a CFS period in microseconds, the kernel's own default. */
const CFS_PERIOD_US = 100_000;
/** The kernel takes no shorter quota. */
const CFS_QUOTA_US_MIN = 1_000;
const SHARES_PER_CPU = 1_024;
const SHARES_MIN = 2;
/** Less than this and hardly a runtime comes to exec the command (F52). */
const MEM_BYTES_MIN = 32 << 20;
const MIB = 2 ** 20;
const BYTES_PER_MILLI_MIB = MIB / 1000;
/** Score at which the kernel prefers a process above all others when the host runs out. */
const OOM_SCORE_MAX = 1_000;

/** Memory that a container asked for and may use, in bytes. */
export interface MemoryDemand {
  readonly requestBytes: number;
  /** Absent when it may use all there is. */
  readonly limitBytes?: number;
}

function bytesOfMem(milli: number): number {
  return Math.ceil(milli * BYTES_PER_MILLI_MIB);
}

/** What a container asks of memory (D20). */
export function memoryDemand(spec: ContainerSpec): MemoryDemand {
  const requestBytes = bytesOfMem(scalarOf(spec.resources, "mem"));
  const given = spec.limits?.["mem"];
  const limitBytes = given === undefined ? requestBytes : bytesOfMem(given);
  if (limitBytes === Number.POSITIVE_INFINITY || limitBytes === 0) return { requestBytes };
  return { requestBytes, limitBytes: Math.max(limitBytes, MEM_BYTES_MIN) };
}

/**
 * The limits of a container in the engine's terms. CPUs are a quota and not `NanoCpus`, because the
 * engine refuses more of those than the machine has, and agents may be told to offer more.
 */
export function limitsOf(spec: ContainerSpec, config: DockerConfig): HostConfig {
  const cpusMilli = scalarOf(spec.resources, "cpus");
  const limitMilli = spec.limits?.["cpus"] ?? (config.enableCfs ? cpusMilli : 0);
  const isCapped = limitMilli > 0 && limitMilli !== Number.POSITIVE_INFINITY;
  const { requestBytes, limitBytes } = memoryDemand(spec);
  const isBurstable = spec.limits?.["mem"] !== undefined && (limitBytes ?? Infinity) > requestBytes;
  const gpus = Math.floor(scalarOf(spec.resources, "gpus") / 1000);
  return {
    CpuShares: Math.max(SHARES_MIN, Math.round((cpusMilli * SHARES_PER_CPU) / 1000)),
    ...(isCapped
      ? {
          CpuPeriod: CFS_PERIOD_US,
          CpuQuota: Math.max(CFS_QUOTA_US_MIN, Math.round((limitMilli * CFS_PERIOD_US) / 1000)),
        }
      : {}),
    ...(limitBytes === undefined ? {} : { Memory: limitBytes, MemorySwap: limitBytes }),
    ...(isBurstable ? { OomScoreAdj: burstableScore(requestBytes) } : {}),
    ...(isBurstable && requestBytes >= MEM_BYTES_MIN ? { MemoryReservation: requestBytes } : {}),
    ...(config.pidsMax === 0 ? {} : { PidsLimit: config.pidsMax }),
    ...(gpus === 0 ? {} : { DeviceRequests: [{ Count: gpus, Capabilities: [["gpu"]] }] }),
  };
}

/** The less of the host it requested, the sooner it goes when the host runs out (D20). */
function burstableScore(requestBytes: number): number {
  return Math.max(1, OOM_SCORE_MAX - Math.ceil((OOM_SCORE_MAX * requestBytes) / totalmem()));
}

/** What is said of a container that wanted more memory than it may have (D15). */
export function outOfMemory(spec: ContainerSpec): Limitation {
  const { requestBytes, limitBytes = requestBytes } = memoryDemand(spec);
  const mib = (bytes: number): string => `${Math.round((bytes / MIB) * 10) / 10} MiB`;
  return {
    reason: "REASON_CONTAINER_LIMITATION_MEMORY",
    message:
      `memory limit of ${mib(limitBytes)} exceeded: requested ${mib(requestBytes)}, ` +
      `all ${mib(limitBytes)} in use when the kernel killed`,
    resources: fromScalars({ mem: limitBytes / MIB }),
  };
}
