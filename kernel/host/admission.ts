import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { CONTRACT_VERSION, speaksContract } from "../../contract/contract-version.ts";
import { errors, TepuiError } from "../../contract/errors.ts";
import { didYouMean } from "../../contract/nearest.ts";
import {
  type AdmissionOptions,
  type AdmittedPlugin,
  type Candidate,
  manifestOf,
  newCandidate,
  type PluginEntry,
} from "./candidate.ts";
import { findPlugin } from "./find.ts";
import { readManifest } from "./manifest.ts";
import { needProblems } from "./needs.ts";
import { startOrder } from "./order.ts";
import { pluginConfig } from "./plugin-config.ts";

/** How every WebAssembly module of version 1 begins: "\0asm", then the version. */
const WASM_START = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** One check of one candidate among all of them; throws its coded refusal. */
type Check = (candidate: Candidate, all: readonly Candidate[], options: AdmissionOptions) => void;

function checkManifest(candidate: Candidate, _: readonly Candidate[], options: AdmissionOptions) {
  candidate.folder = findPlugin(candidate.entry.plugin, options);
  candidate.manifest = readManifest(candidate.folder);
  candidate.name = candidate.entry.as ?? candidate.manifest.name;
}

function checkKind(candidate: Candidate, _: readonly Candidate[], options: AdmissionOptions) {
  const { kind } = manifestOf(candidate);
  const kinds = candidate.entry.kinds ?? options.kinds;
  if (kinds === undefined || kinds.includes(kind)) return;
  throw errors.PLUGIN_KIND_WRONG(candidate.name, kind, kinds);
}

function checkContract(candidate: Candidate) {
  const { contract } = manifestOf(candidate);
  if (speaksContract(contract)) return;
  throw errors.PLUGIN_CONTRACT_VERSION(candidate.name, contract, CONTRACT_VERSION);
}

function checkNameFree(candidate: Candidate, all: readonly Candidate[]) {
  const first = all.find((other) => other.name === candidate.name);
  if (first === undefined || first === candidate) return;
  throw errors.PLUGIN_NAME_TAKEN(candidate.name, first.folder, candidate.folder);
}

function checkRequires(candidate: Candidate, all: readonly Candidate[], options: AdmissionOptions) {
  const offered = new Set(options.provided ?? []);
  for (const other of all) for (const port of other.manifest?.offers ?? []) offered.add(port);
  for (const port of manifestOf(candidate).requires ?? []) {
    if (offered.has(port)) continue;
    throw errors.PLUGIN_REQUIRES_UNKNOWN(candidate.name, port, didYouMean(port, offered));
  }
}

function checkCycles(candidate: Candidate, all: readonly Candidate[]) {
  try {
    startOrder(all.filter(({ manifest }) => manifest !== undefined).map(ordered));
  } catch (thrown) {
    // Every plugin would be refused for one circle; only the first of the circle is to blame.
    const blamed = thrown instanceof TepuiError && thrown.where === `plugin ${candidate.name}`;
    if (blamed) throw thrown;
  }
}

function checkDigest(candidate: Candidate) {
  const manifest = manifestOf(candidate);
  candidate.entryFile = insideFolder(candidate, manifest.entry);
  if (manifest.companion !== undefined) insideFolder(candidate, manifest.companion);
  candidate.bytes = readFileSync(candidate.entryFile);
  candidate.digest = createHash("sha256").update(candidate.bytes).digest("hex");
  if (manifest.digest === undefined || manifest.digest === candidate.digest) return;
  throw errors.PLUGIN_DIGEST_MISMATCH(candidate.name, manifest.digest, candidate.digest);
}

function checkShape(candidate: Candidate, _: readonly Candidate[], options: AdmissionOptions) {
  const manifest = manifestOf(candidate);
  const { bytes, name } = candidate;
  if (manifest.entry.endsWith(".wasm") && !WASM_START.every((byte, at) => bytes[at] === byte)) {
    throw errors.PLUGIN_SHAPE(name, "it is not WebAssembly (version 1)");
  }
  const problem = options.shapes?.[manifest.kind]?.(bytes, manifest);
  if (problem !== undefined) throw errors.PLUGIN_SHAPE(name, problem);
}

function checkConfig(candidate: Candidate) {
  const { entry, name } = candidate;
  const manifest = manifestOf(candidate);
  candidate.config = pluginConfig(name, manifest, entry.config ?? {});
}

/** All checks, in their order. Every one is over for all plugins before any plugin's code runs. */
const admission: readonly Check[] = [
  checkManifest,
  checkKind,
  checkContract,
  checkNameFree,
  checkRequires,
  checkCycles,
  checkDigest,
  checkShape,
  checkConfig,
];

