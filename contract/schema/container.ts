import { type Static, Type } from "../typebox.ts";
import { oneOf } from "./basics.ts";
import { SecretSchema } from "./command.ts";
import { LabelSchema } from "./resource.ts";

/** A key with a value; docker parameters and volume driver options. */
export const ParameterSchema = Type.Object({ key: Type.String(), value: Type.String() });

/** An image to take a root filesystem or a container from (F70). */
export const ImageSchema = Type.Object({
  type: oneOf("DOCKER", "APPC", "OCI"),
  /** Docker reference, or the path of an OCI layout or tarball on the agent for type OCI. */
  name: Type.String(),
  /** Registry credentials in docker's own config form. */
  config: Type.Optional(SecretSchema),
  /** Default true; false fetches again. */
  cached: Type.Optional(Type.Boolean()),
});
/** See `ImageSchema`. */
export type Image = Static<typeof ImageSchema>;

/** Mounts something into the container; exactly one of hostPath, image, source (M7). */
export const VolumeSchema = Type.Object({
  mode: Type.Optional(oneOf("RW", "RO")),
  containerPath: Type.String(),
  hostPath: Type.Optional(Type.String()),
  image: Type.Optional(ImageSchema),
  source: Type.Optional(
    Type.Object({
      type: oneOf("DOCKER_VOLUME", "HOST_PATH", "SANDBOX_PATH", "SECRET", "CSI_VOLUME"),
      dockerVolume: Type.Optional(
        Type.Object({
          driver: Type.Optional(Type.String()),
          name: Type.String(),
          driverOptions: Type.Optional(Type.Array(ParameterSchema)),
        }),
      ),
      hostPath: Type.Optional(
        Type.Object({
          path: Type.String(),
          mountPropagation: Type.Optional(oneOf("HOST_TO_CONTAINER", "BIDIRECTIONAL")),
        }),
      ),
      sandboxPath: Type.Optional(
        Type.Object({ type: oneOf("SELF", "PARENT"), path: Type.String() }),
      ),
      secret: Type.Optional(SecretSchema),
    }),
  ),
});
/** See `VolumeSchema`. */
export type Volume = Static<typeof VolumeSchema>;

/** Maps a port of the host, which must have been offered, to one of the container (F71). */
export const PortMappingSchema = Type.Object({
  hostPort: Type.Number(),
  containerPort: Type.Number(),
  protocol: Type.Optional(Type.String()),
});

/** One network that a container joins or has joined (F60). */
export const NetworkInfoSchema = Type.Object({
  name: Type.Optional(Type.String()),
  ipAddresses: Type.Optional(
    Type.Array(
      Type.Object({
        protocol: Type.Optional(oneOf("IPv4", "IPv6")),
        ipAddress: Type.Optional(Type.String()),
      }),
    ),
  ),
  groups: Type.Optional(Type.Array(Type.String())),
  labels: Type.Optional(Type.Array(LabelSchema)),
  portMappings: Type.Optional(Type.Array(PortMappingSchema)),
});
/** See `NetworkInfoSchema`. */
export type NetworkInfo = Static<typeof NetworkInfoSchema>;

/** Linux capabilities, seccomp, ipc and cgroup sharing of a container (F59, F64). */
export const LinuxInfoSchema = Type.Object({
  boundingCapabilities: Type.Optional(Type.Array(Type.String())),
  effectiveCapabilities: Type.Optional(Type.Array(Type.String())),
  sharePidNamespace: Type.Optional(Type.Boolean()),
  seccomp: Type.Optional(
    Type.Object({
      profileName: Type.Optional(Type.String()),
      unconfined: Type.Optional(Type.Boolean()),
    }),
  ),
  ipcMode: Type.Optional(oneOf("PRIVATE", "SHARE_PARENT")),
  /** MiB. */
  shmSizeMib: Type.Optional(Type.Number()),
  /** Default true. */
  shareCgroups: Type.Optional(Type.Boolean()),
  noNewPrivileges: Type.Optional(Type.Boolean()),
});
/** See `LinuxInfoSchema`. */
export type LinuxInfo = Static<typeof LinuxInfoSchema>;

/** One resource limit; both bounds absent means unlimited. `type` is `RLMT_NOFILE` and so on. */
export const RlimitSchema = Type.Object({
  type: Type.String(),
  soft: Type.Optional(Type.Number()),
  hard: Type.Optional(Type.Number()),
});
/** See `RlimitSchema`. */
export type Rlimit = Static<typeof RlimitSchema>;

/** How a task or executor is contained. */
export const ContainerInfoSchema = Type.Object({
  /** MESOS is the agent's own containerizer, DOCKER the engine. */
  type: oneOf("DOCKER", "MESOS"),
  volumes: Type.Optional(Type.Array(VolumeSchema)),
  hostname: Type.Optional(Type.String()),
  docker: Type.Optional(
    Type.Object({
      image: Type.String(),
      /** Default HOST. */
      network: Type.Optional(oneOf("HOST", "BRIDGE", "NONE", "USER")),
      portMappings: Type.Optional(Type.Array(PortMappingSchema)),
      privileged: Type.Optional(Type.Boolean()),
      parameters: Type.Optional(Type.Array(ParameterSchema)),
      forcePullImage: Type.Optional(Type.Boolean()),
    }),
  ),
  mesos: Type.Optional(Type.Object({ image: Type.Optional(ImageSchema) })),
  networkInfos: Type.Optional(Type.Array(NetworkInfoSchema)),
  linuxInfo: Type.Optional(LinuxInfoSchema),
  rlimits: Type.Optional(Type.Array(RlimitSchema)),
  ttyInfo: Type.Optional(
    Type.Object({
      windowSize: Type.Optional(Type.Object({ rows: Type.Number(), columns: Type.Number() })),
    }),
  ),
});
/** See `ContainerInfoSchema`. */
export type ContainerInfo = Static<typeof ContainerInfoSchema>;

/** What is known of a running container. */
export const ContainerStatusSchema = Type.Object({
  containerId: Type.Optional(Type.String()),
  networkInfos: Type.Optional(Type.Array(NetworkInfoSchema)),
  executorPid: Type.Optional(Type.Number()),
});
/** See `ContainerStatusSchema`. */
export type ContainerStatus = Static<typeof ContainerStatusSchema>;

/** How others find a task; opaque to the master (D22). */
export const DiscoveryInfoSchema = Type.Object({
  visibility: oneOf("FRAMEWORK", "CLUSTER", "EXTERNAL"),
  name: Type.Optional(Type.String()),
  environment: Type.Optional(Type.String()),
  location: Type.Optional(Type.String()),
  version: Type.Optional(Type.String()),
  ports: Type.Optional(
    Type.Array(
      Type.Object({
        number: Type.Number(),
        name: Type.Optional(Type.String()),
        protocol: Type.Optional(Type.String()),
        visibility: Type.Optional(oneOf("FRAMEWORK", "CLUSTER", "EXTERNAL")),
        labels: Type.Optional(Type.Array(LabelSchema)),
      }),
    ),
  ),
  labels: Type.Optional(Type.Array(LabelSchema)),
});
/** See `DiscoveryInfoSchema`. */
export type DiscoveryInfo = Static<typeof DiscoveryInfoSchema>;
