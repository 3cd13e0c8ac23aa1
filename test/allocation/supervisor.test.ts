import { expect, test } from "vitest";
import { AllocationRounds } from "../../kernel/allocation/round.ts";
import { type PolicySpec, PolicySupervisor } from "../../kernel/allocation/supervisor.ts";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { Cluster } from "./support/cluster.ts";
import { misbehaving, shipped } from "./support/compile.ts";

const deadlineMs = 10_000;
const drf: PolicySpec = { policy: shipped("drf"), options: { deadlineMs } };
const fifo: PolicySpec = { policy: shipped("fifo"), options: { deadlineMs } };
/** See assembly/testing/faulty.ts: 0 is well, 1 traps, 12 traps after so many rounds in all. */
const faulty = (name: string, ...params: number[]): PolicySpec => ({
  policy: { ...misbehaving("faulty"), name },
  options: { deadlineMs, params },
});

function start(first: PolicySpec) {
  const cluster = new Cluster();
  cluster.client("f", "a");
  cluster.agent("a0", 4, 8);
  const { tables } = cluster;
  const supervisor = new PolicySupervisor();
  const rounds = new AllocationRounds(supervisor, () => 0);
  supervisor.promote(first, tables, 0);
  return {
    cluster,
    tables,
    supervisor,
    round: () => {
      tables.touchAll();
      const decisions = rounds.run(tables, { seed: 1, nowMs: 0, stepsMax: 1000 });
      return decisions?.lost ? `lost by ${decisions.policy}` : decisions?.policy;
    },
  };
}

test("a promotion does not wait for what the policy before had to wait for", () => {
  const { tables, supervisor, round } = start(faulty("bad", 1));
  for (let n = 0; n < 6; n++) round();
  expect(supervisor.standing).toBe("built-in");
  supervisor.promote(drf, tables, 6);
  expect([round(), supervisor.standing]).toEqual(["drf", "live"]);
});

test("private state goes to a successor with the same schema, and to no other", () => {
  const { tables, supervisor, round } = start(faulty("one", 12, 3));
  round();
  round();
  supervisor.promote(faulty("two", 12, 3), tables, 2);
  expect(supervisor.events.at(-1)).toMatchObject({ what: "promoted", tookOver: true });
  // The third round of both together is the last good one.
  expect([round(), round()]).toEqual(["two", "lost by two"]);
  supervisor.promote(fifo, tables, 4);
  expect(supervisor.events.at(-1)).toMatchObject({ previous: { name: "two" }, tookOver: false });
});

test("a policy that comes back warm has the state that it left, unless a newer one is handed over", () => {
  const { tables, supervisor, round } = start(faulty("one", 12, 3));
  round();
  round();
  supervisor.promote(fifo, tables, 2);
  round();
  expect(supervisor.rollback(tables, 3)).toBe(true);
  expect(supervisor.events.at(-1)).toMatchObject({ what: "rolled-back", tookOver: false });
  expect([round(), round()]).toEqual(["one", "lost by one"]);
});

test("going back twice is going forth again", () => {
  const { tables, supervisor, round } = start(drf);
  supervisor.promote(fifo, tables, 0);
  expect(supervisor.previous?.name).toBe("drf");
  supervisor.rollback(tables, 0);
  expect([round(), supervisor.previous?.name]).toEqual(["drf", "fifo"]);
  supervisor.rollback(tables, 0);
  expect([round(), supervisor.previous?.name]).toEqual(["fifo", "drf"]);
});

test("what is kept beside a new policy is the one that ran, not the one in quarantine", () => {
  const { tables, supervisor, round } = start(drf);
  supervisor.promote(faulty("bad", 1), tables, 0);
  for (let n = 0; n < 8; n++) round();
  expect([round(), supervisor.standing]).toEqual(["drf", "previous"]);
  const out = supervisor.events.filter(({ what }) => what === "quarantined");
  expect(out).toMatchObject([{ name: "bad", standing: "previous", detail: "drf decides" }]);
  expect(supervisor.keptBeside(fifo)?.name).toBe("drf");
  supervisor.promote(fifo, tables, 9);
  expect(supervisor.previous?.name).toBe("drf");
  supervisor.rollback(tables, 9);
  expect([round(), supervisor.standing, supervisor.previous?.name]).toEqual([
    "drf",
    "live",
    "fifo",
  ]);
});

test("out of quarantine one can go back to the policy that runs, and the bad one is kept", () => {
  const { tables, supervisor, round } = start(drf);
  supervisor.promote(faulty("bad", 1), tables, 0);
  for (let n = 0; n < 8; n++) round();
  supervisor.rollback(tables, 8);
  expect([round(), supervisor.standing, supervisor.previous?.name]).toEqual(["drf", "live", "bad"]);
});

