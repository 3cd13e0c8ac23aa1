import { expect, test } from "vitest";
import { WasmPolicy } from "../../kernel/allocation/wasm-policy.ts";
import { AgentFlag } from "../../kernel/core/tables/shape.ts";
import { AllocationTables } from "../../kernel/core/tables.ts";
import { Spares } from "../../kernel/io/spares.ts";
import { shipped } from "../allocation/support/compile.ts";
import { MemoryRegistry, policyMaster } from "./support/policies.ts";

const fifo = shipped("fifo");

test("a spare instance is handed out once, and only while it fits the tables", () => {
  const tables = new AllocationTables();
  const start = (name: string) => new WasmPolicy({ ...fifo, name }, tables, { deadlineMs: 10_000 });
  const spares = new Spares();
  const [old, one, two] = [start("one"), start("one"), start("two")];
  for (const instance of [old, one, two]) spares.put(instance);
  expect(spares.take("one", tables)).toBe(one);
  expect(spares.take("one", tables)).toBeUndefined();
  for (let n = 0; n < 300; n++) tables.addAgent(AgentFlag.ACTIVE);
  expect(spares.take("two", tables)).toBeUndefined();
  for (let n = 0; n < 9; n++) spares.put(start(`many${n}`));
  expect(spares.take("many0", tables)).toBeUndefined();
  expect(spares.take("many8", tables)?.name).toBe("many8");
  spares.drop("many7");
  expect(spares.take("many7", tables)).toBeUndefined();
});

test("a promotion takes the instance that was tried out, or that was live before", async () => {
  const { policies, rounds } = await policyMaster(new MemoryRegistry());
  let starts = 0;
  const { tryOut } = rounds;
  rounds.tryOut = (...args) => {
    starts += 1;
    return tryOut.apply(rounds, args);
  };
  for (const plugin of ["fair", "fifo", "quincy"]) await policies.load({ plugin });
  const names = ["fair", "fifo", "quincy", "drf", "quincy", "fair"];
  for (const name of names) await policies.promote({ name });
  expect(starts).toBe(3);
  // Settings of an instance that waits would be the old ones.
  await policies.configure({ name: "fifo", config: { backFill: 0 } });
  await policies.promote({ name: "fifo" });
  expect(starts).toBe(4);
});
