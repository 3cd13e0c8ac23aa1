import { expect } from "vitest";
import { commandTask, type HttpFramework, scalar, type V1Offer } from "../support/framework.ts";
import { both, type Client, type Row } from "./suite.ts";

const role = "library";
const capabilities = ["MULTI_ROLE", "RESERVATION_REFINEMENT", "SHARED_RESOURCES"];
const info = { roles: [role], capabilities: capabilities.map((type) => ({ type })) };

const disk = scalar("disk", 50, { reservations: [{ type: "DYNAMIC", role }] });
const volume = {
  ...disk,
  disk: { persistence: { id: "books" }, volume: { mode: "RW", container_path: "books" } },
  shared: {},
};

/** A task that uses the volume. */
function user(id: string, command: string): object {
  const resources = [scalar("cpus", 0.1), scalar("mem", 32), volume];
  return commandTask(id, command, { resources });
}

function launchOf(offer: V1Offer, ...tasks: object[]): object {
  const infos = tasks.map((task) => ({ agent_id: offer.agent_id, ...task }));
  return { type: "LAUNCH", launch: { task_infos: infos } };
}

const seesVolume = ({ resources = [] }: V1Offer): boolean =>
  resources.some(({ shared }) => shared !== undefined && shared !== null);

/** The next offer that has the volume in it; others are turned down. */
async function offerOfVolume(framework: HttpFramework): Promise<V1Offer> {
  for (;;) {
    const offer = await framework.offer();
    if (seesVolume(offer)) return offer;
    const decline = { offer_ids: [offer.id], filters: { refuse_seconds: 0.1 } };
    await framework.call("DECLINE", { decline });
  }
}

/** What became of an operation. */
async function outcome(framework: HttpFramework): Promise<object | undefined> {
  const event = await framework.next("UPDATE_OPERATION_STATUS");
  return event.update_operation_status?.status;
}

const soon = { refuse_seconds: 0.1 };
const wait = "until test -e books/stop; do sleep 0.1; done";

const destroy = { destroy: { volumes: [volume] } };

/** Neither a framework nor an operator may destroy the volume while it is in use. */
async function refusesDestroy(client: Client, framework: HttpFramework): Promise<void> {
  const offer = await offerOfVolume(framework);
  const destroy_volumes = { agent_id: offer.agent_id, volumes: [volume] };
  const { status } = await client.operator({ type: "DESTROY_VOLUMES", destroy_volumes });
  expect(status).toBe(409);
  const operation = { type: "DESTROY", id: { value: "early" }, ...destroy };
  await framework.accept(offer, [operation], soon);
  expect(await outcome(framework)).toMatchObject({
    operation_id: { value: "early" },
    state: "OPERATION_ERROR",
    message: expect.stringContaining("in use"),
  });
}

/** Volumes that several tasks use at once. */
export const sharedVolumeRows: readonly Row[] = [
  both("6.6", "tasks and frameworks share a volume, which stays while in use", async (client) => {
    const first = await client.framework(info);
    const whole = await first.offer();
    const operations = [
      { type: "RESERVE", reserve: { resources: [disk] } },
      { type: "CREATE", create: { volumes: [volume] } },
      launchOf(
        whole,
        user("writer", `echo written > books/page; ${wait}`),
        user("reader", `until grep written books/page; do sleep 0.1; done; ${wait}`),
      ),
    ];
    // The rest is the other framework's.
    expect(await first.call("SUPPRESS")).toBe(202);
    expect(await first.accept(whole, operations, soon)).toBe(202);
    await first.reach("TASK_RUNNING", "writer");
    await first.reach("TASK_RUNNING", "reader");

    // Whoever cannot share is not offered it.
    const { roles } = info;
    const third = await client.framework({
      roles,
      capabilities: capabilities.slice(0, 2).map((type) => ({ type })),
    });
    expect(seesVolume(await third.offer())).toBe(false);
    await third.teardown();

    const second = await client.twin.framework(info);
    const offered = await offerOfVolume(second);
    const read = user("late", "until grep written books/page; do sleep 0.1; done");
    await second.accept(offered, [launchOf(offered, read)], soon);
    await second.reach("TASK_FINISHED", "late");

    const { slaves } = await client.view<{ slaves: { used_resources: { disk: number } }[] }>(
      "/slaves",
    );
    expect(slaves[0]?.used_resources.disk).toBe(50);
    await refusesDestroy(client, second);

    const stop = await offerOfVolume(second);
    await second.accept(stop, [launchOf(stop, user("stop", "touch books/stop"))], soon);
    await first.reach("TASK_FINISHED");
    await first.reach("TASK_FINISHED");
    await second.reach("TASK_FINISHED", "stop");
    const last = await offerOfVolume(second);
    const end = { type: "DESTROY", id: { value: "late" }, ...destroy };
    const free = { type: "UNRESERVE", unreserve: { resources: [disk] } };
    await second.accept(last, [end, free], soon);
    expect(await outcome(second)).toMatchObject({ state: "OPERATION_FINISHED" });
    expect(seesVolume(await second.offer())).toBe(false);
    const after = await client.view<{ slaves: { reserved_resources: object }[] }>("/slaves");
    expect(after.slaves[0]?.reserved_resources).toEqual({});
  }),
];
