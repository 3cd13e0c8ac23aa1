import fc from "fast-check";
import { AgentFlag, ClientFlag } from "../../kernel/core/tables/shape.ts";
import {
  isWithin,
  type NaiveCluster,
  type NaiveDecision,
} from "../allocation/references/cluster.ts";
import { Cluster, type ClusterOptions, vector } from "../allocation/support/cluster.ts";

const PATHS = ["a", "a/b", "a/b/c", "a/d", "e", "e/f", "g", "h"] as const;

const quantities = fc.tuple(fc.integer({ max: 6, min: 0 }), fc.integer({ max: 6, min: 0 }));
const path = fc.constantFrom(...PATHS);

const role = fc.record({
  weight: fc.constantFrom(1, 1, 2, 0.5, 3),
  limit: fc.option(quantities, { freq: 5, nil: undefined }),
  guarantee: fc.option(quantities, { freq: 3, nil: undefined }),
});

const client = fc.record({
  role: path,
  revocable: fc.boolean(),
  gpu: fc.boolean(),
  ready: fc.constantFrom(true, true, true, false),
  least: fc.option(quantities, { freq: 4, nil: undefined }),
  used: quantities,
  grants: fc.nat(2),
  priority: fc.nat(2),
  demand: fc.option(quantities, { freq: 3, nil: undefined }),
});

const agent = fc.record({
  fenced: fc.constantFrom(false, false, true),
  free: quantities,
  used: quantities,
  revocable: fc.option(quantities, { freq: 3, nil: undefined }),
  reserved: fc.uniqueArray(fc.tuple(path, quantities), { maxLength: 2, selector: ([of]) => of }),
  filteredBy: fc.array(fc.nat(5), { maxLength: 3 }),
});

/** Small clusters with a bit of everything. */
export const clusters = fc.record({
  roles: fc.array(role, { minLength: PATHS.length, maxLength: PATHS.length }),
  clients: fc.array(client, { minLength: 1, maxLength: 6 }),
  agents: fc.array(agent, { minLength: 1, maxLength: 8 }),
  least: fc.option(quantities, { nil: undefined }),
});

/** What was drawn. */
export type Drawn = typeof clusters extends fc.Arbitrary<infer T> ? T : never;

const thousandths = (pair: readonly number[]) => pair.map((n) => n * 1000);

/** The cluster as the references know it. */
export function naive(drawn: Drawn): NaiveCluster {
  return {
    least: drawn.least && thousandths(drawn.least),
    roles: drawn.roles.map(({ weight, limit, guarantee }, n) => ({
      path: PATHS[n] as string,
      weight,
      limit: limit && thousandths(limit),
      guarantee: guarantee && thousandths(guarantee),
      grants: drawn.clients
        .filter((one) => isWithin(one.role, PATHS[n] as string))
        .reduce((sum, one) => sum + one.grants, 0),
    })),
    clients: drawn.clients.map((one, name) => ({
      ...one,
      name,
      least: one.least && thousandths(one.least),
      used: thousandths(one.used),
      charged: thousandths(one.used),
      demand: one.demand && thousandths(one.demand),
    })),
    agents: drawn.agents.map((one, name) => ({
      name,
      fenced: one.fenced,
      total: thousandths(one.free.map((n, kind) => n + (one.used[kind] as number))),
      free: thousandths(one.free),
      revocable: thousandths(one.revocable ?? [0, 0]),
      reserved: one.reserved
        .filter(([, quantity]) => quantity[0] + quantity[1] > 0)
        .map(([of, quantity]) => ({ role: of, quantity: thousandths(quantity) })),
      filteredBy: one.filteredBy,
    })),
  };
}

/** The cluster in tables, with a policy to decide over it. */
export function real(drawn: Drawn, options: ClusterOptions): Cluster {
  const built = new Cluster(options);
  const { tables } = built;
  if (drawn.least) tables.setDefaultMinAllocatable([vector(...drawn.least)]);
  for (const [n, { weight, limit, guarantee }] of drawn.roles.entries()) {
    const row = built.role(PATHS[n] as string);
    tables.setRoleWeight(row, weight);
    const most = limit && [...thousandths(limit), ...Array(6).fill(Number.POSITIVE_INFINITY)];
    tables.setRoleQuota(row, guarantee && thousandths(guarantee), most);
  }
  for (const [n, one] of drawn.clients.entries()) {
    let flags: number = one.ready ? ClientFlag.ACTIVE : 0;
    if (one.revocable) flags |= ClientFlag.REVOCABLE;
    if (one.gpu) flags |= ClientFlag.GPU;
    if (one.demand) flags |= ClientFlag.HAS_DEMAND;
    const row = built.client(String(n), one.role, flags);
    if (one.least) tables.setMinAllocatable(row, [vector(...one.least)]);
    if (one.demand) tables.setDemand(row, vector(...one.demand));
    tables.setPriority(row, one.priority);
    tables.addUsed(row, vector(...one.used), 1);
    for (let grant = 0; grant < one.grants; grant++) tables.countAllocation(row);
  }
  for (const [n, one] of drawn.agents.entries()) {
    const row = built.agent(String(n), ...one.free);
    tables.setAgentFlags(row, AgentFlag.ACTIVE | (one.fenced ? AgentFlag.GPU_FENCED : 0));
    const total = one.free.map((free, kind) => free + (one.used[kind] as number));
    tables.setAgentTotal(row, vector(...total));
    if (one.revocable) tables.setAgentRevocable(row, vector(...one.revocable));
    for (const [of, quantity] of one.reserved) {
      tables.setReservation(row, built.role(of), vector(...quantity), vector(...quantity));
    }
    for (const filter of one.filteredBy) {
      if (filter < drawn.clients.length) tables.setFiltered(filter, row, true);
    }
  }
  return built;
}

/** Decides over the cluster once, in rows of the same shape as the references'. */
export function decide(built: Cluster): NaiveDecision[] {
  return built.allocate().map(({ agent, client, cpus, mem }) => {
    return [Number(agent), Number(client), [cpus * 1000, mem * 1000]];
  });
}
