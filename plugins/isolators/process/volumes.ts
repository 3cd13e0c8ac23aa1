import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { basename, dirname, isAbsolute, join, posix, relative } from "node:path";
import { errors, reasonOf, TepuiError } from "../../../contract/errors.ts";
import { type ContainerSpec, SANDBOX_INSIDE } from "../../../contract/ports/isolator.ts";
import type { Volume } from "../../../contract/schema/container.ts";
import type { Bind } from "./contain.ts";

/** What every container shares with its host: it has its network, and names in it. */
const shared = ["/etc/resolv.conf", "/etc/hosts"];

/**
 * What of the host is seen in a container with an image (F25, F58): its sandbox, its volumes, and
 * the host's files that make names into addresses.
 * @throws CONTAINER_LAUNCH_REFUSED
 */
export function bindsOf(spec: ContainerSpec, allowedHostPaths: readonly string[]): readonly Bind[] {
  const { sandbox, volumes = [], container } = spec;
  return [
    { from: realpathSync(sandbox), to: SANDBOX_INSIDE, isReadOnly: false },
    ...shared
      .filter((path) => existsSync(path))
      .map((path) => ({ from: realpathSync(path), to: path, isReadOnly: true })),
    ...(container?.volumes ?? []).map((volume) => bindOf(volume, spec, allowedHostPaths)),
    ...volumes.map(({ hostPath, containerPath, mode }) => {
      // Links do not work in there, so a folder of the host's is made where none is yet.
      mkdirSync(hostPath, { recursive: true });
      return {
        from: realpathSync(hostPath),
        to: insideOf(containerPath),
        isReadOnly: mode === "RO",
      };
    }),
  ];
}

/**
 * What is seen in the sandbox of a container without an image, which has the files of its host. At
 * other places of it nothing is mounted: whoever may lay something over /etc makes programs that
 * run as root believe it. Places to mount at are made in the sandbox.
 * @throws CONTAINER_LAUNCH_REFUSED
 */
export function bindsInSandbox(
  spec: ContainerSpec,
  allowedHostPaths: readonly string[],
): readonly Bind[] {
  return (spec.container?.volumes ?? []).map((volume) => {
    const bind = bindOf(volume, spec, allowedHostPaths);
    return { ...bind, to: placeFor(bind.from, volume, spec.sandbox, wayInSandbox(volume)) };
  });
}

/**
 * Where an agent that is not root can mount nothing: its containers see the host's files as the
 * same user, so a link shows them a folder of a sandbox as well, as in Mesos. Answers the spec with
 * the volumes that are left to be mounted.
 * @throws CONTAINER_LAUNCH_REFUSED
 */
export function linkedInSandbox(spec: ContainerSpec): ContainerSpec {
  const { container, sandbox } = spec;
  if (container?.volumes === undefined || spec.rootfs !== undefined) return spec;
  const isLinked = ({ source, mode }: Volume) => source?.type === "SANDBOX_PATH" && mode !== "RO";
  for (const volume of container.volumes.filter(isLinked)) {
    const { from, way = "" } = bindOf(volume, spec, []);
    const place = wayInSandbox(volume);
    try {
      const target = way === "" ? from : inFolder(volume, from, way);
      const link = join(inFolder(volume, sandbox, dirname(place)), basename(place));
      rmSync(link, { force: true });
      symlinkSync(target, link);
    } catch (cause) {
      if (cause instanceof TepuiError) throw cause;
      throw refusal(volume, reasonOf(cause));
    }
  }
  const volumes = container.volumes.filter((volume) => !isLinked(volume));
  return { ...spec, container: { ...container, volumes } };
}

/** The path of a volume's place, from the sandbox of a container without an image. */
function wayInSandbox(volume: Volume): string {
  const to = insideOf(volume.containerPath);
  const way = relative(SANDBOX_INSIDE, to);
  if (way !== "" && isWithin(to, SANDBOX_INSIDE)) return way;
  throw refusal(volume, "without an image a volume takes a relative path, in the sandbox");
}

/** Something in the sandbox that can be mounted on, of the kind of what is mounted. */
function placeFor(from: string, volume: Volume, sandbox: string, way: string): string {
  try {
    if (statSync(from).isDirectory()) return inFolder(volume, sandbox, way);
    const place = join(inFolder(volume, sandbox, dirname(way)), basename(way));
    closeSync(
      openSync(place, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o644),
    );
    return place;
  } catch (cause) {
    if (cause instanceof TepuiError) throw cause;
    throw refusal(volume, reasonOf(cause));
  }
}

/** A path that is not absolute is one in the sandbox. */
function insideOf(path: string): string {
  return posix.isAbsolute(path) ? posix.normalize(path) : posix.join(SANDBOX_INSIDE, path);
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !isAbsolute(way));
}

function refusal(volume: Volume, reason: string): Error {
  return errors.CONTAINER_LAUNCH_REFUSED(`volume ${volume.containerPath}: ${reason}`);
}

function bindOf(volume: Volume, spec: ContainerSpec, allowed: readonly string[]): Bind {
  const { sandbox } = spec;
  const { containerPath, source } = volume;
  const [to, isReadOnly] = [insideOf(containerPath), volume.mode === "RO"];
  const hostPath = volume.hostPath ?? source?.hostPath?.path;
  try {
    if (source?.type === "SANDBOX_PATH" && source.sandboxPath !== undefined) {
      const { type, path } = source.sandboxPath;
      if (isAbsolute(path)) throw refusal(volume, `${path} is absolute, and no path of a sandbox`);
      const from = type === "SELF" ? realpathSync(sandbox) : parentOf(volume, spec);
      return { from, way: wayBelow(volume, path), to, isReadOnly };
    }
    if (hostPath !== undefined && !isAbsolute(hostPath)) {
      return { from: realpathSync(sandbox), way: wayBelow(volume, hostPath), to, isReadOnly };
    }
    if (hostPath !== undefined) {
      const from = realpathSync(hostPath);
      if (!allowed.some((folder) => isWithin(from, realpathSync(folder)))) {
        throw refusal(volume, `${hostPath} is not in allowedHostPaths of the process isolator`);
      }
      return { from, to, isReadOnly };
    }
  } catch (cause) {
    if (cause instanceof TepuiError) throw cause;
    throw refusal(volume, reasonOf(cause));
  }
  throw refusal(volume, "only folders of the host and of its sandbox can be mounted");
}

/** The sandbox of the executor of its group, where folders are made when they are mounted. */
function parentOf(volume: Volume, { parent }: ContainerSpec): string {
  if (parent === undefined) throw refusal(volume, "only tasks of a group have a parent's sandbox");
  return realpathSync(parent.sandbox);
}

function wayBelow(volume: Volume, path: string): string {
  const way = posix.normalize(path);
  if (way === ".." || way.startsWith("../")) {
    throw refusal(volume, `${path} leads out of the sandbox`);
  }
  return way;
}

/** A folder of a sandbox, made if it is not there. */
function inFolder(volume: Volume, sandbox: string, path: string): string {
  const [base, place] = [realpathSync(sandbox), join(sandbox, path)];
  if (!isWithin(place, sandbox)) throw refusal(volume, `${path} leads out of the sandbox`);
  mkdirSync(place, { recursive: true });
  const from = realpathSync(place);
  if (!isWithin(from, base)) throw refusal(volume, `${path} leads out of the sandbox`);
  return from;
}
