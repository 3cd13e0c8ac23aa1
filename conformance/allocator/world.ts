import type { RoleName } from "../../contract/ids.ts";
import type { Attribute } from "../../contract/schema/resource.ts";
import type { DecisionRows } from "../../kernel/allocation/policy.ts";
import { DecisionFlag } from "../../kernel/allocation/slots.ts";
import type { AttributeValue } from "../../kernel/core/tables/agents.ts";
import { AgentFlag, ClientFlag, ROOT_ROLE } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Random } from "../random.ts";
import { type Grant, moveReservation, returnGrant, takeGrant } from "./books.ts";
import { drawAmounts, drawClientFlags, drawLimit } from "./draw.ts";
import type { Features } from "./features.ts";
import { OfferBook, type OpenOffer } from "./offer-book.ts";

/** When the worlds begin, in ms since the epoch; between two rounds a second passes. */
export const START_MS = 1_700_000_000_000;

/** How large a world grows by itself. */
export interface WorldSize {
  readonly agents: number;
  readonly clients: number;
  readonly roles: number;
}

const SMALL: WorldSize = { agents: 24, clients: 12, roles: 10 };

/** A grant that may not be answered yet. */
type Held = Grant & OpenOffer;

/**
 * A cluster that lives at random, and from one seed always the same: agents, clients and roles come
 * and go, and whatever else its features allow. What is given is used for a while and comes back.
 */
export class World {
  readonly tables = new AllocationTables();
  readonly features: Features;
  /** Grants that nobody has answered. */
  readonly offers = new OfferBook<Held>();
  readonly #random: Random;
  readonly #size: WorldSize;
  readonly #agents: number[] = [];
  readonly #clients: number[] = [];
  readonly #roles: number[] = [];
  #grants: Held[] = [];
  #nowMs = START_MS;
  #names = 0;

  constructor(seed: number, features: Features, size: WorldSize = SMALL) {
    this.#random = new Random(seed);
    this.features = features;
    this.#size = size;
    if (features.kinds === true) for (const name of ["a", "b", "c", "d"]) this.tables.kindOf(name);
    if (features.minimums === true) this.#setDefaultMinimum();
    for (let n = 0; n < 3; n++) this.#addRole();
    for (let n = 0; n < 4; n++) this.#addClient();
    for (let n = 0; n < 8; n++) this.#addAgent();
  }

