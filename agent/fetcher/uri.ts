import { errors } from "../../contract/errors.ts";
import type { FetchUri } from "../../contract/schema/command.ts";

/** Endings of what is unpacked, and how (F41). */
const endings: readonly (readonly [RegExp, ArchiveKind])[] = [
  [/\.(tar|tar\.gz|tgz|tar\.bz2|tbz2|tar\.xz|txz)$/i, "tar"],
  [/\.zip$/i, "zip"],
  [/\.gz$/i, "gz"],
];

/** A tape archive, compressed or not; a zip archive; or a single compressed file. */
export type ArchiveKind = "tar" | "zip" | "gz";

/** Something to fetch, once it has been found to make sense. */
export interface Source {
  /** For people: without credentials and query, which may hold secrets. */
  readonly shown: string;
  /** An http or https URL, or the absolute path of a file on this host. */
  readonly from: { readonly url: string } | { readonly path: string };
  /** Where it goes, relative to the sandbox. */
  readonly name: string;
  /** Lower case hexadecimal digits of the SHA-256 that the bytes must have. */
  readonly sha256?: string;
  readonly isExecutable: boolean;
  readonly isCached: boolean;
  /** How it is unpacked; absent when it is not. */
  readonly archive?: ArchiveKind;
}

/**
 * Reads a URI of a command: http, https, file, or the absolute path of a file on the agent's host.
 * @throws FETCH_URI_INVALID
 */
export function sourceOf(uri: FetchUri): Source {
  const { value, executable = false, extract = true, cache = false, outputFile } = uri;
  const { shown, from, path } = placeOf(value);
  const name = outputFile ?? path.split("/").at(-1) ?? "";
  const problem = nameProblem(name);
  if (problem !== undefined) throw errors.FETCH_URI_INVALID(shown, problem);
  const kind = endings.find(([ending]) => ending.test(name))?.[1];
  return {
    ...{ shown, from, name, isExecutable: executable, isCached: cache },
    ...(uri.checksum === undefined ? {} : { sha256: digitsOf(shown, uri.checksum) }),
    ...(!extract || executable || kind === undefined ? {} : { archive: kind }),
  };
}

function placeOf(value: string): Pick<Source, "shown" | "from"> & { readonly path: string } {
  if (value.startsWith("/")) return { shown: value, from: { path: value }, path: value };
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw errors.FETCH_URI_INVALID(value.slice(0, 100), "it is neither a URL nor an absolute path");
  }
  const shown = `${url.protocol}//${url.host}${url.pathname}`;
  let path: string;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    throw errors.FETCH_URI_INVALID(shown, "its path is not well encoded");
  }
  if (url.protocol === "file:") {
    if (url.host !== "") throw errors.FETCH_URI_INVALID(shown, "a file is on the agent's own host");
    return { shown, from: { path }, path };
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw errors.FETCH_URI_INVALID(shown, "only http, https and file are fetched");
  }
  return { shown, from: { url: url.href }, path };
}

function nameProblem(name: string): string | undefined {
  if (name === "" || name.endsWith("/")) return "it names no file; outputFile would";
  if (name.includes("\0")) return "its name has a NUL character";
  if (name.startsWith("/")) return `"${name}" is absolute; outputFile is below the sandbox`;
  if (name.split("/").some((part) => part === ".." || part === ".")) {
    return `"${name}" leads out of the sandbox`;
  }
  return undefined;
}

function digitsOf(shown: string, checksum: string): string {
  const digits = /^sha256-([0-9a-fA-F]{64})$/.exec(checksum)?.[1];
  if (digits !== undefined) return digits.toLowerCase();
  throw errors.FETCH_URI_INVALID(shown, `"${checksum}" is not sha256- and 64 hexadecimal digits`);
}
