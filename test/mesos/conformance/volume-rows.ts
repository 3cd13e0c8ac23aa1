import { expect } from "vitest";
import { until } from "../../support/until.ts";
import { commandTask, type HttpFramework, scalar, type V1Offer } from "../support/framework.ts";
import { both, type Client, type Row } from "./suite.ts";

const principal = "keeper";
const NONE = { refuse_seconds: 0 };
const share = [scalar("cpus", 0.1), scalar("mem", 32)];

/** What becomes a volume of a role: reserved disk, and the same with a volume on it. */
function diskOf(role: string): { reserved: object; volume: object } {
  const reservations = [{ type: "DYNAMIC", role, principal }];
  const persistence = { id: `volume-of-${role}`, principal };
  const disk = { persistence, volume: { container_path: "kept", mode: "RW" } };
  return {
    reserved: scalar("disk", 64, { reservations }),
    volume: scalar("disk", 64, { reservations, disk }),
  };
}

/** A framework whose role has the name of the row and of the client's form. */
async function ofRole(client: Client, row: string) {
  const role = `${row}-${client.wire}`;
  const capabilities = [{ type: "MULTI_ROLE" }, { type: "RESERVATION_REFINEMENT" }];
  const framework = await client.framework({ roles: [role], capabilities, principal });
  return { role, framework, ...diskOf(role) };
}

type Offered = NonNullable<V1Offer["resources"]>[number];

const volumeId = ({ disk }: Offered): string | undefined => disk?.persistence?.id;

/** The next offer that `holds`; others are given back at once. */
async function offerThat(
  framework: HttpFramework,
  holds: (offer: V1Offer) => boolean,
): Promise<V1Offer> {
  for (;;) {
    const offer = await framework.offer();
    if (holds(offer)) return offer;
    await framework.accept(offer, [], NONE);
  }
}

const hasVolume = ({ resources = [] }: V1Offer) => resources.some(volumeId);

/** A task that uses the volume. */
function taskWith(volume: object, id: string, command: string): object {
  return commandTask(id, command, { resources: [...share, volume] });
}

/** How a task ends that uses the volume. An offer that was taken back meanwhile loses it: again. */
async function endOf(framework: HttpFramework, volume: object, id: string, command: string) {
  for (;;) {
    await framework.launch(
      await offerThat(framework, hasVolume),
      [taskWith(volume, id, command)],
      NONE,
    );
    for (;;) {
      const status = await framework.status();
      await framework.acknowledge(status);
      const { state, reason, task_id } = status;
      if (task_id.value !== id || state === "TASK_STARTING" || state === "TASK_RUNNING") continue;
      if (reason === "REASON_INVALID_OFFERS") break;
      return state;
    }
  }
}

/** Waits until nothing of an agent is reserved for a role. */
async function nothingReserved(client: Client, agent: string, role: string): Promise<void> {
  await until("the agent to have nothing reserved", async () => {
    const { slaves } = await client.view<{ slaves: { reserved_resources: object }[] }>(
      `/slaves?slave_id=${agent}`,
    );
    return !(role in (slaves[0]?.reserved_resources ?? {})) || undefined;
  });
}

/** Persistent volumes: what a task leaves there is found by the next one, until it is destroyed. */
export const volumeRows: readonly Row[] = [
  both(
    "6.6",
    "RESERVE, CREATE and LAUNCH in one ACCEPT: a volume outlives the task that wrote to it",
    async (client) => {
      const { framework, reserved, volume, role } = await ofRole(client, "accepted");
      const offer = await framework.offer();
      const agent = offer.agent_id.value;
      const first = taskWith(volume, "first", "echo word > kept/file");
      const operations = [
        { type: "RESERVE", reserve: { resources: [reserved] } },
        { type: "CREATE", create: { volumes: [volume] } },
        { type: "LAUNCH", launch: { task_infos: [{ ...first, agent_id: offer.agent_id }] } },
      ];
      expect(await framework.accept(offer, operations, NONE)).toBe(202);
      await framework.reach("TASK_FINISHED", "first");

      const again = await offerThat(framework, hasVolume);
      expect(again.agent_id.value).toBe(agent);
      expect(again.resources?.find(volumeId)).toMatchObject(volume);
      const second = taskWith(volume, "second", 'test "$(cat kept/file)" = word');
      await framework.launch(again, [second], NONE);
      await framework.reach("TASK_FINISHED", "second");

      const last = await offerThat(framework, hasVolume);
      const undone = [
        { type: "DESTROY", destroy: { volumes: [volume] } },
        { type: "UNRESERVE", unreserve: { resources: [reserved] } },
      ];
      expect(await framework.accept(last, undone, NONE)).toBe(202);
      await nothingReserved(client, agent, role);
      const isSame = ({ agent_id }: V1Offer) => agent_id.value === agent;
      expect(hasVolume(await offerThat(framework, isSame))).toBe(false);
    },
  ),
  both(
    "8.6",
    "operators create a volume and destroy it, and with it what was written",
    async (client) => {
      const { framework, reserved, volume, role } = await ofRole(client, "operated");
      const agent_id = (await framework.offer()).agent_id;
      const change = async (type: string, list: "resources" | "volumes", one: object) => {
        const body = { agent_id, [list]: [one] };
        return (await client.operator({ type, [type.toLowerCase()]: body })).status;
      };
      expect(await change("CREATE_VOLUMES", "volumes", volume)).toBe(409);
      expect(await change("RESERVE_RESOURCES", "resources", reserved)).toBe(202);
      expect(await change("CREATE_VOLUMES", "volumes", volume)).toBe(202);
      expect(await change("CREATE_VOLUMES", "volumes", volume)).toBe(400);

      const writes = "echo word > kept/file";
      expect(await endOf(framework, volume, "writes", writes)).toBe("TASK_FINISHED");
      await framework.launch(await offerThat(framework, hasVolume), [
        taskWith(volume, "holds", "exec sleep 600"),
      ]);
      await framework.reach("TASK_RUNNING", "holds");
      expect(await change("DESTROY_VOLUMES", "volumes", volume)).toBe(409);
      await framework.call("KILL", { kill: { task_id: { value: "holds" } } });
      await framework.reach("TASK_KILLED", "holds");
      await framework.call("REVIVE");
      expect(await endOf(framework, volume, "there", "cat kept/file")).toBe("TASK_FINISHED");

      expect(await change("DESTROY_VOLUMES", "volumes", volume)).toBe(202);
      expect(await change("CREATE_VOLUMES", "volumes", volume)).toBe(202);
      expect(await endOf(framework, volume, "gone", "cat kept/file")).toBe("TASK_FAILED");

      expect(await change("DESTROY_VOLUMES", "volumes", volume)).toBe(202);
      expect(await change("UNRESERVE_RESOURCES", "resources", reserved)).toBe(202);
      await nothingReserved(client, agent_id.value, role);
    },
  ),
];
