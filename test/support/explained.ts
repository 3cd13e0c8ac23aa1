import { InProcessMaster } from "../../bench/cluster/in-process.ts";
import type { AgentId, FrameworkId, RoleName, TaskId, UpdateId } from "../../contract/ids.ts";
import type { Finding } from "../../contract/operator/explain-methods.ts";
import type { OperatorResult } from "../../contract/operator-api.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import type { OperatorCommand } from "../../kernel/core/event.ts";
import {
  type Asked,
  builtInHeeds,
  explainAgent,
  explainFramework,
  explainRole,
  explainTask,
  type Heeds,
  type PolicyRef,
} from "../../kernel/core/explain.ts";
import { invariants } from "../../kernel/core/invariants.ts";
import type { ClusterOptions } from "../../kernel/core/options.ts";
import type { Agent, Framework } from "../../kernel/core/state.ts";
import { nextDeadlineMs } from "../../kernel/core/state.ts";
import { isRoundDue } from "../../kernel/core/step.ts";
import { resourcesOf } from "./lines.ts";

/** What a framework is in a test of explanations, beside its name. */
export type Described = Partial<Omit<FrameworkInfo, "name" | "roles">> & {
  readonly role?: string;
  readonly suppressed?: boolean;
  readonly rack?: string;
};

/**
 * A cluster by names, on the real core with the built-in DRF, to explain things and to see whether
 * what the explanation proposes helps.
 */
export class Explained {
  readonly master: InProcessMaster;
  /** What policies go by that only a test has. */
  readonly heeds = new Map<string, Heeds>();
  /** What the policy says of pairs. */
  explainPair: Asked["explainPair"];
  /** Who is said to decide now, unless the policy that is built in. */
  decider: Partial<PolicyRef> = {};
  readonly #rounds = new AllocationRounds(new PolicySupervisor(), () => 0);
  readonly #peers = new Map<string, number>();
  #tasks = 0;

  constructor(options: Partial<ClusterOptions> = {}) {
    this.master = new InProcessMaster({
      agentPingTimeoutMs: Number.MAX_SAFE_INTEGER,
      region: "here",
      ...options,
    });
  }

  framework(name: string, described: Described = {}): void {
    const { role = name, suppressed, rack, ...info } = described;
    const roles = role === "" ? [] : (role.split(",") as RoleName[]);
    const framework = { user: "nobody", failoverTimeoutMs: 60_000, ...info, name, roles };
    const value = rack ?? "";
    const attributeConstraints = [
      { selector: { attributeName: "rack" }, predicate: { textEquals: { value } } },
    ];
    const offerConstraints = { [role]: { groups: [{ attributeConstraints }] } };
    const peer = this.#peers.get(name) ?? this.#peers.size + 1_000;
    this.#peers.set(name, peer);
    this.master.step({
      type: "framework-call",
      peer,
      call: {
        type: "subscribe",
        framework,
        ...(suppressed === true ? { suppressedRoles: roles } : {}),
        ...(rack === undefined ? {} : { offerConstraints }),
      },
    });
    this.settle();
  }

  agent(hostname: string, resources: string, more: Partial<AgentInfo> = {}): void {
    const list = [...resourcesOf(resources), ...(more.resources ?? [])];
    this.master.register({ hostname, ip: "10.0.0.1", port: 0, ...more, resources: list });
    this.settle();
  }

