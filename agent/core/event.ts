import type { AgentOrder } from "../../contract/agent-api.ts";
import type { ExecutorCall, ExecutorEvent } from "../../contract/executor-api.ts";
import type { ContainerId } from "../../contract/ids.ts";
import type { ExitStatus, Limitation, ProcessIdentity } from "../../contract/ports/isolator.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { CheckKind, CheckResult, VolumeChange } from "./state.ts";

/** Everything that can happen to an agent. The core learns of the world by these alone. */
export type AgentInput =
  | { readonly type: "link-up" }
  | { readonly type: "link-down" }
  /** The link was refused for good: there is no master for this agent. */
  | { readonly type: "link-refused"; readonly code: string; readonly message: string }
  | { readonly type: "order"; readonly order: AgentOrder }
  /** A container is ready and held at the barrier; nothing has run. */
  | {
      readonly type: "container-held";
      readonly containerId: ContainerId;
      readonly process?: ProcessIdentity;
    }
  /** An engine has started a container, or says after a restart that it had been started. */
  | {
      readonly type: "container-started";
      readonly containerId: ContainerId;
      readonly ipAddresses: readonly string[];
    }
  /** A container did not come to run, or its command could not be run. */
  | {
      readonly type: "container-failed";
      readonly containerId: ContainerId;
      readonly message: string;
    }
  /** A container has ended and nothing is left of it; `exit` is absent when nobody saw how. */
  | {
      readonly type: "container-exited";
      readonly containerId: ContainerId;
      readonly exit?: ExitStatus;
    }
  | {
      readonly type: "container-limit";
      readonly containerId: ContainerId;
      readonly limitation: Limitation;
    }
  /** The folder of a volume has been made, or removed. */
  | {
      readonly type: "volume-changed";
      readonly change: VolumeChange["change"];
      readonly volume: Resource;
    }
  /** A look at the task in a container was taken. */
  | {
      readonly type: "check-done";
      readonly containerId: ContainerId;
      readonly kind: CheckKind;
      readonly result: CheckResult;
    }
  /** After a restart: the container runs on. */
  | { readonly type: "container-adopted"; readonly containerId: ContainerId }
  /** After a restart: the agent died before this container ran anything. */
  | { readonly type: "container-never-ran"; readonly containerId: ContainerId }
  /** After a restart: the machine was started anew, so everything on it has ended (F3). */
  | {
      readonly type: "container-rebooted";
      readonly containerId: ContainerId;
      /** Present where it had ended before, and nobody looked. */
      readonly exit?: ExitStatus;
    }
  /** A call of the executor in this container, which has proved by its token that it is. */
  | {
      readonly type: "executor-call";
      readonly containerId: ContainerId;
      /** Which of its connections it came on; each has a number that was never used before. */
      readonly connection: number;
      readonly call: ExecutorCall;
    }
  /** This connection of the executor in a container has ended. */
  | {
      readonly type: "executor-gone";
      readonly containerId: ContainerId;
      readonly connection: number;
    }
  /** An event was for a connection that had ended by then: it never left. */
  | {
      readonly type: "executor-missed";
      readonly containerId: ContainerId;
      readonly event: ExecutorEvent;
    }
  /** The agent's process is about to end, and with it what does not outlive it (B42, F5). */
  | { readonly type: "stop" }
  /** The agent is to leave for good: everything is ended, then the process (B28, F5). */
  | { readonly type: "leave" }
  /** Time has passed: fire the timers that are due. */
  | { readonly type: "tick" };
