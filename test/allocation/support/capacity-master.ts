import { Verifier } from "../../../kernel/allocation/verify.ts";
import type { WasmPolicy } from "../../../kernel/allocation/wasm-policy.ts";
import { offersOut } from "../../../kernel/core/offers-out.ts";
import { listOf } from "../../../kernel/io/rounds.ts";
import { TestCluster } from "../../support/cluster.ts";
import { setUp } from "../../support/cluster-words.ts";
import { instancesOf } from "./cluster.ts";

/** Settings of `capacity` as its manifest has them, but for those of reclaiming. */
const settings = (reclaim: number, afterMs: number) => [0, 0, 1, reclaim, afterMs];

/** A cluster in words whose rounds `capacity` decides, over all that a master shows it. */
export function capacityMaster(text: string, reclaim = 1, afterMs = 5_000): TestCluster {
  const instances = instancesOf("capacity", settings(reclaim, afterMs));
  const verifier = new Verifier();
  let policy: WasmPolicy | undefined;
  let round = 0;
  const cluster = new TestCluster("", { backOffCyclesMax: 0 });
  cluster.decide = (state) => {
    const { tables } = state;
    if (policy?.fits(tables) !== true) policy = instances(tables);
    round += 1;
    const offers = offersOut(state);
    const input = { round, seed: 1, nowMs: cluster.nowMs, stepsMax: 200_000, offers };
    const rows = policy.allocate(tables, input);
    verifier.verify(tables, rows, offers);
    cluster.lookAgain = rows.lookAgain === true;
    return listOf(rows);
  };
  setUp(cluster, text);
  return cluster;
}
