import { realpathSync } from "node:fs";
import { isAbsolute, join, posix, relative } from "node:path";
import { errors } from "../../../contract/errors.ts";
import type { PersistentVolume } from "../../../contract/ports/isolator.ts";
import type { Volume } from "../../../contract/schema/container.ts";
import { makeFolder, realPlace } from "../../../wire/folder.ts";
import type { EngineMount } from "./engine-types.ts";

/** Where a container finds its sandbox (F25). */
export const SANDBOX_IN_CONTAINER = "/mnt/mesos/sandbox";

/** What volumes are checked against. */
export interface VolumeSurroundings {
  readonly sandbox: string;
  readonly allowedHostPaths: readonly string[];
}

const propagations = { HOST_TO_CONTAINER: "rslave", BIDIRECTIONAL: "rshared" } as const;

function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
}

/**
 * The folder of the host that may be mounted: links are followed before it is compared, and what
 * is mounted is where they lead.
 * @throws DOCKER_VOLUME_FORBIDDEN, DOCKER_VOLUME_INVALID
 */
export function allowedHostPath(path: string, around: VolumeSurroundings): string {
  const { allowedHostPaths } = around;
  const allowed = allowedHostPaths.map((folder) => realPathOf(folder) ?? folder);
  const real = realPathOf(path);
  // A path that is not there is refused as forbidden first, so that nobody can probe the host.
  const shown = real ?? posix.normalize(path);
  if (!allowed.some((folder) => isWithin(shown, folder))) {
    throw errors.DOCKER_VOLUME_FORBIDDEN(path, allowedHostPaths);
  }
  if (real === undefined) throw errors.DOCKER_VOLUME_INVALID(path, "is not there on this host");
  return real;
}

/** A folder of the sandbox, made if it is missing; links may not lead out of the sandbox. */
function sandboxFolder(path: string, { sandbox }: VolumeSurroundings): string {
  const folder = join(sandbox, path);
  if (!isWithin(folder, sandbox)) {
    throw errors.DOCKER_VOLUME_INVALID(path, "leads out of the sandbox");
  }
  // Links on the way are looked at before anything is made behind them.
  const real = realPlace(folder);
  if (real === undefined || !isWithin(real, realpathSync(sandbox))) {
    throw errors.DOCKER_VOLUME_INVALID(path, "leads out of the sandbox by a link");
  }
  makeFolder(real);
  return real;
}

/** The mount of a persistent volume (E12). */
export function persistentMount({ hostPath, containerPath, mode }: PersistentVolume): EngineMount {
  const Target = isAbsolute(containerPath)
    ? posix.normalize(containerPath)
    : posix.join(SANDBOX_IN_CONTAINER, containerPath);
  return { Type: "bind", Source: hostPath, Target, ReadOnly: mode === "RO" };
}

/** The mount that a volume asks for (F58, M7). */
export function mountOf(volume: Volume, around: VolumeSurroundings): EngineMount {
  const { containerPath, hostPath, source, mode } = volume;
  const Target = isAbsolute(containerPath)
    ? posix.normalize(containerPath)
    : posix.join(SANDBOX_IN_CONTAINER, containerPath);
  const sources = [hostPath, volume.image, source].filter((given) => given !== undefined);
  if (sources.length !== 1) {
    const reason = "needs exactly one of hostPath, image and source";
    throw errors.DOCKER_VOLUME_INVALID(containerPath, reason);
  }
  if (Target === "/") throw errors.DOCKER_VOLUME_INVALID(containerPath, "covers the whole image");
  const common = { Target, ReadOnly: mode === "RO" };
  const bind = (Source: string): EngineMount => ({ Type: "bind", Source, ...common });
  if (hostPath !== undefined) {
    return bind(
      isAbsolute(hostPath) ? allowedHostPath(hostPath, around) : sandboxFolder(hostPath, around),
    );
  }
  if (source?.type === "HOST_PATH" && source.hostPath !== undefined) {
    const { path, mountPropagation } = source.hostPath;
    return {
      ...bind(allowedHostPath(path, around)),
      ...(mountPropagation === undefined
        ? {}
        : { BindOptions: { Propagation: propagations[mountPropagation] } }),
    };
  }
  if (source?.type === "SANDBOX_PATH" && source.sandboxPath?.type === "SELF") {
    return bind(sandboxFolder(source.sandboxPath.path, around));
  }
  if (source?.type === "DOCKER_VOLUME" && source.dockerVolume !== undefined) {
    const { name, driver = "local", driverOptions = [] } = source.dockerVolume;
    // The local driver mounts whatever its options name, which would be a way around the list.
    const device = driverOptions.find(({ key }) => key === "device")?.value;
    if (driver === "local" && device !== undefined) allowedHostPath(device, around);
    const Options = Object.fromEntries(driverOptions.map(({ key, value }) => [key, value]));
    const VolumeOptions = { DriverConfig: { Name: driver, Options } };
    return { Type: "volume", Source: name, ...common, VolumeOptions };
  }
  const what = source?.type ?? "image";
  throw errors.DOCKER_VOLUME_INVALID(containerPath, `has a source that is not had here: ${what}`);
}
