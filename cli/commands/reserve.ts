import { Command } from "commander";
import { errors } from "../../contract/errors.ts";
import type { AgentId, RoleName } from "../../contract/ids.ts";
import { parseResources } from "../../contract/resources/text.ts";
import type { Reservation, Resource } from "../../contract/resources.ts";
import type { OperatorClient } from "../../sdk/index.ts";
import {
  amount,
  type CliCommand,
  type CliContext,
  type MasterOptions,
  masterCommand,
  named,
} from "../context.ts";
import { findAgent, withMaster } from "../master-client.ts";

interface ReserveOptions extends MasterOptions {
  readonly principal?: string;
}

interface VolumeOptions extends ReserveOptions {
  readonly role: RoleName;
  readonly id: string;
  readonly size: number;
  readonly path: string;
}

/** Reads `cpus(web):2;mem(web):1024` as dynamic reservations (E11). */
function reservedOf(text: string, principal: string | undefined): Resource[] {
  const read = parseResources(text);
  if (!read.ok) throw errors.CLI_USAGE(read.message);
  return read.value.resources.map((resource) => {
    const role = resource.reservations?.at(-1)?.role;
    if (role === undefined) {
      const hint = "name the role in parentheses, such as cpus(web):2;mem(web):1024";
      throw errors.CLI_USAGE(`"${text}" says no role for ${resource.name}`, hint);
    }
    return { ...resource, reservations: [reservationOf(role, principal)] };
  });
}

function reservationOf(role: RoleName, principal: string | undefined): Reservation {
  const type = "dynamic";
  return principal === undefined ? { type, role } : { type, role, principal };
}

function reserving(name: "reserve" | "unreserve", summary: string): CliCommand {
  return {
    name,
    build: (context: CliContext) =>
      masterCommand(name, summary)
        .argument("<agent>", "its id or its hostname", named)
        .argument("<resources>", "such as cpus(web):2;mem(web):1024")
        .option("--principal <name>", "in whose name the reservation is")
        .action((agent: string, text: string, options: ReserveOptions) => {
          const resources = reservedOf(text, options.principal);
          return onAgent(context, options, agent, `${name}d`, async (client, agentId) => {
            await client.request(`${name}-resources`, { agentId, resources });
          });
        }),
  };
}

/** `tepui reserve AGENT RESOURCES`: keeps resources of an agent for a role (E11). */
export const reserveCommand = reserving("reserve", "Keep resources of an agent for a role");

/** `tepui unreserve AGENT RESOURCES`: gives what was kept to everybody again (E11). */
export const unreserveCommand = reserving("unreserve", "Give reserved resources to everybody");

/** `tepui volume create|destroy|grow|shrink`: persistent volumes of an agent (E12). */
export const volumeCommand: CliCommand = {
  name: "volume",
  build: (context: CliContext) =>
    new Command("volume")
      .summary("Make and destroy persistent volumes")
      .description("Make, resize and destroy persistent volumes on reserved disk.")
      .addCommand(
        volumeSubcommand("create", "Make a volume of disk that is reserved for the role")
          .requiredOption("--size <mb>", "its size in MB", amount)
          .option("--path <path>", "where tasks find it, below their sandbox", "volume")
          .action((agent: string, options: VolumeOptions) =>
            onAgent(context, options, agent, "made", async (client, agentId) => {
              const volumes = [volumeOf(options)];
              await client.request("create-volumes", { agentId, volumes });
            }),
          ),
      )
      .addCommand(
        volumeSubcommand("destroy", "Destroy a volume and all that is in it").action(
          (agent: string, options: VolumeOptions) =>
            onAgent(context, options, agent, "destroyed", async (client, agentId) => {
              const volumes = [await volumeOn(client, agentId, options)];
              await client.request("destroy-volumes", { agentId, volumes });
            }),
        ),
      )
      .addCommand(
        volumeSubcommand("resize", "Make a volume larger or smaller")
          .requiredOption("--size <mb>", "its new size in MB", amount)
          .action((agent: string, options: VolumeOptions) =>
            onAgent(context, options, agent, "resized", (client, agentId) =>
              resize(client, agentId, options),
            ),
          ),
      ),
};

function volumeSubcommand(name: string, summary: string): Command {
  return masterCommand(name, summary)
    .argument("<agent>", "its id or its hostname", named)
    .requiredOption("--role <role>", "role that it belongs to")
    .requiredOption("--id <id>", "its name, unique for the role on the agent")
    .option("--principal <name>", "in whose name the disk is reserved");
}

function volumeOf({ role, id, size, path, principal }: VolumeOptions): Resource {
  return {
    name: "disk",
    scalar: Math.round(size * 1_000),
    reservations: [reservationOf(role, principal)],
    disk: {
      persistence: principal === undefined ? { id } : { id, principal },
      volume: { containerPath: path, mode: "RW" },
    },
  };
}

/** The volume as the agent has it. */
async function volumeOn(
  client: OperatorClient,
  agentId: AgentId,
  { role, id }: VolumeOptions,
): Promise<Resource> {
  const { view } = await findAgent(client, agentId);
  const found = view.total.find(
    ({ disk, reservations }) => disk?.persistence?.id === id && reservations?.at(-1)?.role === role,
  );
  if (found === undefined) throw errors.VOLUME_NOT_FOUND(agentId, role, id);
  return found;
}

async function resize(
  client: OperatorClient,
  agentId: AgentId,
  options: VolumeOptions,
): Promise<void> {
  const volume = await volumeOn(client, agentId, options);
  const by = Math.round(options.size * 1_000) - (volume.scalar ?? 0);
  if (by === 0) return;
  const asked = { agentId, volume };
  if (by < 0) {
    await client.request("shrink-volume", { ...asked, subtract: -by });
    return;
  }
  const { disk, ...rest } = volume;
  const source = disk?.source === undefined ? {} : { disk: { source: disk.source } };
  const addition = { ...rest, ...source, scalar: by };
  await client.request("grow-volume", { ...asked, addition });
}

/** Does something to an agent, and says so. */
async function onAgent(
  context: CliContext,
  options: MasterOptions,
  name: string,
  done: string,
  act: (client: OperatorClient, agentId: AgentId) => Promise<void>,
): Promise<void> {
  await withMaster(context, options, async (client) => {
    const { id: agentId } = await findAgent(client, name);
    await act(client, agentId);
    if (context.output.format === "json") context.output.json({ agentId });
    else context.output.line(`${done} on agent ${agentId}`);
  });
}
