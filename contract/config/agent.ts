import { Bytes, Duration } from "../check/units.ts";
import { type Static, Type } from "../typebox.ts";
import { InsecureRemoteSchema, ListenSchema, LogSchema, PluginsSchema } from "./shared.ts";

/** How status updates are sent again until they are acknowledged. */
const StatusUpdatesSchema = Type.Object(
  {
    retryMin: Duration({
      default: "10secs",
      unitMinimum: 1,
      description: "First wait before an update that was not acknowledged is sent again.",
    }),
    retryMax: Duration({
      default: "10mins",
      unitMinimum: 1,
      description: "Longest wait; it doubles up to this.",
    }),
  },
  { default: {}, description: "How status updates are sent again until they are acknowledged." },
);

/** How files of tasks are fetched. */
const FetcherSchema = Type.Object(
  {
    cacheSize: Bytes({
      default: "2GB",
      description:
        "Room for what tasks fetch with `cache`, in `fetch` below `workDir`; the least recently " +
        "used goes first (F42).",
    }),
    stallTimeout: Duration({
      default: "1mins",
      unitMinimum: 1,
      description: "A server that sends nothing for so long is asked again (F42).",
    }),
  },
  { default: {}, description: "How files of tasks are fetched (F41, F42)." },
);

/** Images that the agent unpacks itself. */
const ImagesSchema = Type.Object(
  {
    dir: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "Folder with images: `NAME[:TAG].tar`, `.tar.gz` and so on, written by `docker save`, " +
          "as an OCI archive or a plain root filesystem, or a folder `NAME[:TAG]` with an OCI " +
          "layout. Default: none, and images take an engine (F70).",
      }),
    ),
    backend: Type.Union([Type.Literal("auto"), Type.Literal("overlay"), Type.Literal("copy")], {
      default: "auto",
      description:
        "How a container gets the files of its image: `overlay` shares them and keeps what it " +
        "changes apart, `copy` copies them all. `auto` copies only where the disk of `workDir` " +
        "cannot be overlaid, which is announced.",
    }),
    cacheSize: Bytes({
      default: "10GB",
      description:
        "Room for unpacked images, in `images` below `workDir`; the least recently used that no " +
        "container is in goes first.",
    }),
    gcDelay: Duration({
      default: "1weeks",
      unitMinimum: 1,
      description: "Unpacked images are removed when no container was in them for so long.",
    }),
  },
  { default: {}, description: "Images that the agent unpacks itself, without an engine (F70)." },
);

/** What tasks print. */
const OutputsSchema = Type.Object(
  {
    size: Bytes({
      default: "0B",
      description:
        "Length at which `stdout` or `stderr` of a task becomes `stdout.1` and a new one is " +
        "begun; 0 is never. It takes a small process for each task that no engine runs, which " +
        "writes what that prints.",
    }),
    files: Type.Integer({
      default: 5,
      minimum: 2,
      maximum: 1_000,
      description: "Files that are kept of each output, with the one that is written.",
    }),
  },
  { default: {}, description: "Rotation of what tasks print into their sandboxes (F11)." },
);

/** Who may run further commands in tasks, and how many at once. */
const ExecSchema = Type.Object(
  {
    allow: Type.Union([Type.Literal("nobody"), Type.Literal("loopback"), Type.Literal("secret")], {
      default: "loopback",
      description:
        "Who may run commands in tasks: `nobody`, whoever reaches the agent over the loopback " +
        "address, thus every user of its machine, or whoever shows the `secret`, from anywhere.",
    }),
    secretFile: Type.Optional(
      Type.String({
        minLength: 1,
        description:
          "File with the secret that `tepui exec` must show: one line of 16 characters or more, " +
          "read at the start.",
      }),
    ),
    sessionsMax: Type.Integer({
      default: 64,
      minimum: 1,
      maximum: 10_000,
      description: "Commands in tasks that people may talk to at once.",
    }),
    sessionsPerTaskMax: Type.Integer({
      default: 8,
      minimum: 1,
      maximum: 10_000,
      description: "The same, in one task.",
    }),
  },
  { default: {}, description: "Commands that people run in tasks by `tepui exec`." },
);

