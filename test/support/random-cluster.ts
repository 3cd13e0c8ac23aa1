import { InProcessMaster } from "../../bench/cluster/in-process.ts";
import type { Random } from "../../conformance/random.ts";
import type { AgentId, FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import { fromScalars, type Resource } from "../../contract/resources.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import type { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { invariants } from "../../kernel/core/invariants.ts";
import type { ClusterOptions } from "../../kernel/core/options.ts";
import { nextDeadlineMs } from "../../kernel/core/state.ts";
import { isRoundDue } from "../../kernel/core/step.ts";

const ROLES = ["a", "a/b", "a/c", "d", "e"] as RoleName[];
const CAPABILITIES = ["GPU_RESOURCES", "REGION_AWARE", "REVOCABLE_RESOURCES"] as const;

/**
 * A small cluster with a bit of everything that can keep a framework from an agent, on the real
 * core with a real policy: roles in a tree, weights, quotas, minima, capabilities, constraints,
 * reservations, shared volumes, refusals, suppression, agents out of service, tasks.
 */
export class RandomCluster {
  readonly master: InProcessMaster;
  readonly frameworks: { readonly peer: number; readonly roles: RoleName[] }[] = [];
  readonly agents: { readonly peer: number; closed: boolean }[] = [];
  readonly #random: Random;
  readonly #rounds: AllocationRounds;
  #tasks = 0;

  constructor(random: Random, supervisor: PolicySupervisor, options: Partial<ClusterOptions>) {
    this.#random = random;
    this.#rounds = new AllocationRounds(supervisor, () => 0);
    this.master = new InProcessMaster({
      region: "here",
      agentPingTimeoutMs: Number.MAX_SAFE_INTEGER,
      agentReregisterTimeoutMs: 1_000_000_000,
      ...options,
    });
    const count = 2 + random.below(5);
    for (let number = 0; number < count; number++) this.#addFramework(number);
    for (let number = 0; number < 2 + random.below(5); number++) this.#addAgent(number);
    this.settle();
    this.#settings();
  }

  #addFramework(number: number): void {
    const random = this.#random;
    const roles = ROLES.filter(() => random.chance(0.3));
    if (roles.length === 0) roles.push(random.pick(ROLES));
    const capabilities: NonNullable<FrameworkInfo["capabilities"]> = ["MULTI_ROLE"];
    for (const each of CAPABILITIES) if (random.chance(0.4)) capabilities.push(each);
    if (number % 3 !== 2) capabilities.push("SHARED_RESOURCES");
    const [role] = roles as [RoleName];
    const framework: FrameworkInfo = { name: `f${number}`, user: "nobody", roles, capabilities };
    framework.failoverTimeoutMs = 1_000_000_000;
    if (random.chance(0.3)) {
      framework.offerFilters = {
        [role]: { minAllocatable: [{ cpus: 1_000 * (1 + random.below(4)) }] },
      };
    }
    if (number % 3 === 1) framework.priority = number - 2;
    if (number % 3 === 2) framework.demand = { [role]: { cpus: 2_000 * number } };
    const peer = 1_000 + number;
    this.master.step({
      type: "framework-call",
      peer,
      call: {
        type: "subscribe",
        framework,
        ...(random.chance(0.2) ? { suppressedRoles: [role] } : {}),
        ...(random.chance(0.3)
          ? {
              offerConstraints: {
                [role]: {
                  groups: [
                    {
                      attributeConstraints: [
                        {
                          selector: { attributeName: "rack" },
                          predicate: { textEquals: { value: "r0" } },
                        },
                      ],
                    },
                  ],
                },
              },
            }
          : {}),
      },
    });
    this.frameworks.push({ peer, roles });
  }

  #addAgent(number: number): void {
    const random = this.#random;
    const resources: Resource[] = [
      ...fromScalars({
        cpus: random.pick([0.005, 1, 2, 4, 8]),
        mem: random.pick([16, 64, 1_024]),
        ...(random.chance(0.2) ? { gpus: 1 } : {}),
      }),
    ];
    if (random.chance(0.3)) {
      const reservations = [{ type: "static", role: random.pick(ROLES) } as const];
      resources.push({ name: "cpus", scalar: 2_000, reservations });
    }
    if (random.chance(0.2)) resources.push({ name: "cpus", scalar: 1_000, revocable: true });
    if (number % 3 === 1) {
      resources.push({
        name: "disk",
        scalar: 64_000,
        reservations: [{ type: "static", role: ROLES[number % ROLES.length] as RoleName }],
        disk: { persistence: { id: "v" }, volume: { containerPath: "v", mode: "RW" } },
        shared: true,
      });
    }
    const peer = this.master.register({
      hostname: `host${number}`,
      ip: `10.0.0.${number}`,
      port: 0,
      resources: random.chance(0.1) ? resources.slice(-1) : resources,
      attributes: [{ name: "rack", text: `r${random.below(2)}` }],
      domain: { region: random.chance(0.2) ? "there" : "here", zone: "z" },
    });
    this.agents.push({ peer, closed: false });
  }

  /** Weights, quotas, and agents out of service. */
  #settings(): void {
    const random = this.#random;
    const { master } = this;
    const weights = [{ role: random.pick(ROLES), weight: random.pick([0.5, 2, 3]) }];
    master.step({
      type: "operator",
      token: 1,
      command: { method: "update-weights", params: { weights } },
    });
    const quotas = (["a", "d", "e"] as RoleName[]).flatMap((role) => {
      const guarantee = random.chance(0.3) ? { cpus: 1_000 * (1 + random.below(6)) } : {};
      const limit = random.chance(0.4) ? { cpus: 1_000 * (6 + random.below(4)), mem: 100_000 } : {};
      return random.chance(0.5) ? [{ role, guarantee, limit }] : [];
    });
    master.step({
      type: "operator",
      token: 2,
      command: { method: "update-quota", params: { quotas, force: true } },
    });
    for (const { id } of master.state.agents.values()) {
      if (!random.chance(0.1)) continue;
      const method = random.pick(["deactivate-agent", "drain-agent"] as const);
      master.step({ type: "operator", token: 3, command: { method, params: { agentId: id } } });
    }
  }

  /** Runs every round that is due. */
  settle(): void {
    while (isRoundDue(this.master.state)) this.master.round(this.#rounds);
  }

  /** Lets time pass, with every deadline and every round on the way. */
  wait(ms: number): void {
    const { master } = this;
    const untilMs = master.nowMs + ms;
    for (;;) {
      const next = nextDeadlineMs(master.state);
      if (next === undefined || next > untilMs) break;
      master.nowMs = Math.max(master.nowMs, next);
      master.step({ type: "tick" });
      this.settle();
    }
    master.nowMs = untilMs;
  }

  /** Takes every offer back and shares anew, as a change of weights does (E7). */
  shareAnew(): void {
    const known = this.master.state.registry.weights;
    const weights = this.frameworks.flatMap(({ roles }) =>
      roles.map((role) => ({ role, weight: known.get(role) ?? 1 })),
    );
    const command = { method: "update-weights", params: { weights } } as const;
    this.master.step({ type: "operator", token: 4, command });
    const { number } = this.master.state.rounds;
    for (let batch = 0; batch < 100 && this.master.state.rounds.number === number; batch++) {
      this.master.nowMs = Math.max(this.master.nowMs, nextDeadlineMs(this.master.state) ?? 0);
      this.master.step({ type: "tick" });
      this.settle();
    }
  }

  /** Something happens. */
  act(): void {
    const random = this.#random;
    const roll = random.below(100);
    if (roll < 55) this.#answer();
    else if (roll < 75) this.wait(random.pick([100, 1_000, 6_000]));
    else if (roll < 85) this.#endTask();
    else if (roll < 90) this.#call(random.pick(["suppress", "revive"] as const));
    else if (roll < 93) this.#closeAgent();
    else this.wait(1_000);
    this.settle();
    invariants(this.master.state);
  }

  #answer(): void {
    const random = this.#random;
    const { master } = this;
    const offers = [...master.state.offers.values()];
    if (offers.length === 0) return;
    const { wire, framework } = random.pick(offers);
    const peer = framework.peer as number;
    const filters = { refuseMs: random.pick([0, 0, 2_000, 60_000, 3_600_000]) };
    const cpus = wire.resources.find(({ name, reservations, revocable }) => {
      return name === "cpus" && !reservations && !revocable;
    })?.scalar;
    if (random.chance(0.5) || cpus === undefined || cpus < 100) {
      master.call(peer, { type: "decline", offerIds: [wire.id], filters });
      return;
    }
    const volumes = wire.resources.filter(({ shared }) => shared === true);
    const share = Math.ceil(cpus * random.pick([0.2, 0.6, 1]));
    const resources = [{ name: "cpus", scalar: share }, ...volumes];
    const taskId = `t${this.#tasks++}` as TaskId;
    const command = { value: "true" };
    const task = { name: taskId, taskId, agentId: wire.agentId, resources, command };
    const operations = [{ type: "LAUNCH" as const, tasks: [task] }];
    master.call(peer, { type: "accept", offerIds: [wire.id], operations, filters });
  }

  #endTask(): void {
    const { master } = this;
    const tasks = [...master.state.agents.values()].flatMap((agent) => [...agent.tasks]);
    if (tasks.length > 0) this.endTask(this.#random.pick(tasks));
  }

  /** A task is reported as finished. */
  endTask(task: { id: TaskId; agentId: AgentId; framework: { id: FrameworkId } }): void {
    const peer = this.master.state.agents.get(task.agentId)?.peer;
    if (peer === undefined) return;
    const status = {
      taskId: task.id,
      agentId: task.agentId,
      state: "TASK_FINISHED",
      uuid: "0".repeat(32) as UpdateId,
    } as const;
    this.master.step({
      type: "agent-message",
      peer,
      message: {
        type: "update",
        frameworkId: task.framework.id,
        status,
        latestState: "TASK_FINISHED",
      },
    });
  }

  #call(type: "suppress" | "revive"): void {
    this.master.call(this.#random.pick(this.frameworks).peer, { type });
  }

  #closeAgent(): void {
    const agent = this.#random.pick(this.agents);
    if (agent.closed || this.#random.chance(0.5)) return;
    agent.closed = true;
    this.master.step({ type: "agent-closed", peer: agent.peer });
  }
}
