import { Duration } from "../../../contract/check/units.ts";
import { oneOf } from "../../../contract/schema/basics.ts";
import { type Static, Type } from "../../../contract/typebox.ts";

/** Names of what is limited or counted, the same for both versions of the kernel interface. */
export const controllerNames = [
  "cpu",
  "memory",
  "pids",
  "cpuset",
  "io",
  "devices",
  "hugetlb",
  "freezer",
] as const;

/** One of `controllerNames`. */
export type ControllerName = (typeof controllerNames)[number];

const controllers = (fallback: readonly ControllerName[], description: string) =>
  Type.Unsafe<readonly ControllerName[]>(
    Type.Array(oneOf(...controllerNames), {
      uniqueItems: true,
      default: [...fallback],
      description,
    }),
  );
const flag = (fallback: boolean, description: string) =>
  Type.Boolean({ default: fallback, description });
const numberList = (description: string) =>
  Type.Optional(
    Type.String({
      title: 'numbers and ranges such as "0-3,8"',
      pattern: "^\\d+(-\\d+)?(,\\d+(-\\d+)?)*$",
      description,
    }),
  );
const rate = (description: string) => Type.Optional(Type.Integer({ minimum: 1, description }));

/** The plugin's config; `plugin.json` carries the same schema, and a test holds them together. */
export const CgroupsConfigSchema = Type.Object(
  {
    root: Type.String({
      title: "a path of cgroup names without a leading slash, such as tepui or system.slice/tepui",
      pattern: "^[A-Za-z0-9_][A-Za-z0-9_@.-]*(/[A-Za-z0-9_][A-Za-z0-9_@.-]*)*$",
      maxLength: 255,
      default: "tepui",
      description:
        "The cgroup, below where each hierarchy is mounted, that holds all containers. Made when " +
        "missing. Each agent of a machine needs one of its own.",
    }),
    version: Type.Unsafe<"auto" | "v1" | "v2">({
      ...oneOf("auto", "v1", "v2"),
      default: "auto",
      description:
        "Which interface of the kernel to use. auto: each controller where the host has it, " +
        "which on a hybrid host may be v1 for some and v2 for others.",
    }),
    controllers: controllers(controllerNames, "Controllers to use where the host has them."),
    required: controllers(
      ["cpu", "memory"],
      "Controllers without which the agent refuses to start. A lack of any other is announced in " +
        "the log and in the isolator's status.",
    ),
    enableAncestors: flag(
      true,
      "v2: switch on missing controllers in cgroup.subtree_control of the cgroups above root. It " +
        "is the only thing ever written above root; false leaves them alone.",
    ),
    enableCfs: flag(
      true,
      "Hold a container to its cpus even when others are idle (CFS quota, cpu.max). false: cpus " +
        "are shares of a busy machine only. A task with a limit of its own is always held to it.",
    ),
    cpuBurst: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0,
      description: "Part of an unused quota that may be saved up for later; needs Linux 5.14.",
    }),
    limitSwap: flag(false, "Count swap into the memory limit (v1 memsw), or allow none (v2)."),
    limitPollInterval: Duration({
      default: "1secs",
      unitMinimum: 10,
      unitMaximum: 3_600_000,
      description: "How often to look whether the kernel killed for lack of memory.",
    }),
    pidsMax: Type.Integer({
      minimum: 0,
      maximum: 4_194_304,
      default: 4096,
      description: "Most processes and threads of one container; 0 is no limit.",
    }),
    cpusetCpus: numberList("CPUs that containers may use. Default: those of root."),
    cpusetMems: numberList("Memory nodes that containers may use. Default: those of root."),
    ioWeight: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: "Weight of a container's block I/O; 100 is the kernel's default.",
      }),
    ),
    ioLimits: Type.Array(
      Type.Object(
        {
          device: Type.String({
            title: "the number of a block device such as 8:0",
            pattern: "^\\d+:\\d+$",
            description: "Number of the block device, as lsblk shows it.",
          }),
          readBytesPerSecond: rate("Most bytes read per second."),
          writeBytesPerSecond: rate("Most bytes written per second."),
          readsPerSecond: rate("Most read operations per second."),
          writesPerSecond: rate("Most write operations per second."),
        },
        { additionalProperties: false },
      ),
      { default: [], description: "Ceilings of each container's block I/O, by device." },
    ),
    devices: Type.Array(
      Type.String({
        title: 'a device rule such as "c 10:229 rwm"',
        pattern: "^[bca] (\\d+|\\*):(\\d+|\\*) (?!.*(.).*\\3)[rwm]{1,3}$",
        description: "Kind, number and access, as the kernel writes them.",
      }),
      {
        default: [],
        description:
          "v1: devices that containers may use besides terminals, null, zero, full, random, " +
          "urandom and net/tun. On v2 device access is not limited, which is announced.",
      },
    ),
    hugetlb: Type.Record(
      Type.String({ pattern: "^\\d+[KMG]B$" }),
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
      {
        default: {},
        description: 'Most bytes of huge pages of a container by size of page: {"2MB": 0}.',
      },
    ),
    destroyTimeout: Duration({
      default: "1mins",
      unitMinimum: 100,
      unitMaximum: 86_400_000,
      description: "How long killing a container, and removing its cgroups, may take.",
    }),
  },
  { additionalProperties: false },
);

/** The config with defaults filled in; durations are milliseconds. */
export type CgroupsConfig = Static<typeof CgroupsConfigSchema>;
