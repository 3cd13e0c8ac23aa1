import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatedAgent } from "../../bench/fleet/agent.ts";
import { type DaemonProcess, startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { startAgents } from "../../bench/fleet/fleet.ts";
import { type Hostiles, startHostiles } from "../../bench/hostile/hostiles.ts";
import { pause, until } from "../support/until.ts";
import { ask } from "./support/client.ts";
import { HttpFramework } from "./support/framework.ts";

const AGENTS = 1_000;
const CLIENTS = 200;
/** How long they are let loose: TEPUI_ATTACK_SECONDS, half a minute where nobody asks for more. */
const ATTACK_MS = Number(process.env["TEPUI_ATTACK_SECONDS"] ?? 30) * 1_000;
/**
 * What a good client may wait, in the middle and at most but for one in a hundred: some ten times
 * what it is where nothing else runs, which the benchmark `http` measures.
 */
const WAIT_MS = { median: 500, p99: 1_500 };
/** What such an attack took before bodies and answers were bounded: 6 GiB within seconds. */
const RSS_MIB_MAX = 1_024;

/** Statuses that a kind of hostile client may be answered with, besides a closed connection. */
const wanted: Readonly<Record<string, readonly number[]>> = {
  halfOpen: [408],
  bigBody: [400, 408, 503],
  hugeBody: [413],
  millionElements: [400, 408, 503],
  endlessBody: [408, 413, 503],
  headerFlood: [431],
  invalidUtf8: [400],
  wrongWireType: [400],
};

describe("200 hostile clients on a master with 1,000 agents", () => {
  let master: DaemonProcess;
  let agents: SimulatedAgent[] = [];
  let hostiles: Hostiles | undefined;
  let port = 0;

  beforeAll(async () => {
    master = await startMasterProcess({ log: { level: "error" } });
    port = Number(master.address.split(":")[1]);
    agents = await startAgents({ master: master.address, agents: AGENTS, taskMs: 0 });
  }, 120_000);
  afterAll(async () => {
    await hostiles?.stop();
    await Promise.all(agents.map((agent) => agent.close()));
    await master?.stop();
  }, 60_000);

  async function offersOut(): Promise<number> {
    const { text } = await ask(port, { method: "GET", path: "/metrics/snapshot" });
    return (JSON.parse(text) as Record<string, number>)["master/outstanding_offers"] ?? 0;
  }

  test(
    "are each answered as they deserve, while a good one is served in bounded memory",
    async () => {
      const good = await HttpFramework.subscribe(port, {
        roles: ["good"],
        capabilities: [{ type: "MULTI_ROLE" }],
      });
      await good.call("SUPPRESS");
      hostiles = startHostiles(port, CLIENTS);
      // Every agent is offered to a client that does not read.
      await until("offers to slow readers", async () => (await offersOut()) === AGENTS, 60_000);
      const endMs = performance.now() + ATTACK_MS;
      const waitsMs: number[] = [];
      let rssMib = 0;
      while (performance.now() < endMs) {
        const value = `t${waitsMs.length}`;
        const beganMs = performance.now();
        const reconcile = { tasks: [{ task_id: { value } }] };
        expect(await good.call("RECONCILE", { reconcile })).toBe(202);
        expect((await good.status()).task_id.value).toBe(value);
        waitsMs.push(performance.now() - beganMs);
        rssMib = Math.max(rssMib, master.figures().rssMib);
        await pause(20);
      }
      const tallies = await hostiles.stop();
      hostiles = undefined;
      waitsMs.sort((one, other) => one - other);
      const at = (part: number) => waitsMs[Math.floor(part * waitsMs.length)];
      expect(at(0.5)).toBeLessThan(WAIT_MS.median);
      expect(at(0.99)).toBeLessThan(WAIT_MS.p99);
      expect(rssMib).toBeLessThan(RSS_MIB_MAX);
      for (const [kind, statuses] of Object.entries(wanted)) {
        const answers = Object.keys(tallies[kind]?.answers ?? {});
        const told = answers.filter((answer) => answer !== "closed");
        expect(told.length, `${kind} was told nothing`).toBeGreaterThan(0);
        for (const status of told) expect(statuses, kind).toContain(Number(status));
      }
      // What they had is offered to others again.
      expect(await good.call("REVIVE")).toBe(202);
      await until("offers", async () => (await good.offer()) !== undefined);
      await good.teardown();
    },
    ATTACK_MS + 90_000,
  );
});
