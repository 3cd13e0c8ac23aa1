import type { TepuiError } from "../../contract/errors.ts";
import type { Problem } from "../../contract/framework-api.ts";
import type { Effect } from "./effect.ts";
import type { PeerNumber } from "./event.ts";
import type { ClusterState, Framework } from "./state.ts";

/** What every step of a framework's call is given. */
export interface Call {
  readonly state: ClusterState;
  readonly framework: Framework;
  readonly nowMs: number;
  readonly out: Effect[];
}

/** A coded error as it is told to whoever asked. */
export function problemOf(error: TepuiError): Problem {
  const { code, status, message } = error;
  const problem: Problem = { code, status, message };
  if (error.where !== undefined) problem.where = error.where;
  if (error.hint !== undefined) problem.hint = error.hint;
  if (error.details !== undefined) problem.details = [...error.details];
  return problem;
}

/** Refuses one call; the subscription goes on. */
export function reject(peer: PeerNumber, call: string, error: TepuiError, out: Effect[]): void {
  const event = { type: "rejected", call, problem: problemOf(error) } as const;
  out.push({ type: "send-framework", to: peer, event });
}

/** Ends a subscription with an error, and the connection after it. */
export function refuseFramework(
  peer: PeerNumber,
  error: Pick<Problem, "code" | "message">,
  out: Effect[],
): void {
  const { code, message } = error;
  out.push({ type: "send-framework", to: peer, event: { type: "error", code, message } });
  out.push({ type: "close-peer", peer, code, message });
}

/** Closes a connection of an agent that has a newer one. */
export function replaceAgentPeer(peer: PeerNumber, out: Effect[]): void {
  const message = "the agent has registered on another connection";
  out.push({ type: "close-peer", peer, code: "AGENT_REPLACED", message });
}

/** Tells an agent to stop everything, and closes its connection. */
export function refuseAgent(peer: PeerNumber, error: TepuiError, out: Effect[]): void {
  const { code, message } = error;
  out.push({ type: "send-agent", to: peer, order: { type: "shutdown", code, message } });
  out.push({ type: "close-peer", peer, code, message });
}