/** Config of an agent. Durations are milliseconds once it is read. Features A3, F, L. */
export const AgentConfigSchema = Type.Object(
  {
    master: Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }))], {
      notation: "masters",
      default: "127.0.0.1:5050",
      description:
        "`HOST:PORT` of the master, or a list of all masters; the agent asks them who leads.",
    }),
    listen: ListenSchema(5051),
    insecureRemote: InsecureRemoteSchema,
    hostname: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Name of this machine in offers. Default: what the system says.",
      }),
    ),
    workDir: Type.String({
      default: ".tepui/agent",
      minLength: 1,
      description:
        "Folder for sandboxes and checkpoints, relative to the working directory. It must " +
        "survive restarts, and no two agents may share it (F1).",
    }),
    resources: Type.Optional(
      Type.Union([Type.String(), Type.Array(Type.Object({}, { additionalProperties: true }))], {
        notation: "resources",
        description:
          "Resources to offer, as text (`cpus:8;mem:16384;gpus:2;ports:[31000-32000]`) or as a " +
          "list of resource objects. Kinds that are not named are detected (F7).",
      }),
    ),
    defaultRole: Type.String({
      default: "*",
      minLength: 1,
      notation: "role",
      description: "Role of resources that name none.",
    }),
    attributes: Type.String({
      notation: "attributes",
      default: "",
      description: "Attributes of the machine, as `rack:r1;zone:west;generation:3` (F8).",
    }),
    domain: Type.Optional(
      Type.Object(
        {
          region: Type.String({ minLength: 1, description: "Region of the machine." }),
          zone: Type.String({ minLength: 1, description: "Zone of the machine in its region." }),
        },
        { description: "Fault domain of the machine." },
      ),
    ),
    plugins: PluginsSchema(
      ["uws-msgpack", "mesos-v1-http", "process"],
      "Transports, isolators and other plugins of the agent. Isolators act in the order of the " +
        "list. A list replaces the default.",
    ),
    reconfigurationPolicy: Type.Union(
      [Type.Literal("equal"), Type.Literal("additive"), Type.Literal("any")],
      {
        default: "equal",
        description:
          "How an agent may differ from what it was when it registered: `equal` not at all in " +
          "hostname, resources, attributes and domain, `additive` by having more (B32). With " +
          "`any` it may, and other resources than before lose their reservations and volumes.",
      },
    ),
    switchUser: Type.Boolean({
      default: true,
      description:
        "Tasks run as the user that their framework names, which needs an agent that runs as " +
        "root (F9). Otherwise everything runs as the agent's own user.",
    }),
    environment: Type.Record(Type.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }), Type.String(), {
      default: {},
      description:
        "Variables of all containers, such as `LANG`, `HOME` or a `PATH` of this machine (F13). " +
        "What the agent sets itself, and what a command asks for, comes before them.",
    }),
    registrationBackoffFactor: Duration({
      default: "1secs",
      unitMinimum: 1,
      description:
        "Longest random wait before the first registration; it doubles up to 1 min (B20).",
    }),
    executorRegistrationTimeout: Duration({
      default: "1mins",
      unitMinimum: 1,
      description: "How long an executor may take to register, downloads included (B40).",
    }),
    executorReregistrationTimeout: Duration({
      default: "2secs",
      unitMinimum: 1,
      unitMaximum: 15_000,
      description: "How long a restarted agent waits for its executors to come back (B41).",
    }),
    executorShutdownGracePeriod: Duration({
      default: "5secs",
      description: "Time between asking an executor to end and killing it.",
    }),
    recoveryTimeout: Duration({
      default: "15mins",
      description: "How long executors wait for a restarted agent before they end (B42).",
    }),
    statusUpdates: StatusUpdatesSchema,
    fetcher: FetcherSchema,
    images: ImagesSchema,
    exec: ExecSchema,
    outputs: OutputsSchema,
    gcDelay: Duration({
      default: "1weeks",
      description:
        "Sandboxes are removed this long after their end, sooner as the disk fills: times one " +
        "less the part of it that is in use, less `gcDiskHeadroom` (F6).",
    }),
    gcMinAge: Duration({
      default: "5mins",
      description:
        "Sandboxes are kept this long after their end however full the disk is, but not longer " +
        "than `gcDelay`: others may be reading in them. Mesos keeps them for no time then.",
    }),
    gcDiskHeadroom: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 1,
      description: "Part of the disk that garbage collection keeps free (F6).",
    }),
    diskWatchInterval: Duration({
      default: "1mins",
      unitMinimum: 1,
      description: "Time between looks at the disk for garbage collection (F6).",
    }),
    maxCompletedExecutorsPerFramework: Type.Integer({
      default: 150,
      minimum: 0,
      description:
        "Containers that have ended and are still listed by `/executors`, for each framework.",
    }),
    log: LogSchema,
  },
  { title: "agent", description: "Config of `tepui agent`." },
);
/** See `AgentConfigSchema`. */
export type AgentConfig = Static<typeof AgentConfigSchema>;
