import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
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
    ...(container?.volumes ?? []).map((volume) => bindOf(volume, sandbox, allowedHostPaths)),
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
  { sandbox, container }: ContainerSpec,
  allowedHostPaths: readonly string[],
): readonly Bind[] {
  return (container?.volumes ?? []).map((volume) => {
    const bind = bindOf(volume, sandbox, allowedHostPaths);
    const way = relative(SANDBOX_INSIDE, bind.to);
    if (way === "" || !isWithin(bind.to, SANDBOX_INSIDE)) {
      throw refusal(volume, "without an image a volume takes a relative path, in the sandbox");
    }
    return { ...bind, to: placeFor(bind.from, volume, sandbox, way) };
  });
}

/** Something in the sandbox that can be mounted on, of the kind of what is mounted. */
function placeFor(from: string, volume: Volume, sandbox: string, way: string): string {
  try {
    if (statSync(from).isDirectory()) return inSandbox(volume, sandbox, way);
    const place = join(inSandbox(volume, sandbox, dirname(way)), basename(way));
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

function bindOf(volume: Volume, sandbox: string, allowed: readonly string[]): Bind {
  const { containerPath, source } = volume;
  const [to, isReadOnly] = [insideOf(containerPath), volume.mode === "RO"];
  const hostPath = volume.hostPath ?? source?.hostPath?.path;
  try {
    if (source?.type === "SANDBOX_PATH" && source.sandboxPath?.type === "SELF") {
      return { from: inSandbox(volume, sandbox, source.sandboxPath.path), to, isReadOnly };
    }
    if (hostPath !== undefined && !isAbsolute(hostPath)) {
      return { from: inSandbox(volume, sandbox, hostPath), to, isReadOnly };
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

/** A folder of the sandbox, made if it is not there. */
function inSandbox(volume: Volume, sandbox: string, path: string): string {
  const [base, place] = [realpathSync(sandbox), join(sandbox, path)];
  if (!isWithin(place, sandbox)) throw refusal(volume, `${path} leads out of the sandbox`);
  mkdirSync(place, { recursive: true });
  const from = realpathSync(place);
  if (!isWithin(from, base)) throw refusal(volume, `${path} leads out of the sandbox`);
  return from;
}
