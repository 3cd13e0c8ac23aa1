import { expect, test } from "vitest";
import type { RoleName, UpdateId } from "../../contract/ids.ts";
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
  expect(bench.did()).toEqual(["make", "operation-update"]);
  change("DESTROY");
  expect(bench.did()).toEqual(["remove", "operation-update"]);
});
