import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compiled } from "../../allocation/support/compile.ts";
import { temporaryFolder } from "../../support/temporary.ts";

const parameter = (name: string, index: number, fallback = 0) => ({
  name,
  index,
  default: fallback,
  description: "for tests",
});

/** Parameters of assembly/testing/turncoat.ts. */
const turncoat = [
  parameter("backFill", 0, 1),
  parameter("priorities", 1),
  parameter("fault", 2),
  parameter("fromRound", 3),
  parameter("toRound", 4, 2 ** 32 - 1),
];

/** What `turncoat` does from a round on. */
export const turncoatFaults = {
  trap: 1,
  loop: 2,
  twice: 3,
  filtered: 4,
  missing: 5,
  grow: 6,
} as const;

/** A policy of assembly/testing as a folder that `tepui policy load` takes. */
export function testingPolicy(name: string, manifest: object = {}): string {
  const folder = temporaryFolder("tepui-policy-");
  writeFileSync(join(folder, "policy.wasm"), compiled(`assembly/testing/${name}.ts`));
  const parameters = name === "turncoat" ? turncoat : [];
  const whole = {
    name,
    version: "1.0.0",
    kind: "allocator",
    contract: "1",
    entry: "policy.wasm",
    offers: ["allocator"],
    parameters,
    ...manifest,
  };
  writeFileSync(join(folder, "plugin.json"), JSON.stringify(whole));
  return folder;
}
