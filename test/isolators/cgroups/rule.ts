import type { CgroupBench } from "./bench.ts";

/** One thing that the cgroups isolator must do with a real kernel, whichever the version. */
export interface CgroupRule {
  readonly name: string;
  /** Needs a bench of this version. Absent: any will do. */
  readonly only?: "v1" | "v2";
  run(bench: CgroupBench): Promise<void>;
}
