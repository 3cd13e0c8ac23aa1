import { AgentIdSchema } from "../schema/basics.ts";
import { AskedResourceSchema } from "../schema/task.ts";
import { Type } from "../typebox.ts";
import { method } from "./method.ts";

const nothing = Type.Object({});
const resources = Type.Array(AskedResourceSchema);
const onResources = method(Type.Object({ agentId: AgentIdSchema, resources }), nothing);
const onVolumes = method(Type.Object({ agentId: AgentIdSchema, volumes: resources }), nothing);

/**
 * Methods that turn resources of an agent into others (E11, E12). Offers that hold what is needed
 * are rescinded; what tasks use is not touched.
 */
export const resourceMethods = {
  "reserve-resources": method(
    Type.Object({ agentId: AgentIdSchema, resources, source: Type.Optional(resources) }),
    nothing,
  ),
  "unreserve-resources": onResources,
  "create-volumes": onVolumes,
  "destroy-volumes": onVolumes,
  "grow-volume": method(
    Type.Object({
      agentId: AgentIdSchema,
      volume: AskedResourceSchema,
      addition: AskedResourceSchema,
    }),
    nothing,
  ),
  "shrink-volume": method(
    Type.Object({ agentId: AgentIdSchema, volume: AskedResourceSchema, subtract: Type.Number() }),
    nothing,
  ),
} as const;
