import { readdirSync, symlinkSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { errors, reasonOf } from "../../contract/errors.ts";
import type { PersistentVolume } from "../../contract/ports/isolator.ts";
import { reservationRole } from "../../contract/resources.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import { makeFolder, removeTreeSync } from "../../wire/index.ts";

/**
 * Where persistent volumes are (E12): `volumes/roles/ROLE/ID` below the work directory, or below
 * the root of a PATH disk; a MOUNT disk is a volume as a whole (E14). The slashes of a role become
 * spaces, which no role has, so that no volume lies inside another.
 */
export class Volumes {
  readonly #workDir: string;
  /** Those that are to be made and could not be yet, by their folders. */
  readonly #unmade = new Map<string, Resource>();

  constructor(workDir: string) {
    this.#workDir = workDir;
  }

  /** The folder of a volume. */
  pathOf(volume: Resource): string {
    const { persistence, source } = volume.disk ?? {};
    if (source?.type === "MOUNT" && source.root !== undefined) return source.root;
    const base = source?.type === "PATH" && source.root !== undefined ? source.root : this.#workDir;
    const role = (reservationRole(volume) ?? "*").replaceAll("/", " ");
    return join(base, "volumes", "roles", role, persistence?.id ?? "");
  }

  /**
   * Makes a volume, which is empty: what lies there is of an earlier one that nobody can name any
   * more, such as one that could not be removed. Answers whether there was any such thing.
   */
  make(volume: Resource): boolean {
    const path = this.pathOf(volume);
    this.#unmade.set(path, volume);
    makeFolder(path, 0o755);
    const hadData = readdirSync(path).length > 0;
    clear(volume, path);
    makeFolder(path, 0o755);
    this.#unmade.delete(path);
    return hadData;
  }

  /**
   * Makes those among volumes that could not be made when they were created; answers which.
   * @throws VOLUME_FAILED
   */
  finish(volumes: readonly PersistentVolume[]): Resource[] {
    const made: Resource[] = [];
    for (const { id, hostPath } of volumes) {
      const unmade = this.#unmade.get(hostPath);
      if (unmade === undefined) continue;
      try {
        this.make(unmade);
        made.push(unmade);
      } catch (cause) {
        throw errors.VOLUME_FAILED(id, reasonOf(cause), cause);
      }
    }
    return made;
  }

  /** Removes a volume with all that is in it; the folder of a MOUNT disk itself stays. */
  remove(volume: Resource): void {
    const path = this.pathOf(volume);
    this.#unmade.delete(path);
    clear(volume, path);
  }

  /** The volumes among resources, as containers get them. */
  among(resources: readonly Resource[]): PersistentVolume[] {
    return resources.flatMap((resource) => {
      const { persistence, volume } = resource.disk ?? {};
      if (persistence === undefined || volume === undefined) return [];
      const { containerPath, mode } = volume;
      const { id } = persistence;
      const shared = resource.shared === true ? { shared: true as const } : {};
      return [{ id, hostPath: this.pathOf(resource), containerPath, mode, ...shared }];
    });
  }

  /**
   * Shows volumes in a sandbox by links, for containers that see the host's files (E12).
   * @throws VOLUME_FAILED
   */
  link(volumes: readonly PersistentVolume[], sandbox: string): void {
    for (const { id, hostPath, containerPath } of volumes) {
      if (isAbsolute(containerPath)) {
        throw errors.VOLUME_FAILED(id, `${containerPath} is absolute, which takes an image`);
      }
      const place = join(sandbox, containerPath);
      if (relative(sandbox, place).split("/")[0] === "..") {
        throw errors.VOLUME_FAILED(id, `${containerPath} leads out of the sandbox`);
      }
      try {
        makeFolder(hostPath, 0o755);
        makeFolder(dirname(place), 0o755);
        symlinkSync(hostPath, place);
      } catch (cause) {
        throw errors.VOLUME_FAILED(id, reasonOf(cause), cause);
      }
    }
  }
}

function clear({ disk }: Resource, path: string): void {
  const isMount = disk?.source?.type === "MOUNT";
  const doomed = isMount ? readdirSync(path).map((name) => join(path, name)) : [path];
  for (const each of doomed) removeTreeSync(each);
}
