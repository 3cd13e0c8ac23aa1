import { expect, test } from "vitest";
import type { Coordinator } from "../../contract/ports/coordinator.ts";
import type { MasterInfo } from "../../contract/schema/agent.ts";

/** A coordinator under test; `reopen` gives what a restarted master would find. */
export interface CoordinatorUnderTest {
  readonly coordinator: Coordinator;
  reopen(): Promise<Coordinator>;
  close(): Promise<void>;
}

const self = (port: number): MasterInfo => ({
  id: `m${port}`,
  hostname: "localhost",
  ip: "127.0.0.1",
  port,
  version: "1.0.0",
});

const never = new AbortController().signal;

/** The rules that every coordinator keeps (G1–G5). */
export function conformCoordinator(name: string, make: () => Promise<CoordinatorUnderTest>): void {
  const scenario = (title: string, run: (under: CoordinatorUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const under = await make();
      try {
        await run(under);
      } finally {
        await under.close();
      }
    });
  };

  scenario("a campaign ends in leadership, and others are told who leads (G1)", async (under) => {
    const seen: (string | undefined)[] = [];
    const stop = under.coordinator.watch((leader) => seen.push(leader?.id));
    await under.coordinator.campaign(self(1), never);
    expect((await under.coordinator.leader())?.id).toBe("m1");
    expect(seen).toEqual([undefined, "m1"]);
    stop();
  });

  scenario("what was written is read again, in key order, by prefix (G4, G5)", async (under) => {
    const term = await under.coordinator.campaign(self(1), never);
    await term.write({
      entries: [
        { key: "agents/b", value: { port: 2 } },
        { key: "agents/a", value: { port: 1 } },
        { key: "weights/a", value: 2.5 },
      ],
    });
    expect(await term.read("agents/")).toEqual([
      { key: "agents/a", value: { port: 1 } },
      { key: "agents/b", value: { port: 2 } },
    ]);
    await term.write({ entries: [{ key: "agents/a", value: undefined }] });
    expect((await term.read("")).map(({ key }) => key)).toEqual(["agents/b", "weights/a"]);
  });

  scenario("a restarted master finds what was durable, under a later epoch", async (under) => {
    const first = await under.coordinator.campaign(self(1), never);
    await first.write({ entries: [{ key: "agents/a", value: 1 }] });
    const again = await under.reopen();
    const second = await again.campaign(self(2), never);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    expect(await second.read("agents/")).toEqual([{ key: "agents/a", value: 1 }]);
  });

  scenario("a deposed leader learns of it and can write no more (G1)", async (under) => {
    const first = await under.coordinator.campaign(self(1), never);
    const second = await under.coordinator.campaign(self(2), never);
    await expect(first.lost).resolves.toHaveProperty("reason");
    await expect(
      first.write({ entries: [{ key: "agents/late", value: 1 }] }),
    ).rejects.toMatchObject({ code: "REGISTRY_FENCED" });
    expect(await second.read("agents/")).toEqual([]);
  });

  scenario("one refused write leaves none of its entries behind (G4)", async (under) => {
    const first = await under.coordinator.campaign(self(1), never);
    const second = await under.coordinator.campaign(self(2), never);
    const entries = [
      { key: "agents/a", value: 1 },
      { key: "agents/b", value: 1 },
    ];
    await expect(first.write({ entries })).rejects.toThrow();
    expect(await second.read("")).toEqual([]);
  });

  scenario("resigning ends the term and leaves no leader", async (under) => {
    const term = await under.coordinator.campaign(self(1), never);
    await term.resign();
    await expect(term.lost).resolves.toHaveProperty("reason");
    expect(await under.coordinator.leader()).toBeUndefined();
  });

  scenario("a campaign that is called off rejects", async (under) => {
    await expect(under.coordinator.campaign(self(1), AbortSignal.abort())).rejects.toThrow();
  });
}
