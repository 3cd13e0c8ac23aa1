import { frameworkCallSchemas } from "../../../contract/framework-api.ts";
import { type Offer, Scheduler, type SchedulerOptions } from "../../../sdk/index.ts";
import { type Call, FakeServer } from "./fake-server.ts";

const master = { id: "m1", hostname: "localhost", ip: "127.0.0.1", port: 5050, version: "0.1.0" };

/** A fake master that gives the framework the id `fw` and records its calls. */
export async function fakeMaster(
  port = 5050,
  network?: FakeServer["network"],
): Promise<FakeServer> {
  const fake = await FakeServer.listen("framework", frameworkCallSchemas, port, network);
  fake.answer = (call: Call) => {
    if (call.type === "subscribe") fake.say({ type: "subscribed", frameworkId: "fw", master });
  };
  return fake;
}

/** A scheduler that dials the fake master, with reconciliation in steps of a few milliseconds. */
export function schedulerFor(fake: FakeServer, options: Partial<SchedulerOptions> = {}): Scheduler {
  return new Scheduler({
    name: "test",
    user: "nobody",
    masters: "127.0.0.1:5050",
    dial: fake.dial,
    reconcileMsMin: 10,
    reconcileMsMax: 40,
    ...options,
  });
}

/** An offer of one agent: two cpus, 2 GiB. */
export function offerOf(id: string, agentId = "a1", cpus = 2): Offer {
  return {
    id,
    frameworkId: "fw",
    agentId,
    role: "*",
    hostname: `host-${agentId}`,
    ip: "127.0.0.1",
    port: 5051,
    resources: [
      { name: "cpus", scalar: cpus * 1000 },
      { name: "mem", scalar: 2_048_000 },
    ],
  } as unknown as Offer;
}

/** A status as an agent's update stream sends it: with a uuid made of one digit. */
export function statusOf(
  taskId: string,
  state: string,
  digit?: string,
): Record<string, unknown> & { state: string } {
  const uuid = digit === undefined ? {} : { uuid: digit.repeat(32) };
  return { taskId, state, agentId: "a1", ...uuid };
}
