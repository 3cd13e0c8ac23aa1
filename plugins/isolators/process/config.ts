import { oneOf } from "../../../contract/schema/basics.ts";
import { type Static, Type } from "../../../contract/typebox.ts";
import { type Namespace, namespaceNames } from "./namespaces.ts";

const capabilities = (description: string) =>
  Type.Optional(Type.Array(Type.String(), { uniqueItems: true, description }));

/** The plugin's config; `plugin.json` carries the same schema, and a test holds them together. */
export const ProcessConfigSchema = Type.Object(
  {
    namespaces: Type.Unsafe<readonly Namespace[]>(
      Type.Array(oneOf(...namespaceNames), {
        uniqueItems: true,
        default: [],
        description:
          "Namespaces that every container gets of its own: pid (it sees only its own processes, " +
          "and ends whole with the first; brings mount), mount, ipc, uts. It takes an agent that " +
          "runs as root, unshare and perl; what the host does not offer is left out and announced.",
      }),
    ),
    required: Type.Boolean({
      default: false,
      description:
        "Refuse to start where something that is configured here, switching users or limiting " +
        "resources cannot be done; otherwise that is announced in the log, by the gauge " +
        "process_degraded and on the agent's page /isolators.",
    }),
    disallowSharingAgentPidNamespace: Type.Boolean({
      default: false,
      description:
        "Refuse containers that ask to share the agent's pid namespace by " +
        "linuxInfo.sharePidNamespace.",
    }),
    noNewPrivileges: Type.Boolean({
      default: false,
      description:
        "Commands cannot gain privileges by set-user-id programs. A container can ask for it, too.",
    }),
    effectiveCapabilities: capabilities(
      "Capabilities in effect in containers that name none themselves, by name without CAP_ " +
        "(F64). Default: those that the kernel gives to their user.",
    ),
    boundingCapabilities: capabilities(
      "The most capabilities that a container may get or ask for. Default: no bound of its own.",
    ),
    allowedHostPaths: Type.Array(Type.String({ pattern: "^/", title: "an absolute path" }), {
      default: [],
      description:
        "Folders of the host that containers may mount, with all below them; those without an " +
        "image in their sandbox only.",
    }),
  },
  { additionalProperties: false },
);

/** The config with defaults filled in. */
export type ProcessConfig = Static<typeof ProcessConfigSchema>;
