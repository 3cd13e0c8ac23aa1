import { Bytes, Duration } from "../check/units.ts";
import { limits } from "../limits.ts";
import { type Static, Type } from "../typebox.ts";
import { InsecureRemoteSchema, ListenSchema, LogSchema, PluginsSchema } from "./shared.ts";

const Weight = Type.Number({ minimum: limits.weightMin, maximum: limits.weightMax });

/** How many ended things a master remembers. */
const HistorySchema = Type.Object(
  {
    maxCompletedFrameworks: Type.Integer({
      default: 50,
      minimum: 0,
      description: "Frameworks that have ended and are still shown (B8).",
    }),
    maxCompletedTasksPerFramework: Type.Integer({
      default: 1000,
      minimum: 0,
      description: "Tasks that have ended and are still shown, for each framework.",
    }),
    maxUnreachableTasksPerFramework: Type.Integer({
      default: 1000,
      minimum: 0,
      description: "Tasks on unreachable agents that are remembered, for each framework (B24).",
    }),
  },
  { default: {}, description: "How many ended things the master remembers." },
);

/** The policy that decides who is offered what. */
const PolicySchema = Type.Object(
  {
    name: Type.String({
      default: "drf",
      minLength: 1,
      description: "An allocator: built-in name, npm package, or path, as for `plugins`.",
    }),
    config: Type.Object(
      {},
      {
        additionalProperties: true,
        default: {},
        description:
          "The policy's own config, checked by the schema and parameters of its manifest.",
      },
    ),
  },
  {
    default: {},
    description:
      "The allocation policy that the master starts with, unless an operator made another live.",
  },
);

/** The record of everything that decisions depended on. */
const JournalSchema = Type.Object(
  {
    enabled: Type.Boolean({
      default: false,
      description:
        "Whether the master writes down every input and decision, for `tepui replay` and " +
        "`tepui simulate`. What it does to the world then waits until that is on disk.",
    }),
    path: Type.String({
      default: "journal",
      minLength: 1,
      description: "Folder of the journal, relative to `dataDir`.",
    }),
    segmentSize: Bytes({
      default: "128MB",
      unitMinimum: 64 << 10,
      description:
        "Size at which a new file is begun. A file can be larger by what each begins with: a " +
        "snapshot of the cluster, the policy and its private state.",
    }),
    segments: Type.Integer({
      default: 8,
      minimum: 2,
      description: "Files that are kept; the oldest is removed when there is one more.",
    }),
    policies: Type.Boolean({
      default: true,
      description:
        "Whether the journal carries the WebAssembly of the policies that decided, so that a " +
        "replay needs nothing else.",
    }),
  },
  { default: {}, description: "The record of everything that decisions depended on." },
);

/** Config of a master. Durations are milliseconds once it is read. Features A, B, C, E, L. */
export const MasterConfigSchema = Type.Object(
  {
    listen: ListenSchema(5050),
    insecureRemote: InsecureRemoteSchema,
    hostname: Type.Optional(
      Type.String({
        minLength: 1,
        description: "Name of this machine as others see it. Default: what the system says.",
      }),
    ),
    cluster: Type.Optional(
      Type.String({ minLength: 1, description: "Name of the cluster, shown to people." }),
    ),
    dataDir: Type.String({
      default: ".tepui/master",
      minLength: 1,
      description:
        "Folder for the registry and the journal, relative to the working directory. Created " +
        "when it is not there.",
    }),
    plugins: PluginsSchema(
      ["uws-msgpack", "mesos-v1-http", "embedded"],
      "Transports, the coordinator and other plugins of the master. A list replaces the default.",
    ),
    policy: PolicySchema,
    allocationInterval: Duration({
      default: "1secs",
      unitMinimum: 1,
      description:
        "Time between allocations of the whole cluster (C1). New agents and frameworks, and " +
        "frameworks that want offers again, are served at once.",
    }),
    freedResourcesDelay: Duration({
      default: "50ms",
      description:
        "What ended tasks and departed frameworks gave up is offered again after this time, all " +
        "of it together. With `allocationInterval` or more it waits for that, as in Mesos (C1).",
    }),
    offerTimeout: Type.Optional(
      Duration({
        unitMinimum: 1,
        description: "Offers that are older are rescinded (C4). Default: offers never expire.",
      }),
    ),
    minAllocatableResources: Type.String({
      notation: "quantities",
      default: "cpus:0.01|mem:32",
      description:
        "What is left of an agent is offered only when it holds one of these alternatives (C13). " +
        "Empty: anything is offered.",
    }),
    hoardingBackOffCycles: Type.Integer({
      default: 32,
      minimum: 0,
      maximum: 1_000_000,
      description:
        "A framework that keeps giving everything back at once, without a filter, stands behind " +
        "the others for up to so many allocations. 0 switches this off, as in Mesos.",
    }),
    filterGpuResources: Type.Boolean({
      default: true,
      description:
        "Agents with gpus are offered only to frameworks that are able to use them (C19).",
    }),
    weights: Type.Record(Type.String(), Weight, {
      notation: "by role",
      default: {},
      description:
        "Weights of roles for a registry that holds none yet (E7); later changes go through " +
        "`tepui weights`. From 0.001 to 1,000,000; unnamed roles weigh 1.",
    }),
    agentPingTimeout: Duration({
      default: "15secs",
      unitMinimum: 1,
      description: "How long an agent may take to answer a ping (B22).",
    }),
    maxAgentPingTimeouts: Type.Integer({
      default: 5,
      minimum: 1,
      description: "Pings missed in a row after which an agent is unreachable (B22).",
    }),
    agentReregisterTimeout: Duration({
      default: "10mins",
      unitMinimum: 1,
      description:
        "How long an agent that was disconnected, or known before a change of masters, may take " +
        "to come back before it is unreachable (B23, B26).",
    }),
    registryStoreTimeout: Duration({
      default: "20secs",
      unitMinimum: 1,
      description: "How long a write to the registry may take before the master gives up (G4).",
    }),
    registryGcInterval: Duration({
      default: "15mins",
      unitMinimum: 1,
      description: "Time between searches for unreachable and gone agents to forget (B33).",
    }),
    registryMaxAgentAge: Duration({
      default: "2weeks",
      unitMinimum: 1,
      description: "Unreachable and gone agents are forgotten after this time (B33).",
    }),
    registryMaxAgentCount: Type.Integer({
      default: 102_400,
      minimum: 0,
      description:
        "Unreachable and gone agents above this number are forgotten, oldest first (B33).",
    }),
    history: HistorySchema,
    journal: JournalSchema,
    log: LogSchema,
  },
  { title: "master", description: "Config of `tepui master`." },
);
/** See `MasterConfigSchema`. */
export type MasterConfig = Static<typeof MasterConfigSchema>;
