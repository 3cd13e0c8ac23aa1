import { expect, test } from "vitest";
import { operationRecords } from "../../agent/core/steps/operation.ts";
import type { FrameworkId, RoleName, UpdateId } from "../../contract/ids.ts";
import { limits } from "../../contract/limits.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import { CoreBench, F1 } from "./support/core.ts";

const cpus: Resource = {
  name: "cpus",
  scalar: 1_000,
  reservations: [{ type: "dynamic", role: "web" as RoleName }],
};
const volume: Resource = {
  name: "disk",
  scalar: 64_000,
  reservations: [{ type: "dynamic", role: "web" as RoleName }],
  disk: { persistence: { id: "v1" }, volume: { containerPath: "data", mode: "RW" } },
};

function reserve(bench: CoreBench, uuid: string, id?: string): CoreBench {
  return bench.order({
    type: "apply-operation",
    frameworkId: F1,
    operationUuid: uuid as UpdateId,
    operation: { type: "RESERVE", resources: [cpus], ...(id && { id }) },
    resources: [cpus],
  });
}

/** The last message of the kind that tells of operations. */
function told(bench: CoreBench) {
  return bench.sent.filter((message) => message.type === "operation-update").at(-1);
}

test("E11 what operations made of the resources is there after a restart", () => {
  const bench = new CoreBench().register();
  reserve(bench, "u1");
  bench.restart().register();
  expect(bench.sent.findLast(({ type }) => type === "reregister")).toMatchObject({
    agent: { resources: [cpus] },
  });
});

test("C18 an outcome that nobody asked for is told once", () => {
  const bench = new CoreBench().register();
  bench.did();
  reserve(bench, "u1");
  expect(bench.did()).toEqual(["operation-update"]);
  expect(told(bench)?.status.uuid).toBeUndefined();
  bench.pass(700_000);
  expect(bench.did().filter((word) => word === "operation-update")).toEqual([]);
});

test("C18 one that was asked for is told until it is acknowledged, restarts included", () => {
  const bench = new CoreBench().register();
  reserve(bench, "u1", "op1");
  const uuid = told(bench)?.status.uuid;
  expect(told(bench)?.status).toMatchObject({ operationId: "op1", state: "OPERATION_FINISHED" });
  bench.did();
  const times = (): number => bench.did().filter((word) => word === "operation-update").length;
  bench.pass(9_999);
  expect(times()).toBe(0);
  bench.pass(1);
  expect(times()).toBe(1);
  bench.pass(19_999);
  expect(times()).toBe(0);
  bench.pass(1);
  expect(times()).toBe(1);
  bench.restart().register();
  expect(times()).toBe(1);
  expect(told(bench)?.status.uuid).toBe(uuid);
  bench.order({ type: "acknowledge-operation", uuid: uuid as UpdateId });
  expect([...bench.store.keys()].filter((key) => key.startsWith("operation/"))).toEqual([]);
  bench.pass(700_000);
  expect(times()).toBe(0);
});

test("B21, C18 a returning agent tells of every operation that is not acknowledged", () => {
  const bench = new CoreBench().register();
  reserve(bench, "u1", "op1");
  const { uuid } = told(bench)?.status ?? {};
  reserve(bench, "u2");
  bench.restart().register();
  const operation = { type: "RESERVE", resources: [cpus], id: "op1" };
  const status = { operationId: "op1", state: "OPERATION_FINISHED", uuid, agentId: "a1" };
  const records = [{ uuid: "u1", frameworkId: F1, applied: { operation, status } }];
  expect(bench.sent.findLast(({ type }) => type === "reregister")).toMatchObject({
    operations: records,
  });
  // At once, and with what was asked for, should the master not know of it.
  expect(bench.did().at(-1)).toBe("operation-update");
  expect(told(bench)).toMatchObject({ operationUuid: "u1", operation, status });
  bench.order({ type: "acknowledge-operation", uuid: uuid as UpdateId });
  bench.do({ type: "link-down" }).register();
  expect(bench.sent.findLast(({ type }) => type === "reregister")).toMatchObject({
    operations: [],
  });
});

test("B21 an agent can come back however much is not acknowledged", () => {
  const bench = new CoreBench().register();
  const count = 120;
  for (let at = 0; at < count; at++) {
    const id = `${at}`.padEnd(60_000, "x");
    reserve(bench, `u${at}`, id);
  }
  const records = operationRecords(bench.state);
  expect(records).toHaveLength(count);
  const told = records.filter(({ applied }) => applied !== undefined);
  // Each is told with its id twice.
  expect(told).toHaveLength(Math.floor(limits.reregisterOperationsBytesMax / 120_500));
  expect(told).toEqual(records.slice(0, told.length));
  const names = records.slice(told.length);
  expect(names.every((record) => Object.keys(record).join() === "uuid,frameworkId")).toBe(true);
});

test("C18, O3 whoever a framework is now, it hears at once of its own operations alone", () => {
  const bench = new CoreBench().register();
  reserve(bench, "u1", "op1");
  bench.order({
    type: "apply-operation",
    frameworkId: "f2" as FrameworkId,
    operationUuid: "u2" as UpdateId,
    operation: { type: "RESERVE", resources: [cpus], id: "op2" },
    resources: [cpus],
  });
  bench.did();
  // It was never told of the framework otherwise.
  expect(bench.state.frameworks.size).toBe(0);
  bench.order({ type: "update-framework", framework: bench.framework() });
  expect(bench.did()).toEqual(["operation-update"]);
  expect(told(bench)?.operationUuid).toBe("u1");
  expect(bench.state.frameworks.size).toBe(0);
  bench.order({ type: "shutdown-framework", frameworkId: F1 });
  expect([...bench.store.keys()].filter((key) => key.startsWith("operation/"))).toEqual([
    "operation/u2",
  ]);
  bench.restart().register();
  expect([...bench.state.operations.keys()]).toEqual(["u2"]);
});

test("C18 a framework stays known while an operation of it is not acknowledged", () => {
  const bench = new CoreBench().register();
  const framework = bench.framework();
  const role = "*" as RoleName;
  bench.order({ type: "launch", frameworkId: F1, framework, role, tasks: [] });
  reserve(bench, "u1", "op1");
  bench.do({ type: "link-down" }).register();
  expect([...bench.state.frameworks.keys()]).toEqual([F1]);
});

test("E12 volumes come and go with their operations", () => {
  const bench = new CoreBench().register();
  bench.did();
  const change = (type: "CREATE" | "DESTROY"): void => {
    bench.order({
      type: "apply-operation",
      operationUuid: "u1" as UpdateId,
      operation: { type, volumes: [volume] },
      resources: [volume],
    });
  };
  change("CREATE");
  expect(bench.did()).toEqual(["make-volume v1", "operation-update"]);
  change("DESTROY");
  expect(bench.did()).toEqual(["remove-volume v1", "operation-update"]);
});
