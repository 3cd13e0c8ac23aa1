import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import type { Container, ContainerizerOptions } from "./container.ts";

/**
 * Gives a container other resources: at once if it runs, else when it is let run. Changes of one
 * container are made one after the other; one that fails leaves it as it was, and is logged.
 */
export function resize(
  container: Container | undefined,
  resources: ContainerSpec["resources"],
  { isolators, log }: ContainerizerOptions,
): void {
  if (container === undefined) return;
  container.spec = { ...container.spec, resources };
  container.isResized = true;
  if (container.phase !== "running") return;
  const { spec } = container;
  const before = container.resizing ?? Promise.resolve();
  container.resizing = before.then(async () => {
    for (const isolator of isolators) {
      // What has ended meanwhile is being cleaned up.
      if (container.phase !== "running") return;
      try {
        await isolator.update?.(spec);
      } catch (cause) {
        if (container.phase !== "running") return;
        log.warn({ err: cause, container: spec.id }, "a container could not be resized");
      }
    }
  });
}

/** Makes up for changes that came before the container ran, or before this agent did. */
export function resizeLate(container: Container, options: ContainerizerOptions): void {
  if (container.isResized === true) resize(container, container.spec.resources, options);
}
