import { statfsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { errors } from "../../contract/errors.ts";
import { parseAttributes } from "../../contract/resources/attributes.ts";
import { parseResources } from "../../contract/resources/text.ts";
import { normalize } from "../../contract/resources.ts";
import type { Attribute, Resources } from "../../contract/schema/resource.ts";

const MIB = 2 ** 20;
const GIB_IN_MIB = 1_024;

/** What detection looks at. */
export interface MachineFacts {
  readonly cpus: number;
  readonly memMib: number;
  readonly diskMib: number;
}

/** The machine that this process runs on; the disk is the one that holds `folder`. */
export function machineFacts(folder: string): MachineFacts {
  const disk = statfsSync(folder);
  return {
    cpus: availableParallelism(),
    memMib: Math.floor(totalmem() / MIB),
    diskMib: Math.floor((disk.bsize * disk.blocks) / MIB),
  };
}

/**
 * Resources as configured, with the kinds that are not named taken from the machine (F7): all
 * CPUs; memory but 1 GiB, or half of less than 2 GiB; disk but 5 GiB, or half of less than 10 GiB;
 * ports 31000 to 32000. A machine has a few MiB more or less after an update of its kernel, which
 * is no reason to be another agent (B32): of what it registered with, `registered`, an agent that
 * must not change keeps the amounts that were detected as long as the machine has them at all.
 * @throws AGENT_CONFIG
 */
export function agentResources(
  config: AgentConfig,
  facts: MachineFacts,
  registered: Resources = [],
): Resources {
  const { resources: given, defaultRole, reconfigurationPolicy } = config;
  const text = typeof given === "string" || given === undefined ? given : JSON.stringify(given);
  const read = parseResources(text ?? "", defaultRole);
  if (!read.ok) {
    throw errors.AGENT_CONFIG("resources", `at character ${read.position}: ${read.message}`);
  }
  const { resources, names } = read.value;
  const { memMib, diskMib, cpus } = facts;
  const mem = memMib >= 2 * GIB_IN_MIB ? memMib - GIB_IN_MIB : Math.floor(memMib / 2);
  const disk = diskMib >= 10 * GIB_IN_MIB ? diskMib - 5 * GIB_IN_MIB : Math.floor(diskMib / 2);
  const words = { cpus: `${cpus}`, mem: `${mem}`, disk: `${disk}`, ports: "[31000-32000]" };
  const missing = Object.entries(words).filter(([name]) => !names.has(name));
  const most: Readonly<Record<string, number>> = { cpus, mem: memMib, disk: diskMib };
  const kept = registered.filter(({ name, scalar = Number.POSITIVE_INFINITY }) => {
    if (reconfigurationPolicy === "any" || names.has(name)) return false;
    const hasGrown = scalar < 1_000 * Number(words[name as keyof typeof words]);
    if (hasGrown && reconfigurationPolicy === "additive") return false;
    return scalar <= 1_000 * (most[name] ?? 0);
  });
  const isKept = new Set(kept.map(({ name }) => name));
  const detected = parseResources(
    missing
      .filter(([name]) => !isKept.has(name))
      .map(([name, amount]) => `${name}:${amount}`)
      .join(";"),
    defaultRole,
  );
  if (!detected.ok) throw errors.AGENT_CONFIG("resources", detected.message);
  return normalize([...resources, ...kept, ...detected.value.resources]);
}

/**
 * Attributes as configured (F8).
 * @throws AGENT_CONFIG
 */
export function agentAttributes(config: AgentConfig): readonly Attribute[] {
  const read = parseAttributes(config.attributes);
  if (read.ok) return read.value;
  throw errors.AGENT_CONFIG("attributes", `at character ${read.position}: ${read.message}`);
}