  /** Lets some things happen, as time does between two rounds. */
  live(): void {
    const random = this.#random;
    for (let changes = 1 + random.below(6); changes > 0; changes--) random.pick(this.#chances())();
    this.pass();
    this.#returnAll(() => random.chance(0.3));
    for (const grant of this.#grants) if (random.chance(0.2)) this.offers.remove(grant);
    if (random.chance(0.3)) this.tables.touchAll();
  }

  /** Lets a second pass in which nothing happens. */
  pass(): void {
    this.#nowMs += 1_000;
  }

  /** Adds so many agents, clients and roles at once, as far as the world may grow. */
  crowd(agents: number, clients: number, roles: number): void {
    for (let n = 0; n < roles; n++) this.#addRole();
    for (let n = 0; n < clients; n++) {
      this.#addClient();
      if (this.features.minimums === true) this.#setMinimum();
    }
    for (let n = 0; n < agents; n++) {
      this.#addAgent();
      if (this.features.hints === true) this.#hint();
      if (this.features.reservations === true) this.#reserve();
    }
  }

  /** Takes what verified rows give, gives back what they take, and drops their candidates. */
  take(rows: DecisionRows): void {
    const taken = this.offers.takenBy(rows);
    for (let row = 0; row < rows.count; row++) {
      if ((rows.flags[row] as number) === DecisionFlag.RECLAIM) continue;
      const grant = { ...takeGrant(this.tables, rows, row), sinceMs: this.#nowMs };
      this.#grants.push(grant);
      this.offers.add(grant);
    }
    this.tables.dropCandidates(rows.looked);
    // What comes back is looked at in the next round.
    this.#returnAll((grant) => taken.has(grant));
  }

  /** Everything that may happen, more likely things more often. */
  #chances(): (() => void)[] {
    const { features } = this;
    const own: [boolean | undefined, () => void][] = [
      [features.tree, () => this.#addRole()],
      [features.tree, () => this.#reweigh()],
      [features.filters, () => this.#filter(true)],
      [features.filters, () => this.#filter(true)],
      [features.filters, () => this.#filter(false)],
      [features.limits || features.guarantees, () => this.#setQuota()],
      [features.revocable, () => this.#setRevocable()],
      [features.reservations, () => this.#reserve()],
      [features.reservations, () => this.#reserve()],
      [features.minimums, () => this.#setMinimum()],
      [features.minimums, () => this.#setDefaultMinimum()],
      [features.standing || features.fences, () => this.#setAgentFlags()],
      [features.standing, () => this.#setClientFlags()],
      [features.hints, () => this.#hint()],
    ];
    return [
      () => this.#addAgent(),
      () => this.#addAgent(),
      () => this.#addClient(),
      () => this.#removeAgent(),
      () => this.#removeClient(),
      ...own.flatMap(([there, act]) => (there === true ? [act] : [])),
    ];
  }

  #addRole(): void {
    if (this.#roles.length >= this.#size.roles) return;
    const random = this.#random;
    const below = this.features.tree === true && random.chance(0.6) && this.#roles.length > 0;
    const parent = below ? random.pick(this.#roles) : ROOT_ROLE;
    const above = parent === ROOT_ROLE ? "" : `${this.tables.roles.names[parent]}/`;
    const path = `${above}${this.#names++}`;
    const row = this.tables.addRole(parent, path);
    if (row !== undefined) this.#roles.push(row);
  }

  #reweigh(): void {
    const weight = this.#random.pick([0.25, 0.5, 1, 2, 3, 10]);
    this.tables.setRoleWeight(this.#random.pick(this.#roles), weight);
  }

  #setQuota(): void {
    const { features } = this;
    const random = this.#random;
    const guarantee =
      features.guarantees === true && random.chance(0.6)
        ? drawAmounts(random, 30, features)
        : undefined;
    const limit =
      features.limits === true && random.chance(0.6) ? drawLimit(random, features) : undefined;
    this.tables.setRoleQuota(random.pick(this.#roles), guarantee, limit);
  }

  #addAgent(): void {
    if (this.#agents.length >= this.#size.agents) return;
    const row = this.tables.addAgent(AgentFlag.ACTIVE);
    if (row === undefined) return;
    this.#agents.push(row);
    const total = drawAmounts(this.#random, 32, this.features);
    this.tables.setAgentTotal(row, total);
    this.tables.setAgentFree(row, total);
    this.#describeAgent(row);
    this.#setAgentFlagsOf(row);
  }

  #removeAgent(): void {
    if (this.#agents.length < 3) return;
    const [row] = this.#agents.splice(this.#random.below(this.#agents.length), 1) as [number];
    this.#returnAll((grant) => grant.agent === row);
    this.tables.removeAgent(row);
  }

  #setAgentFlags(): void {
    this.#setAgentFlagsOf(this.#random.pick(this.#agents));
  }

  #setAgentFlagsOf(row: number): void {
    const { standing, fences } = this.features;
    const random = this.#random;
    let flags: number = AgentFlag.ACTIVE;
    if (standing === true && random.chance(0.2)) flags = 0;
    if (standing === true && random.chance(0.2)) flags |= AgentFlag.DRAINING;
    if (fences === true && random.chance(0.3)) flags |= AgentFlag.GPU_FENCED;
    if (fences === true && random.chance(0.3)) flags |= AgentFlag.REMOTE_REGION;
    this.tables.setAgentFlags(row, flags);
  }

  #setRevocable(): void {
    const revocable = drawAmounts(this.#random, 8, this.features);
    this.tables.setAgentRevocable(this.#random.pick(this.#agents), revocable);
  }

  #reserve(): void {
    const random = this.#random;
    moveReservation(this.tables, random, random.pick(this.#agents), random.pick(this.#roles));
  }

  #addClient(): void {
    if (this.#clients.length >= this.#size.clients) return;
    const { tables } = this;
    const n = this.#names++;
    const role = this.#random.pick(this.#roles);
    const row = tables.addClient({
      role,
      framework: n,
      submitOrder: n,
      flags: drawClientFlags(this.#random, this.features),
    });
    if (row === undefined) return;
    this.#clients.push(row);
    const path = (tables.roles.names[role] ?? "") as RoleName;
    tables.describeClient(row, {
      framework: { name: `f${n}`, user: "", roles: [path] },
      role: path,
    });
    if (this.features.hints === true) this.#hintOf(row);
  }

  #removeClient(): void {
    if (this.#clients.length < 2) return;
    const [row] = this.#clients.splice(this.#random.below(this.#clients.length), 1) as [number];
    this.#returnAll((grant) => grant.client === row);
    this.tables.removeClient(row);
  }

  #setClientFlags(): void {
    const random = this.#random;
    const row = random.pick(this.#clients);
    const standing = ClientFlag.ACTIVE | ClientFlag.SUPPRESSED;
    const kept = (this.tables.clients.flags[row] as number) & ~standing;
    const next = random.pick([ClientFlag.ACTIVE, ClientFlag.ACTIVE, standing, 0]);
    this.tables.setClientFlags(row, kept | next);
  }

  #filter(blocked: boolean): void {
    const random = this.#random;
    const client = random.pick(this.#clients);
    const agent = random.pick(this.#agents);
    for (const other of random.chance(0.2) ? this.#agents : [agent]) {
      this.tables.setFiltered(client, other, blocked);
    }
  }

  #setMinimum(): void {
    const random = this.#random;
    const alternatives = Array.from({ length: random.below(3) }, () =>
      drawAmounts(random, 12, this.features),
    );
    const own = random.chance(0.3) ? undefined : alternatives;
    this.tables.setMinAllocatable(random.pick(this.#clients), own);
  }

  #setDefaultMinimum(): void {
    const random = this.#random;
    this.tables.setDefaultMinAllocatable(
      Array.from({ length: random.below(3) }, () => drawAmounts(random, 4, this.features)),
    );
  }

  #hint(): void {
    const random = this.#random;
    if (random.chance(0.5)) this.#hintOf(random.pick(this.#clients));
    const agent = random.pick(this.#agents);
    if (random.chance(0.3)) this.tables.setUnavailability(agent, random.below(2) * 1e12);
    if (random.chance(0.5)) this.#describeAgent(agent);
  }

  /** Some of the attributes that agents have in real clusters. */
  #describeAgent(agent: number): void {
    const hostname = `agent-${agent}`;
    const values: AttributeValue[] = [{ name: "hostname", text: hostname }];
    const attributes: Attribute[] = [];
    for (const name of this.features.hints === true ? ["rack", "zone", "ssd", "speed"] : []) {
      const value = this.#random.below(5);
      if (value === 0) continue;
      const text = `${name}-${value}`;
      values.push(name === "speed" ? { name, number: value } : { name, text });
      attributes.push(name === "speed" ? { name, scalar: value } : { name, text });
    }
    this.tables.describeAgent(agent, { hostname, attributes }, values);
  }

  #hintOf(client: number): void {
    this.tables.setDemand(client, drawAmounts(this.#random, 60, this.features));
    this.tables.setPriority(client, this.#random.below(4));
  }

  #returnAll(which: (grant: Held) => boolean): void {
    this.#grants = this.#grants.filter((grant) => {
      if (!which(grant)) return true;
      this.offers.remove(grant);
      returnGrant(this.tables, grant);
      return false;
    });
  }
}