/** Checks that look at the others or at the process, and say nothing of the plugin itself. */
const surroundings: ReadonlySet<Check> = new Set<Check>([
  checkKind,
  checkNameFree,
  checkRequires,
  checkCycles,
]);

/** The real path of a file of the plugin. Symbolic links may not lead out of the folder either. */
function insideFolder(candidate: Candidate, file: string): string {
  const folder = realpathSync(candidate.folder);
  let real: string;
  try {
    real = realpathSync(join(folder, file));
    readFileSync(real);
  } catch {
    throw errors.PLUGIN_ENTRY_MISSING(candidate.name, file);
  }
  if (!real.startsWith(folder + sep)) throw errors.PLUGIN_ENTRY_OUTSIDE(candidate.name, file);
  return real;
}

/** A candidate with its manifest, as `startOrder` wants it. */
function ordered(candidate: Candidate) {
  const { requires = [], optional = [], offers } = manifestOf(candidate);
  return { candidate, name: candidate.name, requires, optional, offers };
}

/** What came of admitting: the plugins in the order of the entries, and every refusal. */
export interface Admission {
  /** All that passed; complete when there are no problems. */
  readonly admitted: readonly AdmittedPlugin[];
  /**
   * The first refusal of each plugin that was refused, with the index of its entry; then those of
   * the configs of plugins that only their surroundings kept from being checked so far.
   */
  readonly problems: readonly { readonly index: number; readonly error: TepuiError }[];
  /**
   * What the process would miss with all of them. Nothing is said of that while it is not known
   * what one of them is.
   */
  readonly missing: readonly TepuiError[];
}

/** What is wrong with the config of a plugin that does not get as far as that check. */
function configRefusal(candidate: Candidate): TepuiError | undefined {
  if (!speaksContract(manifestOf(candidate).contract)) return undefined;
  try {
    checkConfig(candidate);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TepuiError) return thrown;
    throw thrown;
  }
}

/**
 * Runs every check on every entry and collects the refusals: a plugin that was refused is not
 * checked further, and the others are. No code of a plugin runs.
 */
export function examinePlugins(
  entries: readonly PluginEntry[],
  options: AdmissionOptions,
): Admission {
  const all = entries.map(newCandidate);
  const problems: { index: number; error: TepuiError }[] = [];
  const unchecked: number[] = [];
  for (const check of admission) {
    all.forEach((candidate, index) => {
      if (problems.some((problem) => problem.index === index)) return;
      try {
        check(candidate, all, options);
      } catch (thrown) {
        if (!(thrown instanceof TepuiError)) throw thrown;
        problems.push({ index, error: thrown });
        if (surroundings.has(check)) unchecked.push(index);
      }
    });
  }
  for (const index of unchecked) {
    const error = configRefusal(all[index] as Candidate);
    if (error !== undefined) problems.push({ index, error });
  }
  const passed = all.filter((_, index) => !problems.some((problem) => problem.index === index));
  const admitted = passed as readonly Candidate[] as readonly AdmittedPlugin[];
  const known = all.filter(({ manifest }) => manifest !== undefined);
  if (options.needs === undefined || known.length < all.length) {
    return { admitted, problems, missing: [] };
  }
  const plugins = known.map((candidate) => ({ ...candidate, manifest: manifestOf(candidate) }));
  return { admitted, problems, missing: needProblems(options.needs, plugins) };
}

/**
 * Admits plugins, or refuses the first one that fails the earliest check; in the order of the
 * entries.
 * @throws one of the PLUGIN_… codes; PORT_MISSING or PORT_AMBIGUOUS where they do not suffice
 */
export function admitPlugins(
  entries: readonly PluginEntry[],
  options: AdmissionOptions,
): readonly AdmittedPlugin[] {
  const { admitted, problems, missing } = examinePlugins(entries, options);
  const first = problems[0]?.error ?? missing[0];
  if (first !== undefined) throw first;
  return admitted;
}

/**
 * Admits one more plugin beside those that run, by the same checks in the same order.
 * @throws one of the PLUGIN_… codes
 */
export function admitAnother(
  entry: PluginEntry,
  running: readonly AdmittedPlugin[],
  options: AdmissionOptions,
): AdmittedPlugin {
  const candidate = newCandidate(entry);
  const all = [...running, candidate];
  for (const check of admission) check(candidate, all, options);
  return { ...candidate, manifest: manifestOf(candidate) };
}

/** Admitted plugins in the order in which they start. */
export function inStartOrder(admitted: readonly AdmittedPlugin[]): readonly AdmittedPlugin[] {
  return startOrder(admitted.map(ordered)).map(({ candidate }) => candidate as AdmittedPlugin);
}
