import { errors } from "../../../contract/errors.ts";
import type { MachineId } from "../../../contract/operator/maintenance-methods.ts";
import type { OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import { removeAgent } from "../agents.ts";
import { flagAgent } from "../books.ts";
import { refuseAgent } from "../calls.ts";
import type { Effect } from "../effect.ts";
import { answersFor, askForAbsent, withdrawAgent } from "../inverse-offers.ts";
import {
  isDown,
  isOn,
  machineKey,
  machineProblem,
  nameOf,
  scheduleProblem,
  unavailabilityOf,
} from "../maintenance.ts";
import { rescindOffer } from "../offers.ts";
import { agentEntry, maintenanceEntry, writeRegistry } from "../registry.ts";
import type { Agent, ClusterState, Maintenance, PendingWrite } from "../state.ts";
import type { Asked } from "./operator.ts";

/** The whole schedule is replaced (I1). */
export function updateMaintenance(
  { state, token, reply, out }: Asked,
  { windows }: OperatorParams<"update-maintenance">,
): void {
  const { down } = state.registry.maintenance;
  const problem = scheduleProblem(windows, down);
  if (problem !== undefined) {
    reply({ error: errors.MAINTENANCE_INVALID(problem) });
    return;
  }
  const draining = windows
    .flatMap(({ machines }) => machines)
    .find((machine) => isDraining(state, machine));
  if (draining !== undefined) {
    const text = `${nameOf(draining)} has an agent that is being drained`;
    reply({ error: errors.MAINTENANCE_INVALID(text) });
    return;
  }
  write(state, token, { windows, down }, [], out);
}

function isDraining({ agents, registry }: ClusterState, machine: MachineId): boolean {
  for (const id of registry.drains.keys()) {
    const agent = agents.get(id);
    if (agent !== undefined && isOn(machine, agent.info)) return true;
  }
  return false;
}

/** Scheduled machines go down: their agents are shut down (I2). */
export function startMaintenance(
  { state, token, reply, out }: Asked,
  { machines }: OperatorParams<"start-maintenance">,
): void {
  const { windows, down } = state.registry.maintenance;
  const scheduled = windows.flatMap((window) => window.machines.map(machineKey));
  for (const machine of machines) {
    const problem =
      machineProblem(machine) ??
      (scheduled.includes(machineKey(machine))
        ? undefined
        : `${nameOf(machine)} is not in the schedule`) ??
      (down.some((each) => machineKey(each) === machineKey(machine))
        ? `${nameOf(machine)} is down already`
        : undefined);
    if (problem === undefined) continue;
    reply({ error: errors.MAINTENANCE_INVALID(problem) });
    return;
  }
  write(state, token, { windows, down: [...down, ...machines] }, machines, out);
}

/** Machines that were down are up again, and leave the schedule (I2). */
export function stopMaintenance(
  { state, token, reply, out }: Asked,
  { machines }: OperatorParams<"stop-maintenance">,
): void {
  const { windows, down } = state.registry.maintenance;
  const keys = new Set(machines.map(machineKey));
  const stranger = machines.find(
    (machine) => !down.some((each) => machineKey(each) === machineKey(machine)),
  );
  if (stranger !== undefined) {
    reply({ error: errors.MAINTENANCE_INVALID(`${nameOf(stranger)} is not down`) });
    return;
  }
  const stays = (machine: MachineId): boolean => !keys.has(machineKey(machine));
  const left = windows
    .map((window) => ({ ...window, machines: window.machines.filter(stays) }))
    .filter((window) => window.machines.length > 0);
  write(state, token, { windows: left, down: down.filter(stays) }, [], out);
}

/** The registry forgets the agents on machines that go down together with writing that. */
function write(
  state: ClusterState,
  token: number,
  maintenance: Maintenance,
  goingDown: readonly MachineId[],
  out: Effect[],
): void {
  const entries = [maintenanceEntry(maintenance)];
  for (const agent of state.agents.values()) {
    if (agent.leaving || !goingDown.some((machine) => isOn(machine, agent.info))) continue;
    agent.leaving = true;
    flagAgent(state, agent);
    for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
    entries.push(agentEntry(agent.id, undefined));
  }
  writeRegistry(state, entries, { type: "maintenance", token, maintenance }, out);
}

/** The registry has it: agents learn of it by what is offered, frameworks by being asked (I3). */
export function maintenanceWritten(
  state: ClusterState,
  { token, maintenance }: Extract<PendingWrite, { type: "maintenance" }>,
  nowMs: number,
  out: Effect[],
): void {
  state.registry.maintenance = maintenance;
  for (const agent of [...state.agents.values()]) {
    if (isDown(maintenance, agent.info)) shutDown(state, agent, nowMs, out);
    else reschedule(state, agent, out);
  }
  askForAbsent(state, nowMs, out);
  out.push({ type: "reply-operator", token, result: {} });
}

/** The agent's machine is down: what ran there is lost (I2). */
function shutDown(state: ClusterState, agent: Agent, nowMs: number, out: Effect[]): void {
  const { peer } = agent;
  state.registry.admitted.delete(agent.id);
  const message = "The machine is down for maintenance";
  removeAgent(state, agent, { how: "removed", message }, nowMs, out);
  if (peer !== undefined) refuseAgent(peer, errors.MACHINE_DOWN(agent.info.hostname), out);
}

/** Takes over when an agent is away; offers that said something else come back (I3). */
function reschedule(state: ClusterState, agent: Agent, out: Effect[]): void {
  const next = unavailabilityOf(state.registry.maintenance, agent.info);
  const before = agent.unavailability;
  if (before?.startMs === next?.startMs && before?.durationMs === next?.durationMs) return;
  agent.unavailability = next;
  state.tables.setUnavailability(agent.row, next?.startMs ?? 0);
  for (const offer of [...agent.offers]) rescindOffer(state, offer, out);
  withdrawAgent(state, agent, out);
}

/** The schedule, and how far it has come (I1, I4). */
export function maintenanceView(state: ClusterState): OperatorResult<"maintenance"> {
  const { windows, down } = state.registry.maintenance;
  const isUp = (machine: MachineId): boolean =>
    !down.some((each) => machineKey(each) === machineKey(machine));
  const agents = [...state.agents.values()];
  const draining = windows
    .flatMap(({ machines }) => machines)
    .filter(isUp)
    .map((machine) => ({
      machine,
      answers: agents.filter(({ info }) => isOn(machine, info)).flatMap(answersFor),
    }));
  return { windows: [...windows], draining, down: [...down] };
}
