import { expect } from "vitest";
import { commandTask, type HttpFramework, scalar, type V1Offer } from "../support/framework.ts";
import { both, type Row } from "./suite.ts";

const aware = { capabilities: [{ type: "PARTITION_AWARE" }] };
const multi = { roles: ["r"], capabilities: [{ type: "MULTI_ROLE" }] };
const refined = {
  roles: ["r"],
  capabilities: [{ type: "MULTI_ROLE" }, { type: "RESERVATION_REFINEMENT" }],
};

async function killed(framework: HttpFramework, id: string): Promise<void> {
  expect(await framework.call("KILL", { kill: { task_id: { value: id } } })).toBe(202);
  await framework.reach("TASK_KILLED", id);
}

/** §6.7: killing, reconciling, acknowledging. */
const edges: Row[] = [
  both(
    "6.7",
    "killing a task that nobody knows is answered as reconciling it is",
    async (client) => {
      for (const [info, state] of [
        [{}, "TASK_LOST"],
        [aware, "TASK_UNKNOWN"],
      ] as const) {
        const framework = await client.framework(info);
        await framework.call("KILL", { kill: { task_id: { value: "nobody" } } });
        expect(await framework.status()).toMatchObject({ state, reason: "REASON_RECONCILIATION" });
      }
    },
  ),
  both("6.7", "reconciling says the state, without uuid and data, and why", async (client) => {
    const framework = await client.framework();
    await framework.launch(await framework.offer(), [commandTask("t", "sleep 600")]);
    await framework.reach("TASK_RUNNING");
    const task = { task_id: { value: "t" } };
    for (const tasks of [[task], []]) {
      expect(await framework.call("RECONCILE", { reconcile: { tasks } })).toBe(202);
      const status = await framework.status();
      expect(status).toMatchObject({
        state: "TASK_RUNNING",
        source: "SOURCE_MASTER",
        reason: "REASON_RECONCILIATION",
        message: "Reconciliation: Latest task state",
        agent_id: { value: expect.stringMatching(/-S\d+$/) },
      });
      expect(Object.keys(status)).not.toContain("uuid");
      expect(Object.keys(status)).not.toContain("data");
    }
    await killed(framework, "t");
  }),
  both("6.7", "a task unknown to its agent is TASK_GONE or TASK_LOST", async (client) => {
    for (const [info, state] of [
      [{}, "TASK_LOST"],
      [aware, "TASK_GONE"],
    ] as const) {
      const framework = await client.framework(info);
      const { agent_id } = await framework.offer();
      const tasks = [{ task_id: { value: "x" }, agent_id }];
      await framework.call("RECONCILE", { reconcile: { tasks } });
      expect(await framework.status()).toMatchObject({ state, agent_id });
      await framework.teardown();
    }
  }),
  both("6.7", "KILL for another agent than the task's is ignored", async (client) => {
    const framework = await client.framework();
    await framework.launch(await framework.offer(), [commandTask("t", "sleep 600")]);
    await framework.reach("TASK_RUNNING");
    const kill = { task_id: { value: "t" }, agent_id: { value: "elsewhere" } };
    expect(await framework.call("KILL", { kill })).toBe(202);
    await framework.call("RECONCILE", { reconcile: {} });
    expect((await framework.status()).state).toBe("TASK_RUNNING");
    await killed(framework, "t");
  }),
  both("6.7", "an acknowledgement with an unknown uuid is 202 and ignored", async (client) => {
    const framework = await client.framework();
    await framework.launch(await framework.offer(), [commandTask("t", "sleep 600")]);
    const first = await framework.status();
    const uuid = Buffer.alloc(16, 9);
    await framework.acknowledge({
      ...first,
      uuid: (client.wire === "json" ? uuid.toString("base64") : uuid) as never,
    });
    // The same status comes again, since nobody has acknowledged it.
    expect((await framework.status()).uuid).toEqual(first.uuid);
  }),
];

