import { Credential, Labels, Parameters, Secret } from "./basics.ts";
import { enumeration, type MessageDef, map, message, old, one, opt, rep, req } from "./define.ts";

/** Enum `Volume.Mode`. */
export const VolumeMode = enumeration("Volume.Mode", { RW: 1, RO: 2 });

/** Enum `Image.Type`. */
export const ImageType = enumeration("Image.Type", { APPC: 1, DOCKER: 2 });

/** Message `Image.Appc`. */
export const ImageAppc = message("Image.Appc", {
  name: req(1, "str"),
  id: opt(2, "str"),
  labels: opt(3, Labels),
});

/** Message `Image.Docker`. */
export const ImageDocker = message("Image.Docker", {
  name: req(1, "str"),
  credential: old(opt(2, Credential)),
  config: opt(3, Secret),
});

/** Message `Image`. */
export const Image = message("Image", {
  type: req(1, ImageType),
  appc: opt(2, ImageAppc),
  docker: opt(3, ImageDocker),
  cached: opt(4, "bool", true),
});

/** Enum `Volume.Source.Type`. */
export const VolumeSourceType = enumeration("Volume.Source.Type", {
  UNKNOWN: 0,
  DOCKER_VOLUME: 1,
  HOST_PATH: 4,
  SANDBOX_PATH: 2,
  SECRET: 3,
  CSI_VOLUME: 5,
});

/** Message `Volume.Source.DockerVolume`. */
export const VolumeSourceDockerVolume = message("Volume.Source.DockerVolume", {
  driver: opt(1, "str"),
  name: req(2, "str"),
  driver_options: opt(3, Parameters),
});

/** Enum `MountPropagation.Mode`. */
export const MountPropagationMode = enumeration("MountPropagation.Mode", {
  UNKNOWN: 0,
  HOST_TO_CONTAINER: 1,
  BIDIRECTIONAL: 2,
});

/** Message `MountPropagation`. */
export const MountPropagation = message("MountPropagation", { mode: opt(1, MountPropagationMode) });

/** Message `Volume.Source.HostPath`. */
export const VolumeSourceHostPath = message("Volume.Source.HostPath", {
  path: req(1, "str"),
  mount_propagation: opt(2, MountPropagation),
});

/** Enum `Volume.Source.SandboxPath.Type`. */
export const VolumeSourceSandboxPathType = enumeration("Volume.Source.SandboxPath.Type", {
  UNKNOWN: 0,
  SELF: 1,
  PARENT: 2,
});

/** Message `Volume.Source.SandboxPath`. */
export const VolumeSourceSandboxPath = message("Volume.Source.SandboxPath", {
  type: opt(1, VolumeSourceSandboxPathType),
  path: req(2, "str"),
});

/** Message `Volume.Source.CSIVolume.VolumeCapability.BlockVolume`. */
export const VolumeSourceCSIVolumeVolumeCapabilityBlockVolume = message(
  "Volume.Source.CSIVolume.VolumeCapability.BlockVolume",
  {},
);

/** Message `Volume.Source.CSIVolume.VolumeCapability.MountVolume`. */
export const VolumeSourceCSIVolumeVolumeCapabilityMountVolume = message(
  "Volume.Source.CSIVolume.VolumeCapability.MountVolume",
  { fs_type: opt(1, "str"), mount_flags: rep(2, "str") },
);

/** Enum `Volume.Source.CSIVolume.VolumeCapability.AccessMode.Mode`. */
export const VolumeSourceCSIVolumeVolumeCapabilityAccessModeMode = enumeration(
  "Volume.Source.CSIVolume.VolumeCapability.AccessMode.Mode",
  {
    UNKNOWN: 0,
    SINGLE_NODE_WRITER: 1,
    SINGLE_NODE_READER_ONLY: 2,
    MULTI_NODE_READER_ONLY: 3,
    MULTI_NODE_SINGLE_WRITER: 4,
    MULTI_NODE_MULTI_WRITER: 5,
  },
);

/** Message `Volume.Source.CSIVolume.VolumeCapability.AccessMode`. */
export const VolumeSourceCSIVolumeVolumeCapabilityAccessMode = message(
  "Volume.Source.CSIVolume.VolumeCapability.AccessMode",
  { mode: req(1, VolumeSourceCSIVolumeVolumeCapabilityAccessModeMode) },
);

/** Message `Volume.Source.CSIVolume.VolumeCapability`. */
export const VolumeSourceCSIVolumeVolumeCapability = message(
  "Volume.Source.CSIVolume.VolumeCapability",
  {
    block: one(1, VolumeSourceCSIVolumeVolumeCapabilityBlockVolume),
    mount: one(2, VolumeSourceCSIVolumeVolumeCapabilityMountVolume),
    access_mode: req(3, VolumeSourceCSIVolumeVolumeCapabilityAccessMode),
  },
);

/** Message `Volume.Source.CSIVolume.StaticProvisioning`. */
export const VolumeSourceCSIVolumeStaticProvisioning = message(
  "Volume.Source.CSIVolume.StaticProvisioning",
  {
    volume_id: req(1, "str"),
    volume_capability: req(2, VolumeSourceCSIVolumeVolumeCapability),
    node_stage_secrets: map(3, Secret),
    node_publish_secrets: map(4, Secret),
    volume_context: map(5, "str"),
  },
);

/** Message `Volume.Source.CSIVolume`. */
export const VolumeSourceCSIVolume = message("Volume.Source.CSIVolume", {
  plugin_name: req(1, "str"),
  static_provisioning: opt(2, VolumeSourceCSIVolumeStaticProvisioning),
});

/** Message `Volume.Source`. */
export const VolumeSource = message("Volume.Source", {
  type: opt(1, VolumeSourceType),
  docker_volume: opt(2, VolumeSourceDockerVolume),
  host_path: opt(5, VolumeSourceHostPath),
  sandbox_path: opt(3, VolumeSourceSandboxPath),
  secret: opt(4, Secret),
  csi_volume: opt(6, VolumeSourceCSIVolume),
});

const volumeFields = {
  mode: req(3, VolumeMode),
  container_path: req(1, "str"),
  host_path: opt(2, "str"),
  image: opt(4, Image),
  source: opt(5, VolumeSource),
};
/** Definition of `Volume`, named so that declarations stay short. */
export interface VolumeDef extends MessageDef<typeof volumeFields> {}
/** Message `Volume`. */
export const Volume: VolumeDef = message("Volume", volumeFields);
