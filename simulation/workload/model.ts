import { limits } from "../../contract/limits.ts";
import type { Quantities } from "../../contract/resources.ts";

/** Attributes by name. */
export type Attributes = Readonly<Record<string, string>>;

/** Agents of one kind, which are there from some time on, perhaps until some other. */
export interface WorkloadAgents {
  readonly name: string;
  readonly count: number;
  /** Thousandths by scalar. */
  readonly resources: Quantities;
  readonly attributes: Attributes;
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
  readonly name: string;
  readonly role: string;
  /** How long it refuses what it has no use for. */
  readonly refuseMs: number;
  /** With nothing to run: asks for no offers, as it should, or declines them one by one. */
  readonly idle: "suppress" | "decline";
  /** What it states for policies that go by it: the higher the sooner, and all that it wants. */
  readonly priority: number | undefined;
  readonly demand: Quantities | undefined;
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
  readonly attributes: Attributes;
}

/** What a cluster is made of and what it has to do. Times count from the beginning. */
export interface Workload {
  readonly allocationIntervalMs: number;
  /** `undefined` for offers that nobody takes back. */
  readonly offerTimeoutMs: number | undefined;
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
  allocationIntervalMs: 1_000,
  refuseMs: 5_000,
  idle: "suppress",
  role: "*",
} as const;
