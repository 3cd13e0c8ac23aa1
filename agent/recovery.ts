import { errors } from "../contract/errors.ts";
import type { ContainerId } from "../contract/ids.ts";
import type { ContainerSpec, ExitStatus } from "../contract/ports/isolator.ts";
import type { Logger } from "../contract/ports/log.ts";
import type { Containerizer } from "./containerizer/containerizer.ts";
import { agentIn, type CheckpointEntry, isOfFolder, leftOf, restore } from "./core/checkpoint.ts";
import { containersIn, forsakenIn } from "./core/forsaken.ts";
import { Reconfiguration } from "./core/reconfigure.ts";
import type { AgentSetup, AgentState, Container, ContainerPlan } from "./core/state.ts";
import type { AgentLoop } from "./io/loop.ts";
import type { CheckpointStore } from "./io/store.ts";

/** What a recovery works on. */
export interface RecoveryParts {
  readonly state: AgentState;
  readonly log: Logger;
  readonly containerizer: Containerizer;
  readonly loop: AgentLoop;
  readonly store: CheckpointStore;
  specOf(plan: ContainerPlan): ContainerSpec;
  /** A container has ended: its sandbox is kept for a while from now on. */
  onEnded(plan: ContainerPlan): void;
}

/** What an earlier agent left, beside what it ran for frameworks that checkpoint. */
export interface Left {
  /** False when the machine was started anew since (F3). */
  readonly isSameBoot: boolean;
  /** What of its checkpoint is not taken up, because its frameworks do not checkpoint. */
  readonly forsaken: readonly CheckpointEntry[];
}

/**
 * Takes up the containers that an earlier agent in this folder left: what runs is adopted and
 * watched, what has ended is told of truly, what never ran is told to be lost (F2, F3). What is of
 * frameworks that do not checkpoint is ended without a word: the master has declared it lost (B23).
 */
export async function takeUp(parts: RecoveryParts, left: Left): Promise<void> {
  const { state, log, containerizer, loop } = parts;
  const { isSameBoot } = left;
  const started = (containers: Iterable<Container>) =>
    [...(isSameBoot ? containers : [])]
      .filter(({ phase }) => phase === "running")
      .map(({ plan, process }) => ({
        spec: parts.specOf(plan),
        ...(process === undefined ? {} : { process }),
      }));
  const known = started(state.containers.values());
  const ends = new Map<ContainerId, ExitStatus>();
  for (const id of isSameBoot ? [] : state.containers.keys()) {
    const end = containerizer.exits.read(id);
    if (end?.code !== undefined || end?.signal !== undefined) ends.set(id, end);
  }
  await containerizer.recover(known, started(containersIn(left.forsaken)));
  await forget(parts, left);
  for (const checkpoint of known) {
    containerizer.adopt(checkpoint);
    const { id, resources, taskId } = checkpoint.spec;
    // The agent may have died before it had told the isolators.
    if (taskId === undefined) containerizer.update(id, resources);
    loop.enqueue({ type: "container-adopted", containerId: checkpoint.spec.id });
  }
  const adopted = new Set(known.map(({ spec }) => spec.id));
  for (const { plan, phase } of state.containers.values()) {
    if (adopted.has(plan.id)) continue;
    const containerId = plan.id;
    if (phase === "starting") loop.enqueue({ type: "container-never-ran", containerId });
    else {
      const exit = ends.get(containerId);
      const seen = exit === undefined ? {} : { exit };
      loop.enqueue({ type: "container-rebooted", containerId, ...seen });
    }
  }
  const { size } = state.containers;
  if (size > 0) log.info({ containers: size, running: adopted.size }, "recovered containers");
}

/** Last, so that what ends is on record for as long as something of it may be there. */
async function forget({ store, log, onEnded }: RecoveryParts, { forsaken }: Left): Promise<void> {
  if (forsaken.length === 0) return;
  const containers = containersIn(forsaken);
  for (const { plan } of containers) onEnded(plan);
  await store.write(new Map(forsaken.map(({ key }) => [key, undefined])));
  if (containers.length === 0) return;
  const words = "ended the containers of frameworks that do not checkpoint";
  log.info({ containers: containers.length }, words);
}

/** What the state of an agent is restored with. */
export interface RestoreGround {
  readonly store: CheckpointStore;
  readonly workDir: string;
  readonly log: Logger;
  /** False when the machine was started anew since the last agent here (F3). */
  readonly isSameBoot: boolean;
}

/**
 * The state of the agent that was here before, if there was one, and what it does not have of the
 * checkpoint. After a boot of the machine nothing of it runs any more: if it is another one by
 * then, it is a new agent (B32), with the reservations and volumes of the old one, unless it has no
 * room for them.
 * @throws AGENT_RECONFIGURED
 */
export async function restored(
  setup: AgentSetup,
  entries: readonly CheckpointEntry[],
  { store, isSameBoot, workDir, log }: RestoreGround,
): Promise<{ readonly state: AgentState; readonly forsaken: readonly CheckpointEntry[] }> {
  const forsaken = forsakenIn(entries);
  const isForsaken = new Set(forsaken);
  try {
    const state = restore(
      setup,
      entries.filter((entry) => !isForsaken.has(entry)),
    );
    return { state, forsaken };
  } catch (thrown) {
    const reason = reasonIn(thrown);
    const before = agentIn(entries);
    if (isSameBoot || before?.id === undefined) throw errors.AGENT_RECONFIGURED(workDir, reason);
    log.warn({ reason }, "it is another one since the machine was started anew: a new agent");
    const left = leftOf(before);
    const ofFolder = entries.filter(isOfFolder);
    const state = anew(setup, left, ofFolder, workDir);
    const changes = new Map<string, unknown>(entries.map(({ key }) => [key, undefined]));
    for (const { key } of ofFolder) changes.delete(key);
    await store.write(changes.set("agent", left));
    return { state, forsaken };
  }
}

/** A new agent with what an old one left. */
function anew(
  setup: AgentSetup,
  left: unknown,
  ofFolder: readonly CheckpointEntry[],
  workDir: string,
): AgentState {
  const own = left === undefined ? [] : [{ key: "agent", value: left }];
  try {
    return restore(setup, [...own, ...ofFolder]);
  } catch (thrown) {
    throw errors.AGENT_RECONFIGURED(workDir, reasonIn(thrown));
  }
}

function reasonIn(thrown: unknown): string {
  if (thrown instanceof Reconfiguration) return thrown.message;
  throw thrown;
}
