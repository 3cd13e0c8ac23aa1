import { type NetworkInterfaceInfo, networkInterfaces } from "node:os";
import { bareHost, type HostPort, isAnyAddress, parseHostPort } from "../../contract/address.ts";
import type { ListenConfig } from "../../contract/config/shared.ts";

/** An address of this machine; the fields of `NetworkInterfaceInfo` that count here. */
export type MachineAddress = Pick<NetworkInterfaceInfo, "address" | "family" | "internal">;

/**
 * The address under which others reach a process that listens (A10): `advertise` where it is given,
 * else what it listens on. A process that listens on every address has none of its own, so one of
 * the machine is chosen: the first that other machines may reach, IPv4 before IPv6, else loopback.
 */
export function advertisedAddress(
  { advertise, host }: ListenConfig,
  port: number,
  machine: readonly MachineAddress[] = machineAddresses(),
): HostPort {
  const given = advertise === undefined ? undefined : parseHostPort(advertise);
  if (given !== undefined) return given;
  return { host: isAnyAddress(host) ? reachable(host, machine) : bareHost(host), port };
}

function machineAddresses(): MachineAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}

function reachable(host: string, machine: readonly MachineAddress[]): string {
  const takesSix = host.includes(":");
  const good = machine.filter(
    // Link-local addresses mean nothing without the interface that they are of.
    ({ address, family, internal }) =>
      !internal && !/^(fe80:|169\.254\.)/i.test(address) && (family === "IPv4" || takesSix),
  );
  const best = good.find(({ family }) => family === "IPv4") ?? good[0];
  return best?.address ?? (takesSix ? "::1" : "127.0.0.1");
}
