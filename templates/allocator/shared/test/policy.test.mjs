import assert from "node:assert/strict";
import { test } from "node:test";
import { Client, Slot } from "./abi.mjs";
import { Host } from "./host.mjs";
import { instantiate } from "./module.mjs";

const start = async (params) => new Host(await instantiate(), params);

test("an agent goes to the client that has least", async () => {
  const host = await start();
  const role = host.role({});
  host.client(role, { used: { cpus: 3 } });
  const poor = host.client(role, { used: { cpus: 1 } });
  const agent = host.agent({ cpus: 8, mem: 1024 });
  assert.deepEqual(host.allocate(), [{ agent, client: poor, cpus: 8 }]);
});

test("whoever is served falls back in line", async () => {
  const host = await start();
  const role = host.role({});
  for (let n = 0; n < 2; n++) host.client(role);
  for (let n = 0; n < 4; n++) host.agent({ cpus: 4, mem: 1024 });
  assert.deepEqual(
    host.allocate().map(({ client }) => client),
    [0, 1, 0, 1],
  );
});

test("twice the weight gets twice as much", async () => {
  const host = await start();
  const [light, heavy] = [host.role({ weight: 1 }), host.role({ weight: 2 })];
  host.client(light);
  host.client(heavy);
  for (let n = 0; n < 30; n++) host.agent({ cpus: 4, mem: 1024 });
  const served = host.allocate().filter(({ client }) => client === 1);
  assert.equal(served.length, 20);
});

test("the parameter says of which kind shares are made", async () => {
  for (const [kind, first] of [
    [0, 1],
    [1, 0],
  ]) {
    const host = await start([kind]);
    const role = host.role({});
    host.client(role, { used: { cpus: 4, mem: 100 } });
    host.client(role, { used: { cpus: 1, mem: 900 } });
    host.agent({ cpus: 8, mem: 1024 });
    assert.equal(host.allocate()[0].client, first);
  }
});

test("what a client has declined, or may not have, goes to the next in line", async () => {
  const host = await start();
  const role = host.role({});
  const declines = host.client(role);
  host.client(role, { flags: Client.SUPPRESSED });
  const takes = host.client(role, { used: { cpus: 7 } });
  const agent = host.agent({ cpus: 8, mem: 1024 });
  host.filter(agent, declines);
  assert.deepEqual(host.allocate(), [{ agent, client: takes, cpus: 8 }]);
});

test("no role gets more than its limit", async () => {
  const host = await start();
  host.client(host.role({ limit: { cpus: 6 } }));
  for (let n = 0; n < 3; n++) host.agent({ cpus: 4, mem: 1024 });
  assert.deepEqual(
    host.allocate().map(({ cpus }) => cpus),
    [4, 2, 0],
  );
});

test("a round ends when its steps are used up, and says how far it came", async () => {
  const host = await start();
  host.client(host.role({}));
  for (let n = 0; n < 9; n++) host.agent({ cpus: 4, mem: 1024 });
  assert.equal(host.allocate(3).length, 4);
  assert.equal(host.header[Slot.More], 1);
  assert.equal(host.header[Slot.Looked], 4);
});

test("a successor takes over the private state of its schema, and of no other", async () => {
  const before = await start();
  before.allocate();
  const after = await start();
  after.state().set(before.state());
  const bytes = after.state().length;
  assert.equal(after.exports.restore(1, bytes), 0);
  assert.notEqual(after.exports.restore(2, bytes), 0);
  after.allocate();
  assert.equal(after.state()[0], 2);
});
