import { errors, type TepuiError } from "../../contract/errors.ts";
import type { Clock } from "../../contract/ports/clock.ts";
import type {
  ContainerCheckpoint,
  ContainerSpec,
  ExternalContainer,
  Isolator,
  Limitation,
  ProcessIdentity,
  StartedContainer,
} from "../../contract/ports/isolator.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { KeeperExit } from "./keeper.ts";
import type { TreeRoot } from "./tree.ts";

/** What became of containers; each is told from a callback and must only be enqueued. */
export interface ContainerEvents {
  /** Everything is ready and nothing has run: `release` lets it run. */
  onHeld(id: string, process: ProcessIdentity | undefined): void;
  /** What an engine runs has started, or has been found running after a restart. */
  onStarted(id: string, started: StartedContainer): void;
  /** It did not come to run, or could not run its command; everything is cleaned up. */
  onFailed(id: string, cause: TepuiError): void;
  /** It ran and has ended; `undefined` when nobody was there to see how. */
  onExited(id: string, exit: KeeperExit | undefined): void;
  /** It must be ended, or has been, for this reason. */
  onLimit(id: string, limitation: Limitation): void;
}

/** What makes root filesystems of images. */
export interface ContainerImages {
  /** The spec with a root filesystem and what the image says, if the container has an image. */
  provide(spec: ContainerSpec, signal: AbortSignal): Promise<ContainerSpec>;
  /** The same of a container that was provided for before this agent started. */
  restore(spec: ContainerSpec): ContainerSpec;
  /** Removes what containers that are not known have left. */
  recover(known: ReadonlySet<string>): Promise<void>;
  /** Removes what was made for a container, of which nothing runs any more. */
  release(id: string): Promise<void>;
}

/** What a containerizer works with. */
export interface ContainerizerOptions {
  /** In the order of the config file. */
  readonly isolators: readonly Isolator[];
  /** Folder of its own, for exit records and the keeper's log. */
  readonly runDir: string;
  /** Folder that holds every sandbox; processes at work below it are this agent's. */
  readonly sandboxRoot: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly events: ContainerEvents;
  /** Root filesystems from images; without it containers with an image are refused. */
  readonly images?: ContainerImages;
  /** Puts what the command's URIs name into the sandbox; without it such commands are refused. */
  readonly fetch?: (spec: ContainerSpec, signal: AbortSignal) => Promise<void>;
}

/** A container on its way from its launch to its end. */
export interface Container {
  spec: ContainerSpec;
  readonly abort: AbortController;
  phase: "preparing" | "held" | "running" | "ending";
  process?: ProcessIdentity;
  external?: ExternalContainer;
  /** Nobody may be left when its end is told. */
  destroy: boolean;
  unwatch: (() => void)[];
  /** Its resources are not those that it was prepared with. */
  isResized?: boolean;
  resizing?: Promise<void>;
}

/** A container at the beginning of its way, or taken up again in the middle of it. */
export function newContainer(
  spec: ContainerSpec,
  phase: Container["phase"],
  process?: ProcessIdentity,
): Container {
  return {
    spec,
    abort: new AbortController(),
    phase,
    destroy: false,
    unwatch: [],
    ...(process === undefined ? {} : { process }),
  };
}

/** Where to begin to look for the processes of a container. */
export function rootOf({ spec: { id }, process }: ContainerCheckpoint): TreeRoot {
  return process === undefined ? { id } : { id, process };
}

/**
 * Refuses what would otherwise be ignored in silence.
 * @throws CONTAINER_LAUNCH_REFUSED
 */
export function refuseWhatNobodyRuns(
  { container, rootfs }: ContainerSpec,
  entersRootfs: boolean,
): void {
  const hasImage = container?.mesos?.image !== undefined || rootfs !== undefined;
  if (container?.type === "DOCKER" || (hasImage && !entersRootfs)) {
    throw errors.CONTAINER_LAUNCH_REFUSED("no isolator of this agent runs images");
  }
}

/**
 * Puts what a command's URIs name into its sandbox.
 * @throws CONTAINER_LAUNCH_REFUSED where nothing fetches, and what the fetcher says
 */
export async function fetchFor(
  spec: ContainerSpec,
  { fetch }: ContainerizerOptions,
  signal: AbortSignal,
): Promise<void> {
  if (fetch !== undefined) return await fetch(spec, signal);
  if ((spec.command.uris?.length ?? 0) === 0) return;
  throw errors.CONTAINER_LAUNCH_REFUSED("nothing here fetches URIs");
}

/** Has all isolators tell when the container hits a limit. */
export function watchLimits(
  container: Container,
  { isolators, events }: ContainerizerOptions,
): void {
  const { id } = container.spec;
  for (const isolator of isolators) {
    const stop = isolator.watch?.(id, (limitation) => events.onLimit(id, limitation));
    if (stop !== undefined) container.unwatch.push(stop);
  }
}

/** Has whoever watches the container take a last look, and stop. */
export function stopWatching(container: Container): void {
  for (const stop of container.unwatch.splice(0)) stop();
}

/**
 * Cleans up after a container, in reverse order; a cleanup that fails holds up no other. Answers
 * whether none did.
 */
export async function cleanUp(
  id: ContainerSpec["id"],
  { isolators, images, log }: ContainerizerOptions,
): Promise<boolean> {
  const cleanups = [...isolators].reverse().map((isolator) => () => isolator.cleanup(id));
  if (images !== undefined) cleanups.push(() => images.release(id));
  let isClean = true;
  for (const cleanup of cleanups) {
    try {
      await cleanup();
    } catch (cause) {
      isClean = false;
      log.error({ err: cause, container: id }, "cleaning up a container failed");
    }
  }
  return isClean;
}

/**
 * Hands to the isolators what is known, and has them clean up what is forsaken and what is not
 * known, all at once: there may be much of it. What cannot be cleaned up now is found again by the
 * next agent; this one must start.
 */
export async function recoverKnown(
  known: readonly ContainerCheckpoint[],
  forsaken: readonly ContainerCheckpoint[],
  { isolators, images, log }: ContainerizerOptions,
): Promise<void> {
  for (const isolator of isolators) {
    // What is forsaken is ended by name, also where strangers are left alone.
    const orphans = await isolator.recover([...known, ...forsaken]);
    const ended = [...orphans, ...forsaken.map(({ spec }) => spec.id)];
    const cleanups = ended.map((id) =>
      isolator.cleanup(id).catch((cause: unknown) => {
        log.error({ err: cause, container: id }, "cleaning up a container failed");
      }),
    );
    await Promise.all(cleanups);
  }
  await images?.recover(new Set(known.map(({ spec }) => spec.id)));
}
