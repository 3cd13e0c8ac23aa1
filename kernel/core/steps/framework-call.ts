import { errors } from "../../../contract/errors.ts";
import type { FrameworkCall } from "../../../contract/framework-api.ts";
import { unreachable } from "../assert.ts";
import { type Call, reject } from "../calls.ts";
import type { Effect } from "../effect.ts";
import type { InputOf } from "../event.ts";
import { stepInverseAnswer } from "../inverse-offers.ts";
import type { ClusterState } from "../state.ts";
import { tallyCall } from "../tallies.ts";
import { stepAccept } from "./accept.ts";
import { stepAcknowledge } from "./acknowledge.ts";
import { stepKill } from "./kill.ts";
import { stepDecline, stepRevive, stepSuppress } from "./offers.ts";
import { stepAcknowledgeOperation } from "./operations.ts";
import { stepReconcile, stepReconcileOperations } from "./reconcile.ts";
import { stepRequest } from "./request.ts";
import { stepSubscribe, stepTeardown, stepUpdateFramework } from "./subscribe.ts";
import { stepFrameworkMessage, stepShutdown } from "./to-agent.ts";

/** A framework calls. Only `subscribe` may come from a connection that is no framework yet. */
export function stepFrameworkCall(
  state: ClusterState,
  { peer, call, objection }: InputOf<"framework-call">,
  nowMs: number,
  out: Effect[],
): void {
  if (call.type === "subscribe") {
    stepSubscribe(state, peer, call, objection, nowMs, out);
    tallyCall(state, state.frameworkPeers.get(peer), call);
    return;
  }
  const framework = state.frameworkPeers.get(peer);
  tallyCall(state, framework, call);
  if (framework === undefined) {
    reject(peer, call.type, errors.FRAMEWORK_NOT_SUBSCRIBED(call.type), out);
    return;
  }
  if (call.type === "update-framework") {
    stepUpdateFramework({ state, framework, nowMs, out }, call, objection);
    return;
  }
  dispatch({ state, framework, nowMs, out }, call);
}

function dispatch(
  context: Call,
  call: Exclude<FrameworkCall, { type: "subscribe" | "update-framework" }>,
): void {
  switch (call.type) {
    case "accept":
      stepAccept(context, call);
      return;
    case "acknowledge":
      stepAcknowledge(context, call);
      return;
    case "decline":
      stepDecline(context, call);
      return;
    case "revive":
      stepRevive(context, call);
      return;
    case "suppress":
      stepSuppress(context, call);
      return;
    case "kill":
      stepKill(context, call);
      return;
    case "shutdown":
      stepShutdown(context, call);
      return;
    case "reconcile":
      stepReconcile(context, call);
      return;
    case "message":
      stepFrameworkMessage(context, call);
      return;
    case "teardown":
      stepTeardown(context);
      return;
    case "acknowledge-operation":
      stepAcknowledgeOperation(context, call);
      return;
    case "reconcile-operations":
      stepReconcileOperations(context, call);
      return;
    case "accept-inverse-offers":
    case "decline-inverse-offers":
      stepInverseAnswer(context, call);
      return;
    case "request":
      stepRequest(context, call);
      return;
    default:
      unreachable(call);
      return;
  }
}
