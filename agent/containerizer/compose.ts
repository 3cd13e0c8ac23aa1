import { join } from "node:path";
import type {
  ContainerSpec,
  ExternalContainer,
  Isolator,
  LaunchParts,
} from "../../contract/ports/isolator.ts";
import { findProgram, wordsOf, wrapped } from "./command.ts";
import { refuseWhatNobodyRuns } from "./container.ts";
import type { Launch } from "./keeper.ts";
import { markFor } from "./sweeper.ts";

/** What all isolators together ask of a launch. */
export interface Composition {
  readonly wrap: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory: string;
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
  for (const isolator of isolators) {
    const parts: LaunchParts = await isolator.prepare(spec, signal);
    signal.throwIfAborted();
    wrap.push(...(parts.wrap ?? []));
    environment = { ...environment, ...parts.environment };
    directory = parts.workingDirectory ?? directory;
    external = parts.external ?? external;
  }
  return { wrap, environment, directory, ...(external === undefined ? {} : { external }) };
}

/**
 * What the keeper is to run.
 * @throws COMMAND_NOT_FOUND, COMMAND_MISSING, CONTAINER_LAUNCH_REFUSED
 */
export function launchOf(spec: ContainerSpec, composition: Composition): Launch {
  refuseWhatNobodyRuns(spec);
  const { wrap, environment, directory } = composition;
  const words = wordsOf(spec.command);
  findProgram(words.file, directory, environment["PATH"]);
  return {
    directory,
    stdout: join(spec.sandbox, "stdout"),
    stderr: join(spec.sandbox, "stderr"),
    environment,
    ...wrapped(words, wrap),
  };
}
