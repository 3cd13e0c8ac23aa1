import { Duration } from "../check/units.ts";
import { type Static, Type } from "../typebox.ts";

/** The address that a process listens on. */
export function ListenSchema(port: number) {
  return Type.Object(
    {
      host: Type.String({
        default: "127.0.0.1",
        minLength: 1,
        description:
          "Address to listen on. Anything but a loopback address is refused without " +
          "authentication unless `insecureRemote` is set.",
      }),
      port: Type.Integer({
        default: port,
        minimum: 0,
        maximum: 65535,
        description: "Port to listen on; 0 takes a free one and says which in the log.",
      }),
      advertise: Type.Optional(
        Type.String({
          title: "HOST:PORT",
          notation: "host:port",
          description:
            "`HOST:PORT` under which others reach this process, IPv6 in brackets. Default: what " +
            "it listens on; where that is every address, the machine's first that others reach.",
        }),
      ),
    },
    { default: {}, description: "Where the process listens." },
  );
}
/** See `ListenSchema`. */
export type ListenConfig = Static<ReturnType<typeof ListenSchema>>;

/** One plugin to run. */
export const PluginEntrySchema = Type.Object({
  plugin: Type.String({
    minLength: 1,
    description:
      "A path that starts with `./`, `../` or `/` (relative to the config file), the name of a " +
      "built-in plugin, or the name of an installed npm package.",
  }),
  as: Type.Optional(
    Type.String({
      title: "a name of small letters, digits and dashes",
      pattern: "^[a-z][a-z0-9-]*$",
      description: "Another name to run under; lets one plugin run twice.",
    }),
  ),
  config: Type.Optional(
    Type.Object(
      {},
      {
        additionalProperties: true,
        description: "The plugin's own config, checked by the schema in its manifest.",
      },
    ),
  ),
  startTimeout: Type.Optional(
    Duration({ unitMinimum: 1, description: "How long its start may take. Default: 30secs." }),
  ),
});

/** The list of plugins of a process, with what it runs when the config says nothing. */
export function PluginsSchema(defaults: readonly string[], description: string) {
  return Type.Array(PluginEntrySchema, {
    default: defaults.map((plugin) => ({ plugin })),
    maxItems: 256,
    description,
  });
}

/** What is logged, and how. */
export const LogSchema = Type.Object(
  {
    level: Type.Unsafe<"debug" | "info" | "warn" | "error" | "silent">({
      type: "string",
      enum: ["debug", "info", "warn", "error", "silent"],
      default: "info",
      description: "The least severe lines that are written.",
    }),
    file: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "A file that lines are appended to. Without it they go to the error stream, and the " +
          "log is not to be had over HTTP.",
      }),
    ),
  },
  { default: {}, description: "What is logged, and how." },
);
/** See `LogSchema`. */
export type LogConfig = Static<typeof LogSchema>;

/** The flag that lets a process listen to other machines without authentication. */
export const InsecureRemoteSchema = Type.Boolean({
  default: false,
  description:
    "Allows listening on an address that other machines reach although no authentication is set " +
    "up. Anyone who reaches it can run programs; the process warns at every start.",
});
