import fc from "fast-check";
import { AgentFlag, ClientFlag } from "../../kernel/core/tables/shape.ts";
import type { AllocationTables } from "../../kernel/core/tables.ts";
import type { NaiveData } from "../allocation/references/quincy.ts";
import { vector } from "../allocation/support/cluster.ts";
import { stateData } from "../allocation/support/quincy.ts";
import { clusters } from "./clusters.ts";

const RACKS = ["r0", "r1", "r2"] as const;
const AGENTS_MAX = 8;
const CLIENTS_MAX = 6;

const mb = fc.nat(12);
const data = fc.record({
  total: fc.nat(16),
  onAgent: fc.uniqueArray(fc.tuple(fc.nat(AGENTS_MAX - 1), mb), {
    maxLength: 4,
    selector: ([agent]) => agent,
  }),
  inRack: fc.uniqueArray(fc.tuple(fc.constantFrom(...RACKS), mb), {
    maxLength: 2,
    selector: ([rack]) => rack,
  }),
});
const quantities = fc.tuple(fc.integer({ max: 6, min: 0 }), fc.integer({ max: 6, min: 0 }));

/** What may change between two rounds; rows are taken modulo what there is. */
const change = fc.oneof(
  fc.record({ what: fc.constant("free"), agent: fc.nat(7), quantity: quantities }),
  fc.record({ what: fc.constant("filter"), agent: fc.nat(7), client: fc.nat(5) }),
  fc.record({ what: fc.constant("fence"), agent: fc.nat(7) }),
  fc.record({ what: fc.constant("ready"), client: fc.nat(5) }),
  fc.record({ what: fc.constant("used"), client: fc.nat(5), quantity: quantities }),
  fc.record({ what: fc.constant("data"), client: fc.nat(5), data: fc.option(data) }),
);

/** Clusters with data in places, and what changes from round to round. */
export const instance = fc.record({
  // What the flow is an estimate of for other reasons than cost is left out here.
  drawn: clusters.map((drawn) => ({
    ...drawn,
    roles: drawn.roles.map((role) => ({ ...role, limit: undefined, guarantee: undefined })),
    clients: drawn.clients.map((client) => ({ ...client, demand: undefined, revocable: false })),
    agents: drawn.agents.map((agent) => ({
      ...agent,
      revocable: undefined,
      reserved: [],
      filteredBy: agent.filteredBy.filter((client) => client < drawn.clients.length),
    })),
  })),
  racks: fc.array(fc.option(fc.constantFrom(...RACKS), { freq: 4, nil: undefined }), {
    maxLength: AGENTS_MAX,
    minLength: AGENTS_MAX,
  }),
  data: fc.array(fc.option(data, { nil: undefined }), {
    maxLength: CLIENTS_MAX,
    minLength: CLIENTS_MAX,
  }),
  costs: fc
    .record({
      rackTransfer: fc.nat(2),
      coreTransfer: fc.nat(3),
      wait: fc.nat(20),
      waitSecond: fc.constant(0),
      share: fc.nat(40),
    })
    .map((costs) => ({ ...costs, coreTransfer: Math.max(costs.coreTransfer, costs.rackTransfer) })),
  rounds: fc.array(fc.array(change, { maxLength: 3, minLength: 1 }), { maxLength: 4 }),
  stepsMax: fc.constantFrom(0xffffffff, 0xffffffff, 0, 5, 40),
});

/** What `instance` draws. */
export type Drawn = typeof instance extends fc.Arbitrary<infer T> ? T : never;
/** The cluster as it is by now. */
export type State = { drawn: Drawn["drawn"]; data: (NaiveData | undefined)[] };

/** What a client states, as drawn. */
interface Stated {
  readonly total: number;
  readonly onAgent: readonly (readonly [number, number])[];
  readonly inRack: readonly (readonly [string, number])[];
}

/** The same as the reference has it. */
export const dataOf = (stated: Stated | null | undefined): NaiveData | undefined =>
  stated == null
    ? undefined
    : {
        total: stated.total,
        onAgent: new Map(stated.onAgent),
        inRack: new Map(stated.inRack),
      };

/** Replaces one element of a list. */
const at = <T>(list: readonly T[], index: number, edit: (one: T) => T): T[] =>
  list.map((one, row) => (row === index ? edit(one) : one));

/** Makes a change in the tables and in what is drawn. */
export function apply(
  tables: AllocationTables,
  state: State,
  one: Drawn["rounds"][number][number],
): State {
  const { agents, clients } = state.drawn;
  const agent = "agent" in one ? one.agent % agents.length : 0;
  const client = "client" in one ? one.client % clients.length : 0;
  const was = { agent: agents[agent], client: clients[client] };
  if (was.agent === undefined || was.client === undefined) return state;
  const withAgent = (edit: (old: (typeof agents)[number]) => (typeof agents)[number]): State => ({
    ...state,
    drawn: { ...state.drawn, agents: at(agents, agent, edit) },
  });
  const withClient = (
    edit: (old: (typeof clients)[number]) => (typeof clients)[number],
  ): State => ({
    ...state,
    drawn: { ...state.drawn, clients: at(clients, client, edit) },
  });
  if (one.what === "free") {
    tables.setAgentFree(agent, vector(...one.quantity));
    const total = one.quantity.map((n, kind) => n + (was.agent?.used[kind] as number));
    tables.setAgentTotal(agent, vector(...total));
    return withAgent((old) => ({ ...old, free: one.quantity }));
  }
  if (one.what === "filter") {
    const blocked = !was.agent.filteredBy.includes(client);
    tables.setFiltered(client, agent, blocked);
    return withAgent((old) => ({
      ...old,
      filteredBy: blocked
        ? [...old.filteredBy, client]
        : old.filteredBy.filter((other) => other !== client),
    }));
  }
  if (one.what === "fence") {
    tables.setAgentFlags(agent, AgentFlag.ACTIVE | (was.agent.fenced ? 0 : AgentFlag.GPU_FENCED));
    return withAgent((old) => ({ ...old, fenced: !old.fenced }));
  }
  if (one.what === "ready") {
    const flags = tables.clients.flags[client] as number;
    tables.setClientFlags(client, flags ^ ClientFlag.ACTIVE);
    return withClient((old) => ({ ...old, ready: !old.ready }));
  }
  if (one.what === "used") {
    tables.addUsed(client, vector(...was.client.used), -1);
    tables.addUsed(client, vector(...one.quantity), 1);
    return withClient((old) => ({ ...old, used: one.quantity }));
  }
  const stated = dataOf(one.data);
  stateData(tables, client, stated);
  return { ...state, data: at(state.data, client, () => stated) };
}
