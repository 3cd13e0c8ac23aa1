import type { ContainerId } from "./ids.ts";
import type { ContainerSpec, PersistentVolume } from "./ports/isolator.ts";

/**
 * Which containers use persistent volumes. Who runs in one has its volumes; those that are shared
 * (E13) belong to the user of the first container, until none uses them: as with Mesos, who comes
 * later finds them as they are, and takes them away from nobody.
 */
export class VolumeUsers {
  readonly #users = new Map<string, Set<ContainerId>>();

  /** Notes a container, and answers the volumes that are its user's to have. */
  take({ id, volumes = [] }: Pick<ContainerSpec, "id" | "volumes">): PersistentVolume[] {
    return volumes.filter(({ hostPath, shared }) => {
      const users = this.#users.get(hostPath) ?? new Set();
      this.#users.set(hostPath, users.add(id));
      return shared !== true || users.size === 1;
    });
  }

  /** A container is gone. */
  leave(id: ContainerId): void {
    for (const [hostPath, users] of this.#users) {
      if (users.delete(id) && users.size === 0) this.#users.delete(hostPath);
    }
  }
}
