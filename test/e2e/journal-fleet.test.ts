import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SimulatedAgent } from "../../bench/fleet/agent.ts";
import { type DaemonProcess, startMasterProcess } from "../../bench/fleet/daemon-process.ts";
import { startAgents, startFrameworks } from "../../bench/fleet/fleet.ts";
import type { SimulatedFramework } from "../../bench/fleet/framework.ts";
import { Ledger } from "../../bench/fleet/ledger.ts";
import { loadRequest } from "../../cli/policy/load.ts";
import type { TepuiError } from "../../contract/errors.ts";
import type { AgentId, RoleName } from "../../contract/ids.ts";
import { OperatorClient, Scheduler } from "../../sdk/index.ts";
import { until } from "../support/until.ts";
import { tepui } from "./support/local-cluster.ts";
import { replayed } from "./support/replayed.ts";
import { testingPolicy, turncoatFaults } from "./support/testing-policy.ts";

/** Machines are shared, and nothing here is about how fast it is. */
const PATIENCE_MS = 240_000;
const AGENTS = 12;
// Compiled before anybody is connected: that takes long, and connections need an answer meanwhile.
const turncoat = testingPolicy("turncoat");

const folders: string[] = [];

/** A copy of a journal, for damage. */
function copyOf(journal: string): string {
  const folder = mkdtempSync(join(tmpdir(), "tepui-journal-"));
  folders.push(folder);
  cpSync(journal, folder, { recursive: true });
  return folder;
}

/** A cluster in which everything happens that decisions depend on. */
class Life {
  readonly #ledger = new Ledger();
  readonly master: DaemonProcess;
  readonly #client: OperatorClient;
  #agents: SimulatedAgent[] = [];
  #frameworks: SimulatedFramework[] = [];
  #picky: Scheduler | undefined;

  constructor(master: DaemonProcess, client: OperatorClient) {
    this.master = master;
    this.#client = client;
  }

  async begin(): Promise<void> {
    const { address } = this.master;
    const ledger = this.#ledger;
    this.#agents = await startAgents({ master: address, agents: AGENTS, taskMs: 20, ledger });
    // Its filters end while all goes on, and some of them soon.
    const picky = new Scheduler({ name: "picky", masters: address, roles: ["picky"] });
    picky.on("offers", (offers) => {
      for (const [at, { id }] of offers.entries()) picky.decline(id, { refuseMs: 200 + at * 100 });
    });
    await picky.ready();
    this.#picky = picky;
    const ignored = { onRunning: () => {}, onEnded: () => {} };
    this.#frameworks = startFrameworks(5, { master: address, ledger, ...ignored });
    await this.launches(20);
  }

  /** Waits until frameworks have launched so many tasks from now. */
  async launches(count: number): Promise<void> {
    const wanted = this.#ledger.launched + count;
    await until("launches", () => this.#ledger.launched >= wanted, PATIENCE_MS);
  }

  /** Asks again while tasks have what is asked for. */
  async #whenFree(ask: () => Promise<unknown>): Promise<void> {
    await until(
      "free resources",
      async () => {
        try {
          await ask();
          return true;
        } catch (thrown) {
          if ((thrown as TepuiError).code === "RESOURCES_MISSING") return false;
          throw thrown;
        }
      },
      PATIENCE_MS,
    );
  }

