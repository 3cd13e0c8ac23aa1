/** The parts of the Engine API that this isolator uses; the engine's own names. */

/** Where something of the host or of the engine appears in the container. */
export interface EngineMount {
  readonly Type: "bind" | "volume";
  readonly Source: string;
  readonly Target: string;
  readonly ReadOnly: boolean;
  readonly BindOptions?: { readonly Propagation: "rslave" | "rshared" | "rprivate" };
  readonly VolumeOptions?: {
    readonly DriverConfig: { readonly Name: string; readonly Options: Record<string, string> };
  };
}

/** Host ports by container port, `80/tcp`. */
export type PortBindings = Record<string, { HostIp?: string; HostPort: string }[]>;

/** How a container is tied to the host: limits, mounts, networks, rights. */
export interface HostConfig {
  CpuShares?: number;
  CpuPeriod?: number;
  CpuQuota?: number;
  CpusetCpus?: string;
  /** Bytes. */
  Memory?: number;
  /** Bytes of memory and swap together; equal to `Memory` it allows no swap. */
  MemorySwap?: number;
  MemoryReservation?: number;
  OomScoreAdj?: number;
  PidsLimit?: number;
  Mounts?: EngineMount[];
  Tmpfs?: Record<string, string>;
  NetworkMode?: string;
  PortBindings?: PortBindings;
  Privileged?: boolean;
  ReadonlyRootfs?: boolean;
  Init?: boolean;
  ShmSize?: number;
  CapAdd?: string[];
  CapDrop?: string[];
  SecurityOpt?: string[];
  GroupAdd?: string[];
  Dns?: string[];
  DnsSearch?: string[];
  DnsOptions?: string[];
  ExtraHosts?: string[];
  Devices?: { PathOnHost: string; PathInContainer: string; CgroupPermissions: string }[];
  DeviceRequests?: { Count: number; Capabilities: string[][] }[];
  Sysctls?: Record<string, string>;
  PidMode?: string;
  IpcMode?: string;
  UTSMode?: string;
  UsernsMode?: string;
  Runtime?: string;
  Ulimits?: { Name: string; Soft: number; Hard: number }[];
  RestartPolicy?: { Name: "no" };
  LogConfig?: { Type: string; Config: Record<string, string> };
}

/** Body of `POST /containers/create`. */
export interface CreateBody {
  Image: string;
  Hostname?: string;
  MacAddress?: string;
  User?: string;
  WorkingDir?: string;
  Entrypoint?: string[];
  Cmd?: string[];
  Env: string[];
  Labels: Record<string, string>;
  StopSignal?: string;
  ExposedPorts?: Record<string, object>;
  HostConfig: HostConfig;
  NetworkingConfig?: {
    EndpointsConfig: Record<
      string,
      { Aliases?: string[]; IPAMConfig?: { IPv4Address?: string; IPv6Address?: string } }
    >;
  };
}

/** State of a container, from `GET /containers/ID/json`. */
export interface EngineState {
  readonly Status: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  readonly OOMKilled: boolean;
  readonly Pid: number;
  readonly ExitCode: number;
  readonly Error: string;
  /** `0001-01-01T00:00:00Z` until it has been started. */
  readonly StartedAt: string;
  readonly FinishedAt: string;
}

/** Answer of `GET /containers/ID/json`, the parts in use. */
export interface Inspected {
  readonly Id: string;
  readonly State: EngineState;
  readonly Config: {
    readonly Labels: Readonly<Record<string, string>> | null;
    readonly StopSignal?: string;
    /** Of the command or of the image; empty is root. */
    readonly User?: string;
  };
  readonly HostConfig: HostConfig;
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly IPAddress?: string; readonly GlobalIPv6Address?: string }>
    > | null;
  };
}

/** One row of `GET /containers/json`. */
export interface Listed {
  readonly Id: string;
  readonly State: EngineState["Status"];
  readonly Labels: Readonly<Record<string, string>>;
}

/** Answer of `GET /containers/ID/stats`, for cgroup v1 and v2. */
export interface Stats {
  /** When the engine read the figures; the year 1 for what does not run. */
  readonly read?: string;
  readonly pids_stats?: { readonly current?: number };
  readonly cpu_stats?: {
    readonly cpu_usage?: {
      /** Nanoseconds, as is all time here. */
      readonly usage_in_usermode?: number;
      readonly usage_in_kernelmode?: number;
    };
    readonly throttling_data?: { readonly throttled_time?: number };
  };
  readonly memory_stats?: {
    readonly usage?: number;
    readonly limit?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly blkio_stats?: {
    readonly io_service_bytes_recursive?:
      | readonly { readonly op: string; readonly value: number }[]
      | null;
  };
}

/** Answer of `GET /images/NAME/json`, the part in use. */
export interface InspectedImage {
  readonly Config?: { readonly WorkingDir?: string } | null;
}

/** One line of the answer of `POST /images/create`. */
export interface PullLine {
  readonly status?: string;
  readonly error?: string;
}

/** One line of `GET /events`. */
export interface EngineEvent {
  readonly Action?: string;
  readonly timeNano?: number;
  readonly Actor?: { readonly Attributes?: Readonly<Record<string, string>> };
}

/** A further command in a container. */
export interface ExecState {
  readonly Running: boolean;
  readonly ExitCode: number | null;
  /** On the host; 0 for what was never started. */
  readonly Pid?: number;
}
