import type { CgroupDir } from "../cgroup-dir.ts";
import type { CgroupsConfig } from "../config.ts";
import { type Controller, known, type Probe, type UsagePart } from "./controller.ts";

/** v1 weights end at 1000 and v2's at 10,000; 100 is the default of both after this. */
const WEIGHT_V1_MIN = 10;
const WEIGHT_V1_MAX = 1000;

const weightFilesV1 = ["blkio.weight", "blkio.bfq.weight"] as const;
const weightFilesV2 = ["io.weight", "io.bfq.weight"] as const;

function weightFile(group: CgroupDir, files: readonly string[]): string | undefined {
  return files.find((file) => group.has(file));
}

function lackingWeight(root: CgroupDir, files: readonly string[], config: CgroupsConfig): string[] {
  if (config.ioWeight === undefined || weightFile(root, files) !== undefined) return [];
  return [`weights of block I/O (the kernel offers none of ${files.join(", ")})`];
}

/** Sums what a file says by device and operation: `8:0 Read 4096`. */
function sumV1(text: string | undefined, operation: string): number | undefined {
  if (text === undefined) return undefined;
  const lines = text.split("\n").map((line) => line.split(" "));
  return lines
    .filter(([, name]) => name === operation)
    .reduce((sum, [, , count]) => sum + Number(count), 0);
}

function usageV1(group: CgroupDir): UsagePart {
  const bytes =
    group.read("blkio.throttle.io_service_bytes_recursive") ??
    group.read("blkio.throttle.io_service_bytes");
  return known({ ioReadBytes: sumV1(bytes, "Read"), ioWrittenBytes: sumV1(bytes, "Write") });
}

function limitV1(group: CgroupDir, config: CgroupsConfig): void {
  for (const limit of config.ioLimits) {
    const rates = {
      "blkio.throttle.read_bps_device": limit.readBytesPerSecond,
      "blkio.throttle.write_bps_device": limit.writeBytesPerSecond,
      "blkio.throttle.read_iops_device": limit.readsPerSecond,
      "blkio.throttle.write_iops_device": limit.writesPerSecond,
    };
    for (const [file, rate] of Object.entries(rates)) {
      if (rate !== undefined) group.write(file, `${limit.device} ${rate}`);
    }
  }
}

/** Block I/O on v1: weight, ceilings, bytes. */
export const ioV1: Controller = {
  name: "io",
  version: 1,
  kernelNames: ["blkio"],
  probe(root, config): Probe {
    const hasLimits = root.has("blkio.throttle.read_bps_device");
    const wantsLimits = config.ioLimits.length > 0;
    const limits = wantsLimits && !hasLimits ? ["ceilings of block I/O (no throttling)"] : [];
    return { lacking: [...limits, ...lackingWeight(root, weightFilesV1, config)] };
  },
  create(group, _demand, config) {
    const file = weightFile(group, weightFilesV1);
    if (config.ioWeight !== undefined && file !== undefined) {
      const weight = Math.min(WEIGHT_V1_MAX, Math.max(WEIGHT_V1_MIN, config.ioWeight));
      group.write(file, `${weight}`);
    }
    if (group.has("blkio.throttle.read_bps_device")) limitV1(group, config);
  },
  usage: usageV1,
};

function limitV2(group: CgroupDir, config: CgroupsConfig): void {
  for (const limit of config.ioLimits) {
    const rates = {
      rbps: limit.readBytesPerSecond,
      wbps: limit.writeBytesPerSecond,
      riops: limit.readsPerSecond,
      wiops: limit.writesPerSecond,
    };
    const set = Object.entries(rates).filter(([, rate]) => rate !== undefined);
    const words = set.map(([name, rate]) => `${name}=${rate}`);
    if (words.length > 0) group.write("io.max", `${limit.device} ${words.join(" ")}`);
  }
}

/** Block I/O on v2: weight, ceilings, bytes. */
export const ioV2: Controller = {
  name: "io",
  version: 2,
  kernelNames: ["io"],
  probe(root, config): Probe {
    if (!root.has("io.stat")) return { unusable: "the kernel offers no io.stat", lacking: [] };
    const wantsLimits = config.ioLimits.length > 0;
    const limits = wantsLimits && !root.has("io.max") ? ["ceilings of block I/O (no io.max)"] : [];
    return { lacking: [...limits, ...lackingWeight(root, weightFilesV2, config)] };
  },
  create(group, _demand, config) {
    const file = weightFile(group, weightFilesV2);
    if (config.ioWeight !== undefined && file !== undefined) {
      group.write(file, `default ${config.ioWeight}`);
    }
    if (group.has("io.max")) limitV2(group, config);
  },
  usage(group) {
    const text = group.read("io.stat");
    if (text === undefined) return {};
    const sum = (field: RegExp) =>
      [...text.matchAll(field)].reduce((total, [, count]) => total + Number(count), 0);
    return { ioReadBytes: sum(/\brbytes=(\d+)/g), ioWrittenBytes: sum(/\bwbytes=(\d+)/g) };
  },
};
