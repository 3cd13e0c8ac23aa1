import type { MachineId, MaintenanceWindow } from "../../contract/operator/maintenance-methods.ts";
import type { AgentInfo, Unavailability } from "../../contract/schema/agent.ts";
import type { Maintenance } from "./model.ts";

/** What machines are told apart by in an agent. */
export type OnMachine = Pick<AgentInfo, "hostname" | "ip">;

/** Whether an agent is on a machine: all that is said of the machine fits. */
export function isOn({ hostname, ip }: MachineId, agent: OnMachine): boolean {
  if (hostname !== undefined && hostname.toLowerCase() !== agent.hostname.toLowerCase()) {
    return false;
  }
  return ip === undefined || ip === agent.ip;
}

/** The same for two names of one machine; hostnames differ in more than upper and lower case. */
export function machineKey({ hostname = "", ip = "" }: MachineId): string {
  return `${hostname.toLowerCase()}|${ip}`;
}

/** When an agent is expected to be away, if it is (I1). */
export function unavailabilityOf(
  { windows }: Maintenance,
  agent: OnMachine,
): Unavailability | undefined {
  const window = windows.find(({ machines }) => machines.some((machine) => isOn(machine, agent)));
  return window?.unavailability;
}

/** Whether the agent's machine is down for maintenance (I2). */
export function isDown({ down }: Maintenance, agent: OnMachine): boolean {
  return down.some((machine) => isOn(machine, agent));
}

/** Says what is wrong with a schedule, or `undefined` (I1). */
export function scheduleProblem(
  windows: readonly MaintenanceWindow[],
  down: readonly MachineId[],
): string | undefined {
  const seen = new Set<string>();
  for (const [at, { machines, unavailability }] of windows.entries()) {
    const where = `windows[${at}]`;
    if (machines.length === 0) return `${where}.machines: there is none`;
    const { durationMs = 0 } = unavailability;
    if (!(durationMs >= 0)) return `${where}.unavailability.durationMs: it is below 0`;
    for (const [index, machine] of machines.entries()) {
      const place = `${where}.machines[${index}]`;
      const problem = machineProblem(machine);
      if (problem !== undefined) return `${place}: ${problem}`;
      const key = machineKey(machine);
      if (seen.has(key)) return `${place}: ${nameOf(machine)} is there twice`;
      seen.add(key);
    }
  }
  const missing = down.find((machine) => !seen.has(machineKey(machine)));
  return missing === undefined
    ? undefined
    : `${nameOf(missing)} is down and must stay in the schedule until it is brought up`;
}

/** Says what is wrong with the name of a machine, or `undefined`. */
export function machineProblem({ hostname, ip }: MachineId): string | undefined {
  if (hostname === undefined && ip === undefined) return "it needs a hostname, an ip, or both";
  if (hostname === "") return "hostname: it is empty";
  if (ip === "") return "ip: it is empty";
  return undefined;
}

/** A machine in words. */
export function nameOf({ hostname, ip }: MachineId): string {
  if (hostname === undefined) return `machine ${ip}`;
  return ip === undefined ? `machine ${hostname}` : `machine ${hostname} (${ip})`;
}