  /** Runs every round that is due. */
  settle(): void {
    while (isRoundDue(this.master.state)) this.master.round(this.#rounds);
    invariants(this.master.state);
  }

  /** Lets time pass with all that falls due. */
  wait(ms: number): void {
    const untilMs = this.master.nowMs + ms;
    for (;;) {
      const next = nextDeadlineMs(this.master.state);
      if (next === undefined || next > untilMs) break;
      this.master.nowMs = Math.max(this.master.nowMs, next);
      this.master.step({ type: "tick" });
      this.settle();
    }
    this.master.nowMs = untilMs;
  }

  call(name: string, type: "revive" | "suppress"): void {
    this.master.call(this.#peers.get(name) as number, { type });
    this.settle();
  }

  leave(name: string): void {
    this.master.step({ type: "framework-closed", peer: this.#peers.get(name) as number });
    this.settle();
  }

  agentLeaves(hostname: string): void {
    const { peer } = this.agentOf(hostname);
    this.master.step({ type: "agent-closed", peer: peer as number });
    this.settle();
  }

  operate(command: OperatorCommand): void {
    this.master.step({ type: "operator", token: 1, command });
    this.settle();
  }

  /** Declines what a framework is offered, of one agent or of all. */
  decline(name: string, refuseMs: number, hostname?: string): void {
    for (const { id, agent } of [...this.frameworkOf(name).offers]) {
      if (hostname !== undefined && agent.info.hostname !== hostname) continue;
      const call = { type: "decline" as const, offerIds: [id], filters: { refuseMs } };
      this.master.call(this.#peers.get(name) as number, call);
    }
    this.settle();
  }

  /** Launches a task on what is offered of an agent, and gives the rest back; its id. */
  launch(name: string, hostname: string, resources: string, refuseMs = 0): TaskId {
    const offer = [...this.frameworkOf(name).offers].find(
      ({ agent }) => agent.info.hostname === hostname,
    );
    if (offer === undefined) throw new Error(`${name} has no offer of ${hostname}`);
    const taskId = `t${this.#tasks++}` as TaskId;
    const task = {
      name: taskId,
      taskId,
      agentId: offer.agent.id,
      resources: resourcesOf(resources),
      command: { value: "true" },
    };
    const operations = [{ type: "LAUNCH" as const, tasks: [task] }];
    const call = { type: "accept" as const, offerIds: [offer.id], operations };
    this.master.call(this.#peers.get(name) as number, { ...call, filters: { refuseMs } });
    this.settle();
    return taskId;
  }

  /** The agent of a task reports a state. */
  update(name: string, taskId: TaskId, state: "TASK_RUNNING" | "TASK_FINISHED" | "TASK_FAILED") {
    const framework = this.frameworkOf(name);
    const agentId = framework.tasks.get(taskId)?.agentId as AgentId;
    const uuid = String(this.#tasks++).padStart(32, "0") as UpdateId;
    const timestampMs = this.master.nowMs;
    const status = { taskId, agentId, state, uuid, timestampMs, message: "as told" };
    const message = {
      type: "update" as const,
      frameworkId: framework.id,
      status,
      latestState: state,
    };
    const peer = this.master.state.agents.get(agentId)?.peer as number;
    this.master.step({ type: "agent-message", peer, message });
    this.settle();
  }

  frameworkOf(name: string): Framework {
    const found = [...this.master.state.frameworks.values()].find(({ info }) => info.name === name);
    if (found === undefined) throw new Error(`there is no framework ${name}`);
    return found;
  }

  agentOf(hostname: string): Agent {
    const agents = [...this.master.state.agents.values()];
    const found = agents.find(({ info }) => info.hostname === hostname);
    if (found === undefined) throw new Error(`there is no agent ${hostname}`);
    return found;
  }

  /** Hostnames of the agents that a framework is offered. */
  offered(name: string): string[] {
    return [...this.frameworkOf(name).offers].map(({ agent }) => agent.info.hostname).sort();
  }

  asked(): Asked {
    const { policy } = this.master.state.allocation;
    const heedsOf = ({ name }: PolicyRef): Heeds => this.heeds.get(name) ?? builtInHeeds;
    const { nowMs } = this.master;
    const own = this.explainPair === undefined ? {} : { explainPair: this.explainPair };
    return { nowMs, policy: { ...policy, ...this.decider }, heedsOf, ...own };
  }

  explain(name: string, role?: string): OperatorResult<"explain-framework"> {
    const params = { framework: name, ...(role === undefined ? {} : { role: role as RoleName }) };
    return explainFramework(this.master.state, params, this.asked());
  }

  explainAgent(agent: string): OperatorResult<"explain-agent"> {
    return explainAgent(this.master.state, { agent }, this.asked());
  }

  explainRole(role: string): OperatorResult<"explain-role"> {
    return explainRole(this.master.state, { role: role as RoleName }, this.asked());
  }

  explainTask(task: string, of?: string): OperatorResult<"explain-task"> {
    const frameworkId = of === undefined ? {} : { frameworkId: of as FrameworkId };
    return explainTask(this.master.state, { task, ...frameworkId }, this.asked());
  }

  /** What is said of a framework and one agent, with what keeps the framework everywhere. */
  why(name: string, hostname: string): Finding {
    const [standing] = this.explain(name).roles;
    const found = standing?.agents.find(({ examples }) =>
      examples.some((example) => example.hostname === hostname),
    );
    if (found === undefined) throw new Error(`nothing is said of ${name} and ${hostname}`);
    return found;
  }

  /** Codes of what keeps a framework from every agent. */
  blocked(name: string): Finding[] {
    const { blocked, roles } = this.explain(name);
    return [...blocked, ...roles.flatMap((role) => role.blocked)];
  }
}

/** The command that sets a role's quota, in thousandths of cpus; an empty one removes it. */
export function quota(
  role: string,
  limits: { limit?: number; guarantee?: number },
): OperatorCommand {
  const { limit, guarantee } = limits;
  const quotas = [
    {
      role: role as RoleName,
      ...(limit === undefined ? {} : { limit: { cpus: limit, mem: 1 } }),
      ...(guarantee === undefined ? {} : { guarantee: { cpus: guarantee } }),
    },
  ];
  return { method: "update-quota", params: { quotas, force: true } };
}
