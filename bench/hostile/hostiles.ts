import { fork } from "node:child_process";
import { once } from "node:events";
import { builtFile } from "../fleet/daemon-process.ts";
import type { HostileTallies } from "./clients.ts";

/** Hostile clients that are at work in a process of their own. */
export interface Hostiles {
  /** Ends them all, and tells what came of each kind. To be called once. */
  stop(): Promise<HostileTallies>;
}

/**
 * Sets so many hostile clients, of all kinds alike, at the port of a master on this machine. They
 * have a process of their own: in that of a good client it would wait for them, not for the master.
 */
export function startHostiles(port: number, count: number): Hostiles {
  const child = fork(builtFile("bench/hostile/main.js"), [String(port), String(count)]);
  return {
    stop: async () => {
      const ended = once(child, "exit");
      const told = once(child, "message");
      child.send("stop");
      const [tallies] = await told;
      await ended;
      return tallies as HostileTallies;
    },
  };
}
