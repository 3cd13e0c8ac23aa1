import type { CgroupDir } from "../cgroup-dir.ts";
import type { CgroupsConfig } from "../config.ts";
import type { Version } from "../hosts.ts";
import type { Controller } from "./controller.ts";

/** The file of a page size's limit: `hugetlb.2MB.max`. */
const fileOf = (size: string, version: Version): string =>
  version === 1 ? `hugetlb.${size}.limit_in_bytes` : `hugetlb.${size}.max`;

function form(version: Version): Controller {
  const apply = (group: CgroupDir, _demand: unknown, config: CgroupsConfig): void => {
    for (const [size, bytes] of Object.entries(config.hugetlb)) {
      const file = fileOf(size, version);
      if (group.has(file)) group.write(file, `${bytes}`);
    }
  };
  return {
    name: "hugetlb",
    version,
    kernelNames: ["hugetlb"],
    probe(root, config) {
      const sizes = Object.keys(config.hugetlb);
      const missing = sizes.filter((size) => !root.has(fileOf(size, version)));
      return { lacking: missing.map((size) => `limits of huge pages of ${size}`) };
    },
    create: apply,
    update: apply,
  };
}

/** Limits of huge pages on v1. */
export const hugetlbV1: Controller = form(1);

/** Limits of huge pages on v2. */
export const hugetlbV2: Controller = form(2);
