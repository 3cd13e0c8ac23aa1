import { describe, expect, test } from "vitest";
import { inherit, madeOf } from "../../agent/core/inherit.ts";
import type { RoleName, UpdateId } from "../../contract/ids.ts";
import { normalize } from "../../contract/resources.ts";
import type { Operation } from "../../contract/schema/offer.ts";
import type { Reservation, Resource } from "../../contract/schema/resource.ts";
import { CoreBench, F1 } from "./support/core.ts";

const web = "web" as RoleName;
const dynamic: Reservation = { type: "dynamic", role: web };
const fixed: Reservation = { type: "static", role: web };

const cpus = (amount: number, ...reservations: Reservation[]): Resource => ({
  name: "cpus",
  scalar: amount * 1_000,
  ...(reservations.length === 0 ? {} : { reservations }),
});
const disk = (amount: number, ...reservations: Reservation[]): Resource => ({
  ...cpus(amount, ...reservations),
  name: "disk",
});
const volume = (amount: number, ...reservations: Reservation[]): Resource => ({
  ...disk(amount, ...reservations),
  disk: { persistence: { id: "v1" }, volume: { containerPath: "data", mode: "RW" } },
});
const mount: Pick<Resource, "disk"> = { disk: { source: { type: "MOUNT", root: "/m" } } };

/** What a new agent has that is configured as the old one was. */
function again(declared: Resource[], held: Resource[]): unknown {
  return inherit(madeOf(declared, held), declared, "equal");
}

describe("E11, E12 what operations made of an agent's resources goes to the next one", () => {
  const shared: Resource = { ...volume(2, dynamic), shared: true };
  const child: Reservation = { type: "dynamic", role: "web/a" as RoleName };
  test.each<[string, Resource[], Resource[]]>([
    ["a reservation", [cpus(4)], [cpus(3), cpus(1, dynamic)]],
    ["ports", [ports(1, 9)], [ports(1, 4), { ...ports(5, 9), reservations: [dynamic] }]],
    ["a volume", [disk(9)], [disk(5), disk(2, dynamic), volume(2, dynamic)]],
    ["a volume that is shared", [disk(9)], [disk(7), shared]],
    [
      "a volume on disk that the config reserves",
      [disk(9, fixed)],
      [disk(5, fixed), volume(4, fixed)],
    ],
    ["a refined reservation", [cpus(4, fixed)], [cpus(3, fixed), cpus(1, fixed, child)]],
    ["one refined twice", [cpus(4)], [cpus(3), cpus(1, dynamic, child)]],
    [
      "more than the config reserves so itself",
      [cpus(4), cpus(1, dynamic)],
      [cpus(3), cpus(2, dynamic)],
    ],
    [
      "a volume on disk that the config reserves so",
      [disk(9, dynamic)],
      [disk(5, dynamic), volume(4, dynamic)],
    ],
    [
      "a mounted disk as a whole",
      [{ ...disk(9), ...mount }],
      [{ ...volume(9, dynamic), disk: { ...volume(9).disk, ...mount.disk } }],
    ],
    ["and nothing else", [cpus(4), cpus(1, dynamic)], [cpus(4), cpus(1, dynamic)]],
  ])("%s", (_name, declared, held) => {
    expect(again(declared, held)).toEqual({ resources: normalize(held) });
  });

  test("also to one that is configured otherwise, as long as it has room for that", () => {
    const made = madeOf([disk(9), cpus(4)], [disk(5), volume(4, dynamic), cpus(4)]);
    expect(made).toEqual([volume(4, dynamic)]);
    expect(inherit(made, [disk(6)], "equal")).toEqual({
      resources: [disk(2), volume(4, dynamic)],
    });
    expect(inherit(made, [disk(3)], "additive")).toEqual({
      problem: "it has not got what disk(dynamic web)[volume:v1]:4 is made of",
    });
    expect(inherit(made, [disk(3)], "any")).toEqual({ resources: [disk(3)] });
  });
});

function ports(begin: number, end: number): Resource {
  return { name: "ports", ranges: [{ begin, end }] };
}

const total = [cpus(4), disk(9)];
const held = [cpus(4), disk(5), volume(4, dynamic)];

/** The agent is told to hold a volume, and makes it. */
function created(bench: CoreBench, id?: string): CoreBench {
  const operation: Operation = { type: "CREATE", volumes: [volume(4, dynamic)], ...(id && { id }) };
  bench.order({
    type: "apply-operation",
    frameworkId: F1,
    operationUuid: "u1" as UpdateId,
    operation,
    resources: held,
  });
  return bench.do({ type: "volume-changed", change: "make-volume", volume: volume(4, dynamic) });
}

describe("E11, E12 an agent that is sent away", () => {
  test.each(["MACHINE_DOWN", "AGENT_GONE"])("by %s leaves volumes to a new one", (code) => {
    const bench = created(new CoreBench(total).register(), "op1");
    bench.order({ type: "shutdown", code, message: "go" });
    expect([...bench.store.keys()]).toEqual(["agent"]);
    bench.restart().register();
    const [register] = bench.sent.filter(({ type }) => type === "register").slice(-1);
    expect(register).toMatchObject({ agent: { resources: held } });
    expect(register).not.toHaveProperty("agent.id");
    bench.restart().register();
    expect(bench.sent.at(-1)).toMatchObject({ type: "reregister", agent: { resources: held } });
  });

  test("leaves nothing where nothing was made", () => {
    const bench = new CoreBench(total).register().do({ type: "leave" });
    expect(bench.store.size).toBe(0);
  });

  test("holds what it is told on its way out", () => {
    const bench = new CoreBench(total).register().launch("t1").held().do({ type: "leave" });
    created(bench).exited({ code: 0 });
    created(bench);
    expect(bench.restart().state.info).toMatchObject({ resources: held });
    expect(bench.state.info.id).toBeUndefined();
  });

  test("and cleaned up before the next one registered still leaves its volumes (F2)", () => {
    const bench = created(new CoreBench(total).register()).do({ type: "leave" });
    bench.restart().do({ type: "leave" }).restart();
    expect(bench.state.info.resources).toEqual(held);
  });

  test("may be followed by any that has room for what it left, and by no other", () => {
    const bench = created(new CoreBench(total).register()).do({ type: "leave" });
    const other = { hostname: "other", resources: [disk(4)], attributes: [] };
    expect(bench.restart(other).state.info.resources).toEqual([volume(4, dynamic)]);
    const small = { resources: [disk(3)] };
    expect(() => bench.restart(small)).toThrow("it has not got what disk");
  });
});

test("E12 a volume that is there is not made a second time, which would empty it", () => {
  const bench = new CoreBench(total).register();
  bench.did();
  expect(created(bench).did()).toEqual(["make-volume v1", "operation-update"]);
  expect(created(bench).did()).toEqual(["operation-update"]);
});
