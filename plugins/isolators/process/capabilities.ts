import { errors } from "../../../contract/errors.ts";
import type { LinuxInfo } from "../../../contract/schema/container.ts";

/** In the order of the kernel's numbers, capabilities(7). */
const names = (
  "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE " +
  "NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO " +
  "SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME " +
  "SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG " +
  "WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE"
).split(" ");

/** What an operator allows and gives, by name. */
export interface CapabilityConfig {
  readonly effectiveCapabilities?: readonly string[];
  readonly boundingCapabilities?: readonly string[];
}

/** The capabilities of a container by number; absent sets stay as the kernel has them. */
export interface Capabilities {
  readonly effective?: readonly number[];
  readonly bounding?: readonly number[];
}

/** @throws CAPABILITY_UNKNOWN */
function numberOf(name: string): number {
  const number = names.indexOf(name.toUpperCase().replace(/^CAP_/, ""));
  if (number === -1) throw errors.CAPABILITY_UNKNOWN(name);
  return number;
}

function numbersOf(list: readonly string[] | undefined): readonly number[] | undefined {
  return list?.map(numberOf).sort((a, b) => a - b);
}

function refuseMore(
  asked: readonly number[] | undefined,
  most: readonly number[] | undefined,
  bounding: string,
): void {
  const more = asked?.filter((number) => most?.includes(number) === false) ?? [];
  if (more.length === 0) return;
  throw errors.CAPABILITY_FORBIDDEN(
    more.map((number) => names[number] ?? `${number}`),
    bounding,
  );
}

/**
 * What a container gets (F64): its own sets, else those of the agent; a container with an effective
 * set and no bounding set is bound to the first.
 * @throws CAPABILITY_UNKNOWN, CAPABILITY_FORBIDDEN when it asks for more than the agent allows
 */
export function capabilitiesOf(linux: LinuxInfo, config: CapabilityConfig): Capabilities {
  const allowed = numbersOf(config.boundingCapabilities);
  const asked = numbersOf(linux.effectiveCapabilities);
  const askedBounding = numbersOf(linux.boundingCapabilities);
  refuseMore(asked, allowed, "the agent");
  refuseMore(askedBounding, allowed, "the agent");
  refuseMore(asked, askedBounding, "its bounding set");
  const bounding = askedBounding ?? asked ?? allowed ?? numbersOf(config.effectiveCapabilities);
  const given = asked ?? numbersOf(config.effectiveCapabilities);
  const effective = given?.filter((number) => bounding?.includes(number) !== false);
  return {
    ...(effective === undefined ? {} : { effective }),
    ...(bounding === undefined ? {} : { bounding }),
  };
}

/** Options of `setpriv` for capabilities; those in effect survive a change of the user. */
export function capabilityWords({ effective, bounding }: Capabilities): readonly string[] {
  const list = (numbers: readonly number[]) =>
    ["-all", ...numbers.map((number) => `+${names[number]?.toLowerCase()}`)].join(",");
  return [
    ...(bounding === undefined ? [] : ["--bounding-set", list(bounding)]),
    ...(effective === undefined
      ? []
      : ["--inh-caps", list(effective), "--ambient-caps", list(effective)]),
  ];
}
