import { errors } from "../../../contract/errors.ts";
import type { FrameworkCallOf, Problem } from "../../../contract/framework-api.ts";
import type { RoleName } from "../../../contract/ids.ts";
import type { FrameworkInfo } from "../../../contract/schema/framework.ts";
import { type Call, problemOf, refuseFramework, reject } from "../calls.ts";
import { syncClients } from "../clients.ts";
import {
  type AgentTest,
  type CompiledConstraints,
  compileConstraints,
  constrainFramework,
} from "../constraints.ts";
import type { Effect } from "../effect.ts";
import type { PeerNumber } from "../event.ts";
import {
  addFramework,
  publishFramework,
  recoverOffers,
  removeFramework,
  setInfo,
} from "../frameworks.ts";
import { forgive } from "../hoarding.ts";
import { isOver, mintFrameworkId } from "../ids.ts";
import { forgetFramework } from "../inverse-offers.ts";
import { rescindOffer } from "../offers.ts";
import { type ClusterState, type Framework, wantRound } from "../state.ts";
import { frameworkProblem } from "../validate-framework.ts";

/** A subscription whose contents were found to be good. */
interface Subscription {
  readonly peer: PeerNumber;
  readonly call: FrameworkCallOf<"subscribe">;
  /** Its offer constraints (C14). */
  readonly tests: ReadonlyMap<RoleName, AgentTest>;
}

/** A framework subscribes: a new one, one that comes back, or one that fails over (B1–B3, B6). */
export function stepSubscribe(
  state: ClusterState,
  peer: PeerNumber,
  call: FrameworkCallOf<"subscribe">,
  objection: Problem | undefined,
  nowMs: number,
  out: Effect[],
): void {
  const subscribed = state.frameworkPeers.get(peer);
  if (subscribed !== undefined) {
    reject(peer, call.type, errors.FRAMEWORK_SUBSCRIBED(subscribed.id), out);
    return;
  }
  const info = call.framework;
  const checked = checkedCall(call);
  if (checked.problem !== undefined) {
    refuseFramework(peer, errors.FRAMEWORK_INVALID(checked.problem), out);
    return;
  }
  if (objection !== undefined) {
    refuseFramework(peer, objection, out);
    return;
  }
  const subscription: Subscription = { peer, call, tests: checked.tests };
  const { id } = info;
  if (id !== undefined && isOver(state, id)) {
    refuseFramework(peer, errors.FRAMEWORK_REMOVED(), out);
    return;
  }
  const known = id === undefined ? undefined : state.frameworks.get(id);
  if (known === undefined) {
    const added = addFramework(state, id ?? mintFrameworkId(state), info, nowMs);
    connect(state, added, subscription, out);
    publishFramework(state, added, "framework-added", nowMs, out);
    return;
  }
  const change = principalChange(known, info);
  if (known.state !== "recovered" && change !== undefined) {
    refuseFramework(peer, errors.FRAMEWORK_INVALID(change), out);
    return;
  }
  returnOf(state, known, subscription, nowMs, out);
}

/** The offer constraints of a call as tests, or what is wrong with the call (B5, B10, C14). */
function checkedCall(
  call: FrameworkCallOf<"subscribe"> | FrameworkCallOf<"update-framework">,
): CompiledConstraints {
  const problem = frameworkProblem(call);
  if (problem !== undefined) return { problem };
  return compileConstraints(call.offerConstraints, call.framework.roles);
}

function principalChange({ info }: Framework, next: FrameworkInfo): string | undefined {
  if (info.principal === next.principal) return undefined;
  return `framework.principal: it cannot change from ${info.principal} to ${next.principal}`;
}

/** The old connection, if there is one, learns that it is replaced; its offers are void (B2). */
function returnOf(
  state: ClusterState,
  framework: Framework,
  subscription: Subscription,
  nowMs: number,
  out: Effect[],
): void {
  const before = framework.peer;
  if (before !== undefined) {
    state.frameworkPeers.delete(before);
    refuseFramework(before, errors.FRAMEWORK_FAILED_OVER(), out);
  }
  recoverOffers(state, framework);
  forgetFramework(state, framework);
  // User and checkpoint are what the framework's tasks were started with: they stay (B6).
  const { user, checkpoint } = framework.info;
  const kept = framework.state === "recovered" ? {} : { user, checkpoint: checkpoint ?? false };
  setInfo(framework, { ...subscription.call.framework, ...kept });
  framework.reregisteredMs = nowMs;
  connect(state, framework, subscription, out);
  tellAgents(framework, out);
  publishFramework(state, framework, "framework-updated", nowMs, out);
}

