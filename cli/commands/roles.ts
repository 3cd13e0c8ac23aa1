import type { RoleView } from "../../sdk/index.ts";
import { scalarCell } from "../cells.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { withMaster } from "../master-client.ts";

const columns = [
  { title: "ROLE" },
  { title: "WEIGHT", align: "right" },
  { title: "FRAMEWORKS", align: "right" },
  { title: "CPUS", align: "right" },
  { title: "MEM", align: "right" },
  { title: "GUARANTEE" },
  { title: "LIMIT" },
] as const;

function quantitiesText(quantities: Readonly<Record<string, number>> = {}): string {
  return Object.entries(quantities)
    .map(([name, milli]) => `${name}:${milli / 1000}`)
    .join(";");
}

/** A row of `tepui roles`. */
export function roleRow({ role, weight, frameworks, allocated, guarantee, limit }: RoleView) {
  return [
    role,
    weight,
    frameworks.length,
    scalarCell(allocated, "cpus"),
    scalarCell(allocated, "mem"),
    quantitiesText(guarantee),
    quantitiesText(limit),
  ];
}

/** `tepui roles`: roles with weights, quotas and what they use (E19). */
export const rolesCommand: CliCommand = {
  name: "roles",
  build: (context: CliContext) =>
    masterCommand("roles", "List roles with their weights, quotas and use").action(
      (options: MasterOptions) =>
        withMaster(context, options, async (client) => {
          const { roles } = await client.request("roles", {});
          if (context.output.format === "json") context.output.json({ roles });
          else context.output.table(columns, roles.map(roleRow));
        }),
    ),
};
