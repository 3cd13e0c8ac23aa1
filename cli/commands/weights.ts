import type { Command } from "commander";
import { errors } from "../../contract/errors.ts";
import type { RoleName } from "../../contract/ids.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { withMaster } from "../master-client.ts";

const columns = [{ title: "ROLE" }, { title: "WEIGHT", align: "right" }] as const;

function weightOf(text: string): { role: RoleName; weight: number } {
  const [role = "", figure = "", more] = text.split("=");
  const weight = Number(figure);
  if (role !== "" && more === undefined && weight > 0 && Number.isFinite(weight)) {
    return { role: role as RoleName, weight };
  }
  const hint = "such as web=2.5; each role is a word of its own";
  throw errors.CLI_USAGE(`"${text}" is not of the form ROLE=WEIGHT`, hint);
}

const set = (context: CliContext): Command =>
  masterCommand("set", "Set weights of roles, now and after restarts")
    .argument("<role=weight...>", "roles with their weights, above 0")
    .action((texts: readonly string[], options: MasterOptions) => {
      const weights = texts.map(weightOf);
      return withMaster(context, options, async (client) => {
        await client.request("update-weights", { weights });
        if (context.output.format === "json") context.output.json({ weights });
        else
          for (const { role, weight } of weights) context.output.line(`${role} weighs ${weight}`);
      });
    });

/** `tepui weights`: what roles weigh, and how to change it (E7). */
export const weightsCommand: CliCommand = {
  name: "weights",
  build: (context: CliContext) =>
    masterCommand("weights", "Show or set the weights of roles")
      .action((options: MasterOptions) =>
        withMaster(context, options, async (client) => {
          const { roles } = await client.request("roles", {});
          const weights = roles.map(({ role, weight }) => ({ role, weight }));
          if (context.output.format === "json") context.output.json({ weights });
          else {
            context.output.table(
              columns,
              weights.map(({ role, weight }) => [role, weight]),
            );
          }
        }),
      )
      .addCommand(set(context)),
};
