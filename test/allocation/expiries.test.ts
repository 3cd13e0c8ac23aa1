import { expect, test } from "vitest";
import { Random } from "../../conformance/random.ts";
import type { Resources } from "../../contract/resources.ts";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { FilterStore } from "../../kernel/core/filters.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { Cluster } from "./support/cluster.ts";
import { misbehaving, shipped } from "./support/compile.ts";

const REFUSED: Resources = [{ name: "cpus", scalar: 1_000 }];

function clusterOf(agents: number): Cluster {
  const cluster = new Cluster();
  for (let client = 0; client < 8; client++) cluster.client(`f${client}`, `r${client}`);
  for (let agent = 0; agent < agents; agent++) cluster.agent(`a${agent}`, 1, 64);
  return cluster;
}

const guest = misbehaving("expiring");

/** A guest that gives the list back, asked for what it has seen: `agent client untilMs`. */
function listing(cluster: Cluster) {
  const { tables } = cluster;
  const policy = new WasmPolicy(guest, tables, { deadlineMs: 10_000 });
  let round = 0;
  return (expiries: FilterStore): string[] => {
    round += 1;
    const input = { round, seed: 1, nowMs: 0, stepsMax: 1_000, expiries };
    const { count, agents, clients, amounts } = policy.allocate(tables, input);
    return Array.from({ length: count }, (_, row) =>
      [agents[row], clients[row], amounts[row * KINDS]].join(" "),
    );
  };
}

test("a policy that asks for it sees which refusals end first, the soonest first (C8)", () => {
  const seen = listing(clusterOf(4));
  const filters = new FilterStore();
  expect(seen(filters)).toEqual([]);
  filters.add(2, 1, REFUSED, 9_000);
  filters.add(0, 3, REFUSED, 5_000);
  filters.add(1, 3, REFUSED, 5_000);
  filters.add(7, 0, REFUSED, 7_000);
  expect(seen(filters)).toEqual(["3 1 5000", "3 0 5000", "0 7 7000", "1 2 9000"]);
  filters.expire(5_000, () => undefined);
  filters.dropClient(7);
  expect(seen(filters)).toEqual(["1 2 9000"]);
  filters.add(7, 0, REFUSED, 8_000);
  expect(seen(filters)).toEqual(["0 7 8000", "1 2 9000"]);
  filters.dropAgent(0);
  filters.dropAgent(1);
  expect(seen(filters)).toEqual([]);
});

test("the list holds what ends first when there are more refusals than rows", () => {
  const cluster = clusterOf(256);
  const seen = listing(cluster);
  const filters = new FilterStore();
  const random = new Random(5);
  const times: number[] = [];
  for (let count = 0; count < 20_000; count++) {
    const untilMs = random.below(1_000_000);
    times.push(untilMs);
    filters.add(count % 8, count % 256, REFUSED, untilMs);
  }
  times.sort((a, b) => a - b);
  const rows = seen(filters).map((line) => Number(line.split(" ")[2]));
  // The test's guest answers with decisions, of which there are fewer than rows in the list.
  expect(rows).toEqual(times.slice(0, cluster.tables.sizes.agents + 1_024));
  const into = {
    untilMs: new Float64Array(16_384),
    agent: new Uint32Array(16_384),
    client: new Uint32Array(16_384),
  };
  expect(filters.soonest(into)).toBe(16_384);
  expect(Array.from(into.untilMs)).toEqual(times.slice(0, 16_384));
});

test("for a policy that does not ask, nobody looks at when refusals end", () => {
  const cluster = clusterOf(1);
  const policy = new WasmPolicy(shipped("drf"), cluster.tables, { deadlineMs: 10_000 });
  const expiries = {
    get version(): number {
      throw new Error("asked for the version");
    },
    soonest: (): number => {
      throw new Error("asked for the list");
    },
  };
  const input = { round: 1, seed: 1, nowMs: 0, stepsMax: 1_000, expiries };
  expect(policy.allocate(cluster.tables, input).count).toBe(1);
});
