import type { Command } from "commander";
import { errors } from "../../contract/errors.ts";
import type { RoleName } from "../../contract/ids.ts";
import { parseQuantities, printQuantities } from "../../contract/resources/text.ts";
import type { Quantities } from "../../contract/schema/framework.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { withMaster } from "../master-client.ts";

const columns = [{ title: "ROLE" }, { title: "GUARANTEE" }, { title: "LIMIT" }] as const;

interface QuotaOptions extends MasterOptions {
  readonly guarantee?: Quantities;
  readonly limit?: Quantities;
  readonly force?: boolean;
}

function quantities(text: string): Quantities {
  // Cut to three decimals such an amount is nothing, and a limit of nothing blocks the role.
  if (/:\s*0*\.000\d*[1-9]/.test(text)) {
    throw errors.CLI_USAGE(`"${text}" has an amount below 0.001`, "amounts have three decimals");
  }
  const read = parseQuantities(text);
  const [only, ...others] = read.ok ? read.value : [];
  if (only !== undefined && others.length === 0) return only;
  const why = read.ok ? "it must be one list" : read.message;
  throw errors.CLI_USAGE(`"${text}" are no quantities: ${why}`, 'such as "cpus:10;mem:1024"');
}

function cell(amounts: Quantities | undefined): string {
  return amounts === undefined ? "-" : printQuantities([amounts]);
}

/** Asks for the change, and shows the role's quota as it is then. */
function change(context: CliContext, options: QuotaOptions, role: string): Promise<void> {
  const { guarantee, limit, force } = options;
  const quota = {
    role: role as RoleName,
    ...(guarantee === undefined ? {} : { guarantee }),
    ...(limit === undefined ? {} : { limit }),
  };
  return withMaster(context, options, async (client) => {
    const forced = force === undefined ? {} : { force };
    const { warnings = [] } = await client.request("update-quota", { quotas: [quota], ...forced });
    for (const { code, message, hint } of warnings) {
      context.output.warn(`${code}: ${message}${hint === undefined ? "" : `; ${hint}`}`);
    }
    const said = warnings.length === 0 ? {} : { warnings };
    if (context.output.format === "json") context.output.json({ quotas: [quota], ...said });
    else context.output.line(`${role}: guarantee ${cell(guarantee)}, limit ${cell(limit)}`);
  });
}

const set = (context: CliContext): Command =>
  masterCommand("set", "Replace the quota of a top-level role")
    .argument("<role>", "the role")
    .option(
      "--guarantee <amounts>",
      "what it gets before others, such as cpus:10;mem:1024",
      quantities,
    )
    .option("--limit <amounts>", "the most it gets", quantities)
    .option("--force", "even if the cluster cannot keep it, or more is in use")
    .action((role: string, options: QuotaOptions) => {
      if (options.guarantee !== undefined || options.limit !== undefined) {
        return change(context, options, role);
      }
      throw errors.CLI_USAGE("neither --guarantee nor --limit", "`tepui quota remove` removes it");
    });

const remove = (context: CliContext): Command =>
  masterCommand("remove", "Remove the quota of a role")
    .argument("<role>", "the role")
    .action((role: string, options: MasterOptions) => change(context, options, role));

/** `tepui quota`: guarantees and limits of roles, and how to change them (E8, E9). */
export const quotaCommand: CliCommand = {
  name: "quota",
  build: (context: CliContext) =>
    masterCommand("quota", "Show, set or remove the quotas of roles")
      .action((options: MasterOptions) =>
        withMaster(context, options, async (client) => {
          const { roles } = await client.request("roles", {});
          const quotas = roles
            .filter(({ guarantee, limit }) => guarantee !== undefined || limit !== undefined)
            .map(({ role, guarantee, limit }) => ({ role, guarantee, limit }));
          if (context.output.format === "json") context.output.json({ quotas });
          else {
            context.output.table(
              columns,
              quotas.map(({ role, guarantee, limit }) => [role, cell(guarantee), cell(limit)]),
            );
          }
        }),
      )
      .addCommand(set(context))
      .addCommand(remove(context)),
};
