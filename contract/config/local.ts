import { type Static, Type } from "../typebox.ts";
import { AgentConfigSchema } from "./agent.ts";
import { MasterConfigSchema } from "./master.ts";

/** Config of a master and agents on one machine (A11). */
export const LocalConfigSchema = Type.Object(
  {
    agents: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 1000,
      description: "Number of agents.",
    }),
    master: Type.Object(MasterConfigSchema.properties, {
      default: {},
      description: "Config of the master; its fields are those of a master's config file.",
    }),
    agent: Type.Object(AgentConfigSchema.properties, {
      default: {},
      description:
        "Config of every agent; its fields are those of an agent's config file. Ports, work " +
        "folders and the master's address are set for each.",
    }),
  },
  { title: "local", description: "Config of `tepui local`: a master and agents on one machine." },
);
/** See `LocalConfigSchema`. */
export type LocalConfig = Static<typeof LocalConfigSchema>;
