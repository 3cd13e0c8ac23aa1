import { ownUser, type User } from "../../../wire/own-user.ts";
import type { ProcessConfig } from "./config.ts";
import { type Offered, probeNamespaces } from "./namespaces.ts";
import { findPrograms, type Programs } from "./programs.ts";

/** What this host lets the isolator do. */
export interface ProcessHost {
  readonly own: User;
  readonly programs: Programs;
  readonly offered: Offered;
  /** What is configured and cannot be done here, one sentence each. */
  readonly degraded: readonly string[];
}

/** Finds out what can be done here, and what of the config cannot. */
export function probeHost(config: ProcessConfig): ProcessHost {
  const own = ownUser();
  const programs = findPrograms();
  const offered = probeNamespaces(programs);
  const degraded: string[] = [];
  if (own.uid !== 0) {
    degraded.push(`users: not root, so every task runs as the agent's own user, ${own.name}`);
  }
  if (programs.setpriv === undefined) {
    degraded.push("users: no setpriv here, so users cannot be switched nor privileges given up");
  }
  if (programs.prlimit === undefined) {
    degraded.push("rlimits: no prlimit here, so containers that ask for them are refused");
  }
  const asked = config.boundingCapabilities ?? config.effectiveCapabilities;
  if (asked !== undefined && !canSetCapabilities(own, programs)) {
    degraded.push(
      "capabilities: they are left as they are, which takes root and setpriv to change",
    );
  }
  for (const name of config.namespaces) {
    const reason = offered.reasons[name];
    if (reason !== undefined) degraded.push(`namespace ${name}: ${reason}`);
  }
  return { own, programs, offered, degraded };
}

/** Whether capabilities of containers can be changed at all. */
export function canSetCapabilities(own: User, programs: Programs): boolean {
  return own.uid === 0 && programs.setpriv !== undefined;
}