/** Every agent that knows the framework resends the heads of its update streams (O3). */
function tellAgents(framework: Framework, out: Effect[]): void {
  for (const agent of framework.agents) {
    if (agent.peer === undefined) continue;
    const order = { type: "update-framework", framework: framework.info } as const;
    out.push({ type: "send-agent", to: agent.peer, order });
    // It passes over a framework that it does not know.
    if (agent.known.get(framework) !== 0) agent.known.set(framework, framework.infoVersion);
  }
}

function connect(
  state: ClusterState,
  framework: Framework,
  { peer, call, tests }: Subscription,
  out: Effect[],
): void {
  framework.peer = peer;
  framework.state = "active";
  framework.failoverAtMs = undefined;
  state.frameworkPeers.set(peer, framework);
  resuppress(state, framework, call.suppressedRoles ?? []);
  constrainFramework(state, framework, call.offerConstraints, tests);
  out.push({
    type: "send-framework",
    to: peer,
    event: { type: "subscribed", frameworkId: framework.id, master: state.options.master },
  });
  state.tables.touchAll();
  wantRound(state);
}

/** Replaces what is suppressed (B10); filters go for roles that are not any more (C9). */
function resuppress(
  state: ClusterState,
  framework: Framework,
  suppressed: FrameworkInfo["roles"],
): void {
  const before = framework.suppressed;
  framework.suppressed = new Set(suppressed);
  for (const role of before) {
    const client = framework.clients.get(role);
    if (framework.suppressed.has(role) || client === undefined || client.row < 0) continue;
    state.filters.dropClient(client.row);
  }
  syncClients(state, framework);
  for (const client of framework.clients.values()) forgive(state, client);
}

/** A framework changes its description without subscribing again (B7); no allocation at once. */
export function stepUpdateFramework(
  { state, framework, nowMs, out }: Call,
  call: FrameworkCallOf<"update-framework">,
  objection: Problem | undefined,
): void {
  const to = framework.peer as PeerNumber;
  const { requestId } = call;
  const checked = checkedUpdate(framework, call, objection);
  if ("refusal" in checked) {
    const event = { type: "framework-updated", requestId, problem: checked.refusal } as const;
    out.push({ type: "send-framework", to, event });
    return;
  }
  setInfo(framework, call.framework);
  rescindLeft(state, framework, out);
  resuppress(state, framework, call.suppressedRoles ?? []);
  constrainFramework(state, framework, call.offerConstraints, checked.tests);
  tellAgents(framework, out);
  out.push({ type: "send-framework", to, event: { type: "framework-updated", requestId } });
  publishFramework(state, framework, "framework-updated", nowMs, out);
}

/**
 * Offers for roles that a framework has left are withdrawn (B7), those of suppressed roles stay.
 */
function rescindLeft(state: ClusterState, framework: Framework, out: Effect[]): void {
  const roles = new Set(framework.info.roles);
  for (const offer of [...framework.offers]) {
    if (roles.has(offer.client.role.name)) continue;
    rescindOffer(state, offer, out);
    state.allocation.freed = true;
  }
}

type CheckedUpdate =
  | { readonly tests: ReadonlyMap<RoleName, AgentTest> }
  | { readonly refusal: Problem };

function checkedUpdate(
  framework: Framework,
  call: FrameworkCallOf<"update-framework">,
  objection: Problem | undefined,
): CheckedUpdate {
  const invalid = (problem: string) => ({ refusal: problemOf(errors.FRAMEWORK_INVALID(problem)) });
  const checked = checkedCall(call);
  if (checked.problem !== undefined) return invalid(checked.problem);
  const change = fixedChange(framework, call.framework);
  if (change !== undefined) return invalid(change);
  return objection === undefined ? { tests: checked.tests } : { refusal: objection };
}

/**
 * What a change of a framework is refused with. It is the same whenever it is asked: nothing that
 * it looks at changes while a framework is connected.
 */
export function updateRefusal(
  framework: Framework,
  call: FrameworkCallOf<"update-framework">,
  objection: Problem | undefined,
): Problem | undefined {
  const checked = checkedUpdate(framework, call, objection);
  return "refusal" in checked ? checked.refusal : undefined;
}

function fixedChange(framework: Framework, next: FrameworkInfo): string | undefined {
  const { info } = framework;
  if (next.id !== framework.id) {
    return `framework.id: it is ${next.id}, not that of the framework, ${framework.id}`;
  }
  if (next.user !== info.user) return `framework.user: it cannot change from ${info.user}`;
  if ((next.checkpoint ?? false) !== (info.checkpoint ?? false)) {
    return "framework.checkpoint: it cannot change";
  }
  return principalChange(framework, next);
}

/** A framework asks to be removed (B8). */
export function stepTeardown({ state, framework, nowMs, out }: Call): void {
  removeFramework(state, framework, nowMs, out);
}
