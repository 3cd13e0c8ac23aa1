import type { PluginKind, PluginManifest } from "../../contract/ports/plugin.ts";
import type { PluginPlaces } from "./find.ts";
import type { Needs } from "./needs.ts";

/** One entry of `plugins` in a config file. */
export interface PluginEntry {
  /** Path, built-in name, or npm package; see `findPlugin`. */
  readonly plugin: string;
  /** Another name to run under, for the same plugin twice. */
  readonly as?: string;
  /** Its own config, checked by its own schema; absent means `{}`. */
  readonly config?: unknown;
  /** Deadline of its start in milliseconds; absent means the host's. */
  readonly startTimeout?: number;
  /** Kinds that it may be of, where not all do that have a use in the process. */
  readonly kinds?: readonly PluginKind[];
}

/** The policy of a master as one more of its plugins; it has to be an allocator. */
export function policyEntry(policy: { readonly name: string; readonly config?: unknown }) {
  const kinds: readonly PluginKind[] = ["allocator"];
  return { plugin: policy.name, config: policy.config, kinds } satisfies PluginEntry;
}

/**
 * Looks at the bytes of an entry without running them, and says what is wrong with their shape.
 * Given in by whoever knows the port, so that the host need not know about clusters.
 */
export type ShapeCheck = (bytes: Uint8Array, manifest: PluginManifest) => string | undefined;

/** What admission needs to know about the process that wants the plugins. */
export interface AdmissionOptions extends PluginPlaces {
  /** Kinds that have a use here; absent means all. */
  readonly kinds?: readonly PluginKind[];
  /** Ports that the process itself provides. */
  readonly provided?: Iterable<string>;
  /** What the process needs of its plugins; absent means nothing. */
  readonly needs?: Needs;
  /** Shape checks by kind; every .wasm entry is checked to be WebAssembly anyway. */
  readonly shapes?: Readonly<Partial<Record<PluginKind, ShapeCheck>>>;
}

/** A plugin on its way through admission; later checks rely on what earlier ones filled in. */
export interface Candidate {
  readonly entry: PluginEntry;
  /** What it is called until its manifest is known, and after. */
  name: string;
  /** Folder of its manifest; "" until it is found. */
  folder: string;
  manifest: PluginManifest | undefined;
  /** Absolute path of its entry file; "" until it is found. */
  entryFile: string;
  /** The entry's bytes. */
  bytes: Uint8Array;
  /** sha256 of the entry in hexadecimal. */
  digest: string;
  /** Its config, validated, defaults filled in. */
  config: unknown;
}

/** A plugin that passed every check. */
export interface AdmittedPlugin extends Readonly<Candidate> {
  readonly manifest: PluginManifest;
}

/** The entry as a candidate that nothing is known about. */
export function newCandidate(entry: PluginEntry): Candidate {
  return {
    entry,
    name: entry.as ?? entry.plugin,
    folder: "",
    manifest: undefined,
    entryFile: "",
    bytes: new Uint8Array(),
    digest: "",
    config: undefined,
  };
}

/** The manifest of a candidate that passed the first check. */
export function manifestOf(candidate: Candidate): PluginManifest {
  if (candidate.manifest === undefined) throw new Error("the manifest is read by the first check");
  return candidate.manifest;
}
