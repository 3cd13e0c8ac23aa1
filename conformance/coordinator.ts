import { strict as assert } from "node:assert";
import type { Coordinator, Leadership } from "../contract/ports/coordinator.ts";
import type { MasterInfo } from "../contract/schema/agent.ts";
import type { Rule } from "./rule.ts";

/** Makes a coordinator over a registry that is empty. */
export type MakeCoordinator = () => Promise<CoordinatorUnderTest>;

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

function rule(
  name: string,
  check: (under: CoordinatorUnderTest) => Promise<void>,
): Rule<MakeCoordinator> {
  return {
    name,
    async run(make) {
      const under = await make();
      try {
        await check(under);
      } finally {
        await under.close();
      }
    },
  };
}

async function isLost({ lost }: Leadership): Promise<void> {
  assert.equal(typeof (await lost).reason, "string");
}

/** What every coordinator must do (G1–G5), each over a registry of its own. */
export const coordinatorRules: readonly Rule<MakeCoordinator>[] = [
  rule("a campaign ends in leadership, and others are told who leads (G1)", async (under) => {
    const seen: (string | undefined)[] = [];
    const stop = under.coordinator.watch((leader) => seen.push(leader?.id));
    await under.coordinator.campaign(self(1), never);
    assert.equal((await under.coordinator.leader())?.id, "m1");
    assert.deepEqual(seen, [undefined, "m1"]);
    stop();
  }),

  rule("what was written is read again, in key order, by prefix (G4, G5)", async (under) => {
    const term = await under.coordinator.campaign(self(1), never);
    await term.write({
      entries: [
        { key: "agents/b", value: { port: 2 } },
        { key: "agents/a", value: { port: 1 } },
        { key: "weights/a", value: 2.5 },
      ],
    });
    assert.deepEqual(await term.read("agents/"), [
      { key: "agents/a", value: { port: 1 } },
      { key: "agents/b", value: { port: 2 } },
    ]);
    await term.write({ entries: [{ key: "agents/a", value: undefined }] });
    const keys = (await term.read("")).map(({ key }) => key);
    assert.deepEqual(keys, ["agents/b", "weights/a"]);
  }),

  rule("a restarted master finds what was durable, under a later epoch", async (under) => {
    const first = await under.coordinator.campaign(self(1), never);
    await first.write({ entries: [{ key: "agents/a", value: 1 }] });
    const again = await under.reopen();
    const second = await again.campaign(self(2), never);
    assert.ok(second.epoch > first.epoch, `epoch ${second.epoch} after ${first.epoch}`);
    assert.deepEqual(await second.read("agents/"), [{ key: "agents/a", value: 1 }]);
  }),

  rule("a deposed leader learns of it and can write no more (G1)", async (under) => {
    const first = await under.coordinator.campaign(self(1), never);
    const second = await under.coordinator.campaign(self(2), never);
    await isLost(first);
    const late = first.write({ entries: [{ key: "agents/late", value: 1 }] });
    await assert.rejects(late, { code: "REGISTRY_FENCED" });
    assert.deepEqual(await second.read("agents/"), []);
  }),

  rule("one refused write leaves none of its entries behind (G4)", async (under) => {
    const first = await under.coordinator.campaign(self(1), never);
    const second = await under.coordinator.campaign(self(2), never);
    const entries = [
      { key: "agents/a", value: 1 },
      { key: "agents/b", value: 1 },
    ];
    await assert.rejects(first.write({ entries }));
    assert.deepEqual(await second.read(""), []);
  }),

  rule("resigning ends the term and leaves no leader", async (under) => {
    const term = await under.coordinator.campaign(self(1), never);
    await term.resign();
    await isLost(term);
    assert.equal(await under.coordinator.leader(), undefined);
  }),

  rule("a campaign that is called off rejects", async (under) => {
    await assert.rejects(under.coordinator.campaign(self(1), AbortSignal.abort()));
  }),
];
