import { Bytes, Duration } from "../../../contract/check/units.ts";
import { type Static, Type } from "../../../contract/typebox.ts";

const flag = (fallback: boolean, description: string) =>
  Type.Boolean({ default: fallback, description });
const absolute = { pattern: "^/", title: "an absolute path" };

/** The plugin's config; `plugin.json` carries the same schema, and a test holds them together. */
export const DockerConfigSchema = Type.Object(
  {
    socket: Type.String({
      ...absolute,
      default: "/var/run/docker.sock",
      description: "Unix socket of the Docker engine.",
    }),
    scope: Type.Optional(
      Type.String({
        title: "letters, digits, dots, dashes and underscores",
        pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
        description:
          "Marks this agent's containers in the engine. Default: made from the agent's work " +
          "folder, so that agents of one machine do not take each other's.",
      }),
    ),
    allowPrivileged: flag(
      false,
      "Allow privileged containers, and parameters that weaken isolation: cap-add, device, " +
        "security-opt, sysctl, the host's pid, ipc, uts and user namespaces.",
    ),
    allowedHostPaths: Type.Array(Type.String(absolute), {
      default: [],
      description: "Folders of the host that containers may mount, with all that is below them.",
    }),
    credentials: Type.Optional(
      Type.String({
        ...absolute,
        description:
          "File of registry credentials in Docker's form (config.json with auths), used where " +
          "the sandbox brings none.",
      }),
    ),
    pullTimeout: Duration({
      default: "10mins",
      unitMinimum: 100,
      unitMaximum: 86_400_000,
      description: "How long pulling an image may take.",
    }),
    engineTimeout: Duration({
      default: "1mins",
      unitMinimum: 0,
      unitMaximum: 86_400_000,
      description:
        "How long a launch waits for an engine that is away. Containers that run are waited for " +
        "without an end.",
    }),
    callTimeout: Duration({
      default: "2mins",
      unitMinimum: 100,
      unitMaximum: 3_600_000,
      description: "How long the engine may be silent in one call.",
    }),
    stopTimeout: Duration({
      default: "0secs",
      unitMinimum: 0,
      unitMaximum: 3_600_000,
      description: "Time that orphans get to end by themselves before they are killed (F25).",
    }),
    removeDelay: Duration({
      default: "0secs",
      unitMinimum: 0,
      unitMaximum: 31_536_000_000,
      description: "How long an ended container is kept in the engine for a look at it (F71).",
    }),
    killOrphans: flag(true, "Remove containers of this scope that the agent does not know."),
    enableCfs: flag(
      true,
      "Hold a container to its cpus even when others are idle. false: cpus are shares of a busy " +
        "machine only. A task with a limit of its own is always held to it.",
    ),
    pidsMax: Type.Integer({
      minimum: 0,
      maximum: 4_194_304,
      default: 4096,
      description: "Most processes and threads of one container; 0 is no limit.",
    }),
    logSizeMax: Bytes({
      default: "4GB",
      unitMinimum: 1 << 16,
      description:
        "Output of one container that the engine keeps for an agent that is not there to copy it.",
    }),
    init: flag(
      false,
      "Run docker-init as the first process, so that SIGTERM ends programs that do not handle it " +
        "and orphans in the container are reaped. The engine needs docker-init for it.",
    ),
  },
  { additionalProperties: false },
);

/** The config with defaults filled in; durations are milliseconds, sizes bytes. */
export type DockerConfig = Static<typeof DockerConfigSchema>;
