import { type Static, Type } from "../../../contract/typebox.ts";

/** The plugin's config; `plugin.json` carries the same schema, and a test holds them together. */
export const MesosConfig = Type.Object(
  {
    heartbeatMs: Type.Integer({
      minimum: 100,
      maximum: 3_600_000,
      default: 8_000,
      description: "Time between heartbeats on event streams. Some clients give up after 10 s.",
    }),
    executorHeartbeatMs: Type.Integer({
      minimum: 100,
      maximum: 86_400_000,
      default: 1_800_000,
      description: "Time between heartbeats to executors.",
    }),
    padStreams: Type.Boolean({
      default: true,
      description:
        "A heartbeat follows whatever is sent on an event stream, so that no client waits for " +
        "more to come before it sees the last event.",
    }),
    version: Type.String({
      pattern: "^[1-9]\\d*\\.\\d+\\.\\d+$",
      default: "1.11.0",
      description:
        "The Mesos version that is claimed, of the master and of every agent. " +
        "Clients read it as plain numbers.",
    }),
    bodyBytesMax: Type.Integer({
      minimum: 65_536,
      maximum: 1_073_741_824,
      default: 16_777_216,
      description: "Largest body of a request, also once unpacked.",
    }),
    recordBytesMax: Type.Integer({
      minimum: 65_536,
      maximum: 4_194_304,
      default: 3_145_728,
      description: "Offers are split over several events beyond this. Some clients take 4 MiB.",
    }),
    authenticateExecutors: Type.Boolean({
      default: false,
      description:
        "Executors must show the token of their environment; one that is shown is always checked.",
    }),
    credentials: Type.Array(
      Type.Object(
        {
          principal: Type.String({ minLength: 1, pattern: "^[^:]*$" }),
          secret: Type.String({ minLength: 1 }),
          exec: Type.Optional(
            Type.Boolean({
              description:
                "Whether it may run commands in tasks of an agent whose `exec.allow` is " +
                "`secret`, without that secret.",
            }),
          ),
        },
        { additionalProperties: false },
      ),
      {
        default: [],
        description:
          "Who may call, by HTTP basic authentication; nobody listed: everybody. " +
          "The native protocol of the same port asks for none of these.",
      },
    ),
  },
  { additionalProperties: false },
);
/** The plugin's config, defaults filled in. */
export type MesosConfig = Static<typeof MesosConfig>;
