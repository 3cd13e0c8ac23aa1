import { limits } from "../../contract/limits.ts";
import type { Quantities } from "../../contract/resources.ts";
import type { Domain } from "../../contract/schema/agent.ts";
import { type ClusterOptions, defaultOptions } from "../../kernel/core/options.ts";

/** Attributes that a task asks for, by name, as texts. */
export type WantedAttributes = Readonly<Record<string, string>>;

/** What an agent states of itself: a text, or a number in thousandths. */
export type WorkloadAttribute =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly scalar: number };

/** What a framework states of itself; a key may be there several times. */
export interface WorkloadLabel {
  readonly key: string;
  readonly value: string;
}

/** Capabilities without which agents are not offered. */
export const workloadCapabilities = ["GPU_RESOURCES", "REGION_AWARE"] as const;
/** See `workloadCapabilities`. */
export type WorkloadCapability = (typeof workloadCapabilities)[number];

/** Settings of the master that decisions depend on. */
export type WorkloadOptions = Pick<
  ClusterOptions,
  | "allocationIntervalMs"
  | "offerTimeoutMs"
  | "freedResourcesDelayMs"
  | "backOffCyclesMax"
  | "filterGpuResources"
  | "minAllocatable"
  | "region"
>;

/** Agents of one kind, which are there from some time on, perhaps until some other. */
export interface WorkloadAgents {
  readonly name: string;
  readonly count: number;
  /** Thousandths by scalar. */
  readonly resources: Quantities;
  readonly attributes: readonly WorkloadAttribute[];
  readonly domain: Domain | undefined;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/** A role with what an operator set for it. */
export interface WorkloadRole {
  readonly name: string;
  readonly weight: number;
  readonly guarantee: Quantities | undefined;
  readonly limit: Quantities | undefined;
}

/** A framework, and how it behaves. */
export interface WorkloadFramework {
  /** What jobs call it. */
  readonly name: string;
  /** What it is called where it subscribes, and whose it is: policies may go by it. */
  readonly subscribedName: string;
  readonly user: string;
  readonly principal: string | undefined;
  readonly role: string;
  /** How long it refuses what it has no use for. */
  readonly refuseMs: number;
  /** With nothing to run: asks for no offers, as it should, or declines them one by one. */
  readonly idle: "suppress" | "decline";
  /** What it states for policies that go by it: the higher the sooner, and all that it wants. */
  readonly priority: number | undefined;
  readonly demand: Quantities | undefined;
  readonly labels: readonly WorkloadLabel[];
  /** It has `GPU_RESOURCES`, too, when its jobs name gpus. */
  readonly capabilities: readonly WorkloadCapability[];
  /** The least that it is offered, any of these; `undefined` for what the master has. */
  readonly minAllocatable: readonly Quantities[] | undefined;
  readonly fromMs: number;
  readonly untilMs: number | undefined;
}

/** Tasks that arrive together and are alike. */
export interface WorkloadJob {
  readonly framework: string;
  readonly arrivalMs: number;
  readonly tasks: number;
  readonly durationMs: number;
  /** Of each task, in thousandths by scalar. */
  readonly resources: Quantities;
  /** What an agent must have. */
  readonly attributes: WantedAttributes;
}

/** What a cluster is made of and what it has to do. Times count from the beginning. */
export interface Workload {
  readonly options: WorkloadOptions;
  readonly agents: readonly WorkloadAgents[];
  readonly roles: readonly WorkloadRole[];
  readonly frameworks: readonly WorkloadFramework[];
  readonly jobs: readonly WorkloadJob[];
}

/** How large a workload may be; agents and roles are bounded as they are in a master. */
export const workloadLimits = {
  agents: limits.agentsMax,
  roles: limits.rolesMax,
  frameworks: limits.clientsMax,
  tasks: 2_000_000,
} as const;

/** What holds where a workload says nothing. */
export const workloadDefaults = {
  refuseMs: 5_000,
  idle: "suppress",
  role: "*",
  user: "simulated",
} as const;

/** A master that nobody configured. */
export const optionDefaults: WorkloadOptions = optionsIn(defaultOptions);

/** What workloads have of a master's settings. */
export function optionsIn(options: WorkloadOptions): WorkloadOptions {
  const { allocationIntervalMs, offerTimeoutMs, freedResourcesDelayMs } = options;
  const { backOffCyclesMax, filterGpuResources, minAllocatable, region } = options;
  const times = { allocationIntervalMs, offerTimeoutMs, freedResourcesDelayMs };
  return { ...times, backOffCyclesMax, filterGpuResources, minAllocatable, region };
}

/** A framework of which nothing is said but this. */
export function plainFramework(name: string, role: string): WorkloadFramework {
  const { refuseMs, idle, user } = workloadDefaults;
  const stated = { priority: undefined, demand: undefined, labels: [], capabilities: [] };
  return {
    name,
    subscribedName: name,
    user,
    principal: undefined,
    role,
    refuseMs,
    idle,
    ...stated,
    minAllocatable: undefined,
    fromMs: 0,
    untilMs: undefined,
  };
}
