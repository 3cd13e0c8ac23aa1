import type { AgentOrder } from "../../contract/agent-api.ts";
import type { FrameworkEvent } from "../../contract/framework-api.ts";
import { printResources } from "../../contract/resources/text.ts";
import type { Resources } from "../../contract/resources.ts";
import type { Offer } from "../../contract/schema/offer.ts";
import type { Sent } from "./recorder.ts";

/** Someone at the other end of a connection, by the name that a test gives it. */
export interface Party {
  id: string;
  peer: number | undefined;
}

/** The parties of a test. */
export interface Names {
  readonly frameworks: Map<string, Party & { info: Record<string, unknown> }>;
  readonly agents: Map<string, Party & { info: Record<string, unknown> }>;
  /** Whose connections were replaced by others. */
  readonly former: Map<number, string>;
}

/** Resources in a short form: the order and decimals of the text syntax, without the "*". */
export function brief(resources: Resources): string {
  return printResources(resources).replaceAll("(*)", "").replaceAll("; ", ";");
}

/** A message as a line of the transcript; pings are left out. New offers are put on the list. */
export function render(names: Names, sent: Sent, offers: Offer[]): string | undefined {
  const parties = [...names.frameworks, ...names.agents];
  // The latest party with that number: numbers are never used twice.
  const who =
    parties.find(([, { peer }]) => peer === sent.to)?.[0] ??
    names.former.get(sent.to) ??
    `#${sent.to}`;
  const nameOf = (id: string | undefined): string => {
    return parties.find(([, party]) => party.id === id)?.[0] ?? String(id);
  };
  if ("closed" in sent) return `${who} closed ${sent.closed}`;
  if ("order" in sent) {
    const agent = names.agents.get(who);
    if (sent.order.type === "registered" && agent !== undefined) agent.id = sent.order.agentId;
    const words = orderWords(sent.order, nameOf);
    return words === undefined ? undefined : `${who} < ${words}`;
  }
  const { event } = sent;
  if (event.type === "subscribed") {
    const party = names.frameworks.get(who);
    if (party !== undefined) party.id = event.frameworkId;
  }
  if (event.type === "offers") offers.push(...event.offers);
  return `${who} < ${eventWords(event, nameOf, offers)}`;
}

function eventWords(event: FrameworkEvent, nameOf: (id?: string) => string, offers: Offer[]) {
  switch (event.type) {
    case "offers":
      return `offers ${event.offers
        .map(({ agentId, resources }) => `${nameOf(agentId)}(${brief(resources)})`)
        .join(" ")}`;
    case "rescind": {
      const offer = offers.find(({ id }) => id === event.offerId);
      return `rescind ${nameOf(offer?.agentId)}`;
    }
    case "update": {
      const { taskId, state, reason, uuid, exitCode } = event.status;
      const exit = exitCode === undefined ? "" : `:${exitCode}`;
      const why = reason === undefined ? "" : ` ${reason.replace("REASON_", "")}`;
      const ack = uuid === undefined ? "" : " ack?";
      return `${taskId} ${state.replace("TASK_", "")}${exit}${why}${ack}`;
    }
    case "failure":
      return event.executorId === undefined
        ? `failure ${nameOf(event.agentId)}`
        : `failure ${nameOf(event.agentId)} ${event.executorId} ${event.status}`;
    case "error":
      return `error ${event.code}`;
    case "rejected":
      return `rejected ${event.call} ${event.problem.code}`;
    case "operation-update":
      return `operation ${event.status.operationId} ${event.status.state}`;
    case "inverse-offers":
      return ["inverse-offers", ...event.inverseOffers.map((each) => nameOf(each.agentId))].join(
        " ",
      );
    case "framework-updated":
      return `updated ${event.problem?.code ?? "ok"}`;
    case "message":
      return `message from ${nameOf(event.agentId)} ${event.executorId}`;
    default:
      return event.type;
  }
}

function orderWords(order: AgentOrder, nameOf: (id?: string) => string): string | undefined {
  switch (order.type) {
    case "ping":
      return order.connected ? undefined : "register again";
    case "launch": {
      const with_ = order.framework === undefined ? "" : " with framework";
      const { groupExecutor, tasks } = order;
      if (groupExecutor === undefined) {
        return `launch ${tasks.map(({ taskId }) => taskId).join(" ")}${with_}`;
      }
      // An executor in a task of a group would be a copy of the group's.
      const names = tasks.map((task) => `${task.taskId}${task.executor ? "+executor" : ""}`);
      return `launch ${groupExecutor.executorId}[${names.join(" ")}]${with_}`;
    }
    case "kill":
      return `kill ${order.taskId}`;
    case "acknowledge":
      return `ack ${order.taskId}`;
    case "shutdown":
      return `shutdown ${order.code}`;
    case "shutdown-framework":
      return `shutdown-framework ${nameOf(order.frameworkId)}`;
    case "shutdown-executor":
      return `shutdown-executor ${order.executorId}`;
    case "update-framework":
      return `update-framework ${nameOf(order.framework.id)}`;
    case "reregistered":
      return `reregistered${order.reconcile.map(({ taskId }) => ` ${taskId}?`).join("")}`;
    case "framework-message":
      return `message ${order.executorId}`;
    case "apply-operation":
      return `apply ${order.operation.type} ${brief(order.resources)}`;
    default:
      return order.type;
  }
}
