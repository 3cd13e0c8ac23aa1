import type { RoleName, TaskId } from "../../contract/ids.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { TaskInfo } from "../../contract/schema/task.ts";
import type { AdmittedPolicy } from "../../kernel/allocation/admission.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { isRoundDue } from "../../kernel/core/step.ts";
import { KINDS } from "../../kernel/core/tables/shape.ts";
import { InProcessMaster } from "../cluster/in-process.ts";

/** Frameworks of one kind: how many, and what each of them runs. */
interface Group {
  readonly name: string;
  readonly frameworks: number;
  /** Whether all share one role; else each has one of its own. */
  readonly together: boolean;
  /**
   * Tasks of each framework, what each of these takes in thousandths, and how many fit an offer.
   */
  readonly tasks: number;
  readonly cpus: number;
  readonly mem: number;
  readonly perOffer: number;
}

/** Few large frameworks, many small ones in one role, and some in between. */
export const GROUPS: readonly Group[] = [
  {
    name: "large",
    frameworks: 4,
    together: false,
    tasks: 4_000,
    cpus: 70,
    mem: 400_000,
    perOffer: 100,
  },
  {
    name: "small",
    frameworks: 500,
    together: true,
    tasks: 5,
    cpus: 100,
    mem: 4_000_000,
    perOffer: 1,
  },
  {
    name: "middle",
    frameworks: 50,
    together: false,
    tasks: 20,
    cpus: 1_000,
    mem: 1_000_000,
    perOffer: 5,
  },
];

const AGENTS = 80;
const AGENT = { cpus: 64_000, mem: 488_000_000 };

/** A framework that launches what it has, and gives everything else back at once. */
export interface Worker {
  readonly group: Group;
  readonly role: RoleName;
  readonly peer: number;
  left: number;
}

/** How a run differs from the usual one. */
export interface WorkloadOptions {
  readonly params?: readonly number[];
  /** 0 switches the rule against hoarding off. */
  readonly backOffCyclesMax?: number;
  /** Frameworks suppress offers once they have nothing left: what the rule is measured against. */
  readonly polite?: boolean;
}

/**
 * The workload of the issue about hoarding, on the real core with a real policy: tasks never end,
 * and frameworks with nothing left to run decline everything without a filter.
 */
export class HoardingWorkload {
  readonly master: InProcessMaster;
  readonly workers: Worker[] = [];
  readonly supervisor = new PolicySupervisor();
  /** Calls into the policy so far, and turns of the batch timer. */
  rounds = 0;
  batches = 0;
  placed = 0;
  readonly tasks = GROUPS.reduce((sum, { frameworks, tasks }) => sum + frameworks * tasks, 0);
  readonly #rounds = new AllocationRounds(this.supervisor, () => 0);
  readonly #byPeer = new Map<number, Worker>();
  readonly #polite: boolean;

  constructor(policy: AdmittedPolicy, options: WorkloadOptions = {}) {
    const { backOffCyclesMax, params = [], polite = false } = options;
    this.#polite = polite;
    this.master = new InProcessMaster({
      // Nobody here answers pings.
      agentPingTimeoutMs: Number.MAX_SAFE_INTEGER,
      ...(backOffCyclesMax === undefined ? {} : { backOffCyclesMax }),
    });
    for (const group of GROUPS) {
      for (let number = 0; number < group.frameworks; number++) {
        const name = `${group.name}-${number}`;
        const role = (group.together ? group.name : name) as RoleName;
        const peer = this.master.subscribe({ name, user: "nobody", roles: [role] });
        const worker = { group, role, peer, left: group.tasks };
        this.workers.push(worker);
        this.#byPeer.set(peer, worker);
      }
    }
    for (let number = 0; number < AGENTS; number++) {
      const { cpus, mem } = AGENT;
      const resources = [
        { name: "cpus", scalar: cpus },
        { name: "mem", scalar: mem },
      ];
      this.master.register({ hostname: `a${number}`, ip: "127.0.0.1", port: 0, resources });
    }
    const spec = { policy, options: { deadlineMs: 60_000, params } };
    this.supervisor.promote(spec, this.master.state.tables, 0);
  }

  /** One turn of the batch timer: the rounds that are due, then everybody answers. */
  batch(): void {
    const { master } = this;
    this.batches += 1;
    master.nowMs += 1_000;
    master.step({ type: "tick" });
    while (isRoundDue(master.state)) {
      master.round(this.#rounds);
      this.rounds += 1;
    }
    for (const { wire, framework } of [...master.state.offers.values()]) {
      this.#answer(this.#byPeer.get(framework.peer as number) as Worker, wire);
    }
  }

  /** Runs until all tasks are placed, or nothing was for `patience` rounds. True for the former. */
  run(roundsMax: number, patience = roundsMax): boolean {
    let placed = this.placed;
    let since = this.rounds;
    while (this.placed < this.tasks && this.rounds < roundsMax) {
      this.batch();
      if (this.placed > placed) {
        placed = this.placed;
        since = this.rounds;
      } else if (this.rounds - since >= patience) return false;
    }
    return this.placed === this.tasks;
  }

  /** Dominant shares by role, of the roles in which somebody has tasks left. */
  sharesOfThoseWithWork(): Map<RoleName, number> {
    const { tables, roles } = this.master.state;
    const shares = new Map<RoleName, number>();
    for (const { role: name, left } of this.workers) {
      if (left === 0 || shares.has(name)) continue;
      const row = roles.get(name)?.row ?? 0;
      let share = 0;
      for (let kind = 0; kind < 2; kind++) {
        const used = tables.roles.used[row * KINDS + kind] as number;
        share = Math.max(share, used / (tables.clusterTotal[kind] as number));
      }
      shares.set(name, share);
    }
    return shares;
  }

  #answer(worker: Worker, offer: Offer): void {
    const { group, peer } = worker;
    const count = Math.min(worker.left, group.perOffer, fitting(offer, group));
    const filters = { refuseMs: 0 };
    const offerIds = [offer.id];
    if (count === 0) {
      this.master.call(peer, { type: "decline", offerIds, filters });
      if (this.#polite && worker.left === 0) this.master.call(peer, { type: "suppress" });
      return;
    }
    const tasks = Array.from({ length: count }, (_, at): TaskInfo => {
      const taskId = `${group.name}-${peer}-${worker.left - at}` as TaskId;
      const resources = [
        { name: "cpus", scalar: group.cpus },
        { name: "mem", scalar: group.mem },
      ];
      const command = { value: "true" };
      return { name: taskId, taskId, agentId: offer.agentId, resources, command };
    });
    worker.left -= count;
    this.placed += count;
    const operations = [{ type: "LAUNCH" as const, tasks }];
    this.master.call(peer, { type: "accept", offerIds, operations, filters });
  }
}

/** How many tasks of a group fit into an offer. */
function fitting(offer: Offer, group: Group): number {
  const of = (name: string): number =>
    offer.resources.find((resource) => resource.name === name)?.scalar ?? 0;
  return Math.floor(Math.min(of("cpus") / group.cpus, of("mem") / group.mem));
}