test("settings change between two rounds, of the live policy and of the kept one", () => {
  const { tables, supervisor, round } = start(faulty("one", 0));
  const bad = faulty("one", 1);
  const live = supervisor.live;
  supervisor.configure({ ...bad, policy: live as typeof bad.policy });
  expect(round()).toBe("lost by one");
  supervisor.configure({ ...faulty("one", 0), policy: live as typeof bad.policy });
  expect(round()).toBe("one");
  supervisor.promote(drf, tables, 2);
  supervisor.configure({ ...bad, policy: live as typeof bad.policy });
  supervisor.rollback(tables, 2);
  expect(round()).toBe("lost by one");
});

test("settings change of a policy that serves in place of one in quarantine", () => {
  const good = faulty("good", 0);
  const { tables, supervisor, round } = start(good);
  supervisor.promote(faulty("bad", 1), tables, 0);
  for (let n = 0; n < 8; n++) round();
  expect([round(), supervisor.standing]).toEqual(["good", "previous"]);
  supervisor.configure({ ...faulty("good", 1), policy: good.policy });
  expect(round()).toBe("lost by good");
});

test("another companion takes another instance, which has the private state", () => {
  const compiler = () => ({ compile: () => new Uint8Array(0) });
  const spec = faulty("one", 12, 3);
  const { supervisor, round } = start({
    ...spec,
    options: { ...spec.options, companion: { compiler } },
  });
  round();
  round();
  supervisor.configure({ ...spec, options: { ...spec.options, companion: { compiler } } });
  // Had it begun anew, there would be two more good rounds.
  expect([round(), round()]).toEqual(["one", "lost by one"]);
  expect(supervisor.events.map(({ what }) => what)).toEqual(["promoted", "fault"]);
});

test("an instance that was started before is taken while it fits, and else another one is made", () => {
  const { cluster, tables, supervisor, round } = start(drf);
  const tooSmall = new WasmPolicy(fifo.policy, tables, fifo.options);
  for (let n = 0; n < 300; n++) cluster.agent(`more${n}`, 1, 1);
  expect(tooSmall.fits(tables)).toBe(false);
  supervisor.promote(fifo, tables, 0, tooSmall);
  expect(round()).toBe("fifo");
});

test("what was kept for a rollback is handed back once nothing uses it, and else goes on", () => {
  const { tables, supervisor, round } = start(drf);
  const first = new WasmPolicy(fifo.policy, tables, fifo.options);
  expect(supervisor.promote(fifo, tables, 0, first)).toBeUndefined();
  const one = faulty("one", 0);
  const idle = supervisor.promote(one, tables, 1);
  expect(idle?.name).toBe("drf");
  expect(supervisor.promote(drf, tables, 2, idle)).toBe(first);
  // Of the policy that is kept the instance is taken, and so there is none to hand back.
  expect(supervisor.promote(one, tables, 3)?.name).toBeUndefined();
  expect([round(), supervisor.previous?.name]).toEqual(["one", "drf"]);
});

test("a policy that a master before us kept takes over from a bad one", () => {
  const { supervisor, round } = start(faulty("bad", 1));
  supervisor.keep(drf);
  for (let n = 0; n < 8; n++) round();
  expect([round(), supervisor.standing]).toEqual(["drf", "previous"]);
});

test.each([
  ["traps over", 0, "POLICY_TRAP"],
  ["never ends with", 1, "POLICY_DEADLINE"],
])("a policy that %s its predecessor's state is promoted all the same, cold", (_, how, code) => {
  const { tables, supervisor, round } = start(drf);
  const options = { deadlineMs: 400, params: [how] };
  const fragile = { policy: misbehaving("fragile"), options };
  round();
  supervisor.promote(fragile, tables, 1);
  expect([round(), supervisor.standing]).toEqual(["fragile", "live"]);
  const [fault, promoted] = supervisor.events.slice(-2);
  expect(fault).toMatchObject({ what: "fault", code, name: "fragile" });
  expect(promoted).toMatchObject({ what: "promoted", tookOver: false });
  expect(supervisor.faultCounts.get(code as never)).toBe(1);
});

test("so does one that is gone back to, and one that runs on in larger tables", () => {
  const { cluster, tables, supervisor, round } = start(drf);
  const fragile = { policy: misbehaving("fragile"), options: { deadlineMs: 10_000, params: [0] } };
  supervisor.promote(fragile, tables, 1);
  supervisor.promote(drf, tables, 2);
  expect(supervisor.rollback(tables, 3)).toBe(true);
  for (let n = 0; n < 300; n++) cluster.agent(`more${n}`, 1, 1);
  expect([round(), supervisor.standing]).toEqual(["fragile", "live"]);
  expect(supervisor.events.filter(({ what }) => what === "fault")).toHaveLength(3);
});
