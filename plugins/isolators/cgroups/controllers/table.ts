import type { Controller } from "./controller.ts";
import { cpuacctV1, cpuV1, cpuV2 } from "./cpu.ts";
import { cpusetV1, cpusetV2 } from "./cpuset.ts";
import { devicesV1 } from "./devices.ts";
import { freezerV1, freezerV2 } from "./freezer.ts";
import { hugetlbV1, hugetlbV2 } from "./hugetlb.ts";
import { ioV1, ioV2 } from "./io.ts";
import { memoryV1, memoryV2 } from "./memory.ts";
import { pidsV1, pidsV2 } from "./pids.ts";

/** Every controller in every version there is. The first of a name that fits the host is used. */
export const controllerForms: readonly Controller[] = [
  cpuV1,
  cpuacctV1,
  memoryV1,
  pidsV1,
  cpusetV1,
  ioV1,
  devicesV1,
  hugetlbV1,
  freezerV1,
  cpuV2,
  memoryV2,
  pidsV2,
  cpusetV2,
  ioV2,
  hugetlbV2,
  freezerV2,
];
