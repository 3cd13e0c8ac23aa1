import type { AgentMessage } from "../../contract/agent-api.ts";
import type { ExecutorEvent } from "../../contract/executor-api.ts";
import type { ContainerId } from "../../contract/ids.ts";
import type { CheckInfo, HealthCheck } from "../../contract/schema/command.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { CheckKind, ContainerPlan } from "./state.ts";

/**
 * Everything that the core can do to the world. Checkpoints of a turn are durable before any other
 * effect of that turn happens: what is to run before it runs, an update before it is sent, an
 * acknowledgement before the next update is sent.
 */
export type Effect =
  /** Dropped without a word when there is no master; what matters is sent again. */
  | { readonly type: "send-master"; readonly message: AgentMessage }
  /** The value is written as it is when the turn ends; `undefined` deletes. */
  | { readonly type: "checkpoint"; readonly key: string; readonly value: unknown }
  | { readonly type: "start-container"; readonly plan: ContainerPlan }
  /** Lets a held container run. */
  | { readonly type: "release-container"; readonly containerId: ContainerId }
  /** Gives a container other resources than it was started with. */
  | {
      readonly type: "update-container";
      readonly containerId: ContainerId;
      readonly resources: readonly Resource[];
    }
  /** SIGTERM asks every process inside to end, SIGKILL leaves none. */
  | {
      readonly type: "kill-container";
      readonly containerId: ContainerId;
      readonly signal: "SIGTERM" | "SIGKILL";
    }
  /** The end of a container is in the checkpoint: what was kept to tell of it can go. */
  | { readonly type: "forget-container"; readonly plan: ContainerPlan }
  | {
      readonly type: "send-executor";
      readonly containerId: ContainerId;
      /** The only one of its connections that the event may go to. */
      readonly connection: number;
      readonly event: ExecutorEvent;
    }
  /** Ends a connection of an executor, which subscribes anew then, with all that it has to say. */
  | {
      readonly type: "cut-executor";
      readonly containerId: ContainerId;
      readonly connection: number;
    }
  /** Looks at the task in a container; `check-done` follows. No timeout is 0. */
  | {
      readonly type: "run-check";
      readonly containerId: ContainerId;
      readonly kind: CheckKind;
      readonly check: HealthCheck | CheckInfo;
      readonly timeoutMs: number;
    }
  /** A persistent volume comes into being, or goes with all that is in it (E12). */
  | { readonly type: "make-volume" | "remove-volume"; readonly volume: Resource }
  /** The agent must not go on; its process ends with this reason. */
  | { readonly type: "shutdown-process"; readonly code: string; readonly message: string };