  /** What operators do with agents and roles. */
  async operate(): Promise<void> {
    const client = this.#client;
    const { agents } = await client.request("agents", {});
    const id = (number: number): AgentId =>
      agents.find(({ agent }) => agent.hostname === `simulated-${number}`)?.agent.id as AgentId;
    const role = (number: number): RoleName => `role-${number}` as RoleName;
    await client.request("update-weights", { weights: [{ role: role(0), weight: 3 }] });
    await this.launches(20);
    const cpus = (scalar: number) => ({ cpus: scalar, mem: scalar * 1_024 });
    const quotas = [
      { role: role(1), guarantee: cpus(20_000), limit: cpus(90_000) },
      { role: role(2), limit: cpus(60_000) },
    ];
    // They use more than that, perhaps.
    await client.request("update-quota", { force: true, quotas });
    await this.launches(20);
    const reservations = [{ type: "dynamic" as const, role: role(3) }];
    const reserved = { name: "cpus", scalar: 4_000, reservations };
    await this.#whenFree(() =>
      client.request("reserve-resources", { agentId: id(0), resources: [reserved] }),
    );
    await client.request("drain-agent", { agentId: id(1), maxGracePeriodMs: 0 });
    await client.request("deactivate-agent", { agentId: id(2) });
    await this.launches(50);
    await client.request("reactivate-agent", { agentId: id(2) });
    const machines = [{ hostname: "simulated-3" }];
    const unavailability = { startMs: Date.now() + 60_000, durationMs: 60_000 };
    await client.request("update-maintenance", { windows: [{ machines, unavailability }] });
    await this.launches(50);
    await client.request("start-maintenance", { machines });
    await this.launches(20);
    await client.request("stop-maintenance", { machines });
    await client.request("mark-agent-gone", { agentId: id(4) });
    await this.#agents.at(-1)?.close();
    const resources = [{ ...reserved, scalar: 1_000 }];
    await this.#whenFree(() =>
      client.request("unreserve-resources", { agentId: id(0), resources }),
    );
    await client.request("update-quota", { quotas: [{ role: role(2) }] });
    await this.launches(50);
  }

  /** Every policy decides for a while, in turn. */
  async swapAll(): Promise<readonly string[]> {
    const { live, available } = await this.#client.request("policies", {});
    for (const plugin of available) await this.#client.request("load-policy", { plugin });
    for (const name of [...available, live.name]) {
      await this.#client.request("promote-policy", { name });
      await this.launches(100);
    }
    await this.#client.request("promote-policy", { name: "capacity" });
    const config = { userLimit: 0.5 };
    await this.#client.request("configure-policy", { name: "capacity", config });
    await this.launches(50);
    await this.#client.request("rollback-policy", {});
    return available;
  }

  /** A policy fails, and it comes back or another one takes over. */
  async fail(as: string, fault: number): Promise<void> {
    const client = this.#client;
    const request = loadRequest(turncoat, { as, config: { fault } });
    await client.request("load-policy", request);
    await client.request("promote-policy", { name: as });
    const isServed = async () => (await client.request("policies", {})).standing === "previous";
    await until("the policy before", isServed, PATIENCE_MS);
    await this.launches(50);
    await client.request("rollback-policy", {});
    await this.launches(20);
  }

  /** Ends it, with the master last, and what did not add up. */
  async end(): Promise<readonly string[]> {
    for (const framework of this.#frameworks) framework.pause();
    await this.#picky?.teardown();
    await this.#frameworks.at(-1)?.close();
    await this.#client.close();
    await Promise.all(this.#frameworks.slice(0, -1).map((framework) => framework.close()));
    await Promise.all(this.#agents.map((agent) => agent.close()));
    return this.#ledger.problems;
  }
}

describe("the journal of a master with a fleet", () => {
  let master: DaemonProcess;
  let journal = "";
  beforeAll(async () => {
    master = await startMasterProcess({
      allocationInterval: "50ms",
      journal: { enabled: true, segmentSize: "256KB", segments: 1_000 },
      log: { level: "error" },
    });
    const client = await OperatorClient.connect({ masters: master.address, connectMs: 60_000 });
    const life = new Life(master, client);
    await life.begin();
    await life.operate();
    expect((await life.swapAll()).length).toBeGreaterThan(5);
    for (const name of ["trap", "twice", "loop"] as const) {
      await life.fail(name, turncoatFaults[name]);
    }
    expect(await life.end()).toEqual([]);
    // The master runs still, so that its last turn may not be whole yet.
    journal = copyOf(join(master.directory, "journal"));
  }, PATIENCE_MS);
  afterAll(async () => {
    await master?.stop();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  test(
    "is replayed bit for bit, whatever operators and policies did",
    async () => {
      const { code, report } = await replayed(journal);
      expect([code, report.ok, report.difference, report.skipped]).toEqual([
        0,
        true,
        undefined,
        [],
      ]);
      expect(report.stretches).toHaveLength(1);
      const [stretch] = report.stretches;
      expect(stretch?.files.length).toBeGreaterThan(3);
      expect(stretch?.decisions).toBeGreaterThan(100);
      // Only what ran out of time hung on the clock: in its standings live, restored and cold.
      expect(stretch?.taken).toBe(3);
    },
    PATIENCE_MS,
  );

  test(
    "names the place of a flipped byte, and what is behind it is replayed",
    async () => {
      const folder = copyOf(journal);
      const [first = "", second = ""] = readdirSync(folder).sort();
      const file = join(folder, second);
      const bytes = readFileSync(file);
      const at = bytes.length >> 1;
      bytes[at] = (bytes[at] as number) ^ 0x10;
      writeFileSync(file, bytes);
      const { code, report } = await replayed(folder);
      expect([code, report.ok, report.difference]).toEqual([65, false, undefined]);
      expect(report.ends).toHaveLength(1);
      const [end] = report.ends;
      expect(end).toMatchObject({ file, isDamaged: true });
      expect(end?.offset).toBeLessThanOrEqual(at);
      expect(end?.offset).toBeGreaterThan(0);
      expect(report.stretches).toHaveLength(2);
      expect(report.stretches[0]?.files).toEqual([join(folder, first), file]);
    },
    PATIENCE_MS,
  );

  test(
    "that ends torn is replayed up to there, and cut by the next master, which says so",
    async () => {
      const folder = copyOf(journal);
      const name = readdirSync(folder).sort().at(-1) ?? "";
      const file = join(folder, name);
      truncateSync(file, statSync(file).size - 5);
      const torn = await replayed(folder);
      expect([torn.code, torn.report.ok]).toEqual([0, true]);
      expect(torn.report.ends).toEqual([
        { file, offset: expect.any(Number), problem: expect.any(String), isDamaged: false },
      ]);
      const dataDir = mkdtempSync(join(tmpdir(), "tepui-e2e-"));
      folders.push(dataDir);
      const config = join(dataDir, "master.json");
      const settings = { enabled: true, path: folder };
      writeFileSync(config, JSON.stringify({ dataDir, listen: { port: 0 }, journal: settings }));
      const next = tepui(["master", "--config", config, "-o", "json"]);
      await until("the master", () => next.output().includes("\n"), PATIENCE_MS);
      next.child.kill("SIGTERM");
      const { stderr } = await next.result;
      expect(stderr).toContain(name);
      expect(stderr).toMatch(/the end of the last journal was torn and is cut off/);
      expect(statSync(file).size).toBe(torn.report.ends[0]?.offset);
      const { code, report } = await replayed(folder);
      expect([code, report.ends]).toEqual([0, []]);
      expect(report.stretches).toHaveLength(2);
    },
    PATIENCE_MS,
  );
});
