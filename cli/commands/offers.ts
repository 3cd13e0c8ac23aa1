import { type Offer, printResources } from "../../sdk/index.ts";
import { type CliCommand, type CliContext, type MasterOptions, masterCommand } from "../context.ts";
import { withMaster } from "../master-client.ts";
import { policyText } from "../policy/tables.ts";

const columns = [
  { title: "OFFER" },
  { title: "FRAMEWORK" },
  { title: "AGENT" },
  { title: "ROLE" },
  { title: "POLICY" },
  { title: "RESOURCES" },
] as const;

/** A row of `tepui offers`. */
export function offerRow({ id, frameworkId, hostname, role, policy, resources }: Offer) {
  const by = policy && policyText(policy);
  return [id, frameworkId, hostname, role, by, printResources(resources)];
}

/** `tepui offers`: offers that wait for an answer. */
export const offersCommand: CliCommand = {
  name: "offers",
  build: (context: CliContext) =>
    masterCommand("offers", "List offers that wait for a framework's answer").action(
      (options: MasterOptions) =>
        withMaster(context, options, async (client) => {
          const offers: Offer[] = [];
          for await (const offer of client.all("offers", {})) offers.push(offer);
          if (context.output.format === "json") context.output.json({ offers });
          else context.output.table(columns, offers.map(offerRow));
        }),
    ),
};