/** §6.8: what an offer holds. */
const offers: Row[] = [
  both("6.8", "an offer says where the agent is, and what is offered", async (client) => {
    const framework = await client.framework();
    const offer = await framework.offer();
    expect(offer.framework_id).toEqual(framework.id);
    expect(offer.url).toMatchObject({
      scheme: "http",
      address: { hostname: offer.hostname, ip: "127.0.0.1", port: expect.any(Number) },
      path: "/slave(1)",
    });
    const kinds = Object.fromEntries((offer.resources ?? []).map(({ name, type }) => [name, type]));
    expect(kinds).toMatchObject({ cpus: "SCALAR", mem: "SCALAR", disk: "SCALAR", ports: "RANGES" });
    expect(offer.attributes?.map(({ name }) => name)).toContain("rack");
  }),
  both(
    "6.8",
    "without MULTI_ROLE there is no allocation_info, and the role is *",
    async (client) => {
      const offer = await (await client.framework()).offer();
      expect(offer.allocation_info).toBeUndefined();
      for (const resource of offer.resources ?? []) {
        expect(resource.allocation_info).toBeUndefined();
        expect(resource.role).toBe("*");
      }
    },
  ),
  both("6.8", "with MULTI_ROLE every resource says for which role", async (client) => {
    const offer = await (await client.framework(multi)).offer();
    expect(offer.allocation_info).toEqual({ role: "r" });
    for (const resource of offer.resources ?? []) {
      expect(resource.allocation_info).toEqual({ role: "r" });
    }
  }),
  both("6.8", "reservations take the form of the framework's capabilities", async (client) => {
    for (const info of [multi, refined]) {
      const framework = await client.framework(info);
      const offer = await framework.offer();
      const reserved = await reserve(framework, offer, info === refined);
      const isRefined = info === refined;
      expect(reserved).toMatchObject(
        isRefined
          ? { reservations: [{ type: "DYNAMIC", role: "r" }] }
          : { role: "r", reservation: {} },
      );
      expect(Object.keys(reserved)).not.toContain(isRefined ? "role" : "reservations");
      // It would hold what the next one waits for.
      await framework.teardown();
    }
  }),
];

/** Reserves a little, looks at it in an offer, and gives it back. */
async function reserve(framework: HttpFramework, offer: V1Offer, isRefined: boolean) {
  const form = isRefined
    ? { reservations: [{ type: "DYNAMIC", role: "r" }] }
    : { role: "r", reservation: {} };
  const resources = [scalar("mem", 64, { allocation_info: { role: "r" }, ...form })];
  const none = { refuse_seconds: 0 };
  await framework.accept(offer, [{ type: "RESERVE", reserve: { resources } }], none);
  for (;;) {
    const next = await framework.offer();
    const found = next.resources?.find(
      ({ name, reservation, reservations }) => name === "mem" && (reservation ?? reservations),
    );
    if (found === undefined) {
      await framework.accept(next, [], none);
      continue;
    }
    await framework.accept(next, [{ type: "UNRESERVE", unreserve: { resources } }], none);
    return found as Record<string, unknown>;
  }
}

/** §6.9: what a status holds. */
const statuses: Row[] = [
  both(
    "6.9",
    "an agent's status names agent, executor, container, address, time and uuid",
    async (client) => {
      const framework = await client.framework();
      const offer = await framework.offer();
      await framework.launch(offer, [commandTask("t", "sleep 600")]);
      const status = await framework.reach("TASK_RUNNING");
      expect(status).toMatchObject({
        agent_id: offer.agent_id,
        executor_id: { value: "t" },
        source: "SOURCE_EXECUTOR",
        container_status: {
          container_id: { value: expect.stringMatching(/^[0-9a-f-]{36}$/) },
          network_infos: [
            { ip_addresses: [{ protocol: "IPv4", ip_address: offer.url?.address.ip }] },
          ],
        },
      });
      const uuid = Buffer.from(status.uuid as never, client.wire === "json" ? "base64" : undefined);
      expect(uuid.length).toBe(16);
      expect(Math.abs(Number(status.timestamp) * 1000 - Date.now())).toBeLessThan(60_000);
      await killed(framework, "t");
    },
  ),
  both("6.9", "the message of a failed command says how it ended", async (client) => {
    const framework = await client.framework();
    await framework.launch(await framework.offer(), [commandTask("t", "exit 3")]);
    const status = await framework.reach("TASK_FAILED");
    expect(status).toMatchObject({
      source: "SOURCE_EXECUTOR",
      message: "Command exited with status 3",
    });
  }),
];

/** §6.7 to §6.9 of the API's description. */
export const taskRows: readonly Row[] = [...edges, ...offers, ...statuses];
