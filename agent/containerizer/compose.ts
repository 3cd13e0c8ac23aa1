import { join } from "node:path";
import {
  type ContainerSpec,
  type ExternalContainer,
  FAILURE_NOTE,
  type Isolator,
  type LaunchParts,
} from "../../contract/ports/isolator.ts";
import { findProgram, guarded, wordsOf } from "./command.ts";
import { refuseWhatNobodyRuns } from "./container.ts";
import type { Launch } from "./keeper.ts";
import { markFor } from "./sweeper.ts";

/** What all isolators together ask of a launch. */
export interface Composition {
  readonly wrap: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
  /** Whether the words put the command into the root filesystem that it has. */
  readonly entersRootfs: boolean;
}

/**
 * Has every isolator prepare, in order. Words that wrap come from the first outermost; environment
 * and working directory from the last that says something.
 * @throws whatever an isolator refuses, or the reason of `signal`
 */
export async function composed(
  isolators: readonly Isolator[],
  spec: ContainerSpec,
  signal: AbortSignal,
): Promise<Composition & { readonly external?: ExternalContainer }> {
  const wrap: string[] = [];
  let environment = { ...spec.environment, ...markFor(spec.id) };
  let directory = spec.sandbox;
  let external: ExternalContainer | undefined;
  let entersRootfs = false;
  for (const isolator of isolators) {
    const parts: LaunchParts = await isolator.prepare(spec, signal);
    signal.throwIfAborted();
    wrap.push(...(parts.wrap ?? []));
    environment = { ...environment, ...parts.environment };
    directory = parts.workingDirectory ?? directory;
    external = parts.external ?? external;
    entersRootfs ||= parts.entersRootfs === true;
  }
  const all = { wrap, environment, directory, entersRootfs };
  return { ...all, ...(external === undefined ? {} : { external }) };
}

/**
 * What the keeper is to run; `note` is the file where words that wrap say why they failed.
 * @throws COMMAND_NOT_FOUND, COMMAND_MISSING, CONTAINER_LAUNCH_REFUSED
 */
export function launchOf(spec: ContainerSpec, composition: Composition, note: string): Launch {
  const { environment, directory, entersRootfs } = composition;
  const { rotation } = spec;
  refuseWhatNobodyRuns(spec, entersRootfs);
  const wrap = composition.wrap.map((word) => word.replaceAll(FAILURE_NOTE, note));
  const words = wordsOf(spec.command);
  // What is in an image is found when its root has become that of the command.
  if (spec.rootfs === undefined) findProgram(words.file, directory, environment["PATH"]);
  return {
    directory,
    stdout: join(spec.sandbox, "stdout"),
    stderr: join(spec.sandbox, "stderr"),
    ...(rotation === undefined ? {} : { rotation }),
    ...guarded(words, wrap, environment, spec.rootfs !== undefined),
  };
}

/** Words that put a further command into a running container, those of the first outermost. */
export async function entered(
  isolators: readonly Isolator[],
  spec: ContainerSpec,
): Promise<readonly string[]> {
  const words: string[] = [];
  for (const isolator of isolators) words.push(...((await isolator.enter?.(spec)) ?? []));
  return words;
}
