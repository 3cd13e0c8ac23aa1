import { type Controller, probeFiles } from "./controller.ts";

/** What every container may use, and the making of any device file, which opens nothing (F53). */
export const defaultDevices: readonly string[] = [
  "c *:* m",
  "b *:* m",
  "c 5:1 rwm", // console
  "c 4:0 rwm", // tty0
  "c 4:1 rwm", // tty1
  "c 136:* rwm", // pts
  "c 5:2 rwm", // ptmx
  "c 10:200 rwm", // net/tun
  "c 1:3 rwm", // null
  "c 1:5 rwm", // zero
  "c 1:7 rwm", // full
  "c 5:0 rwm", // tty
  "c 1:8 rwm", // random
  "c 1:9 rwm", // urandom
];

/**
 * A list of allowed devices on v1. On v2 the kernel takes a BPF program instead of a list, which
 * Node cannot load: there the probe of the host announces that devices are not limited.
 */
export const devicesV1: Controller = {
  name: "devices",
  version: 1,
  kernelNames: ["devices"],
  probe: (root) => probeFiles(root, "devices.allow"),
  create(group, _demand, config) {
    group.write("devices.deny", "a");
    for (const rule of [...defaultDevices, ...config.devices]) group.write("devices.allow", rule);
  },
};
