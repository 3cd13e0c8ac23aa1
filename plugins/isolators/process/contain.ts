import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  FAILURE_NOTE,
  type ProcessIdentity,
  type RootFilesystem,
  type UserNumbers,
} from "../../../contract/ports/isolator.ts";
import type { Capabilities } from "./capabilities.ts";

const SCRIPT = join(dirname(fileURLToPath(import.meta.url)), "contain.pl");

/** Something of the host that is seen inside a root filesystem. */
export interface Bind {
  readonly from: string;
  readonly to: string;
  readonly isReadOnly: boolean;
  /** A folder below `from`, made if it is not there, on the way to which no link is followed. */
  readonly way?: string;
}

/** What contain.pl, which says what each of these is, does for a command. */
export interface Containment {
  /** The container to join; absent when a new one is made. */
  readonly enter?: ProcessIdentity;
  readonly hasInit?: boolean;
  readonly hasProc?: boolean;
  readonly shmSizeMib?: number;
  readonly hostname?: string;
  readonly rootfs?: RootFilesystem;
  readonly binds?: readonly Bind[];
  readonly directory?: string;
  readonly user?: UserNumbers;
  readonly capabilities?: Capabilities;
  readonly noNewPrivileges?: boolean;
}

/** Three parts of a word are parted by spaces. */
const coded = (path: string) =>
  path.replace(
    /[ %\n]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );

function bindWord({ from, to, isReadOnly, way }: Bind): string {
  const words = [coded(from), coded(to), isReadOnly ? "ro" : "rw"];
  return `bind=${[...words, ...(way === undefined ? [] : [coded(way)])].join(" ")}`;
}

function rootWords({ path, overlay }: RootFilesystem): readonly string[] {
  const words = [`root=${path}`];
  if (overlay === undefined) return words;
  const { lower, upper, work } = overlay;
  return [...words, `overlay=${[lower, upper, work].map(coded).join(" ")}`];
}

/** Words that put a command, which follows them, into namespaces that there are by now. */
export function containWords(perl: string, what: Containment): readonly string[] {
  const { enter, user, rootfs, capabilities = {} } = what;
  const words: string[] = [];
  const add = (key: string, value: unknown): void => {
    if (value !== undefined && value !== false) words.push(`${key}=${value === true ? 1 : value}`);
  };
  if (enter === undefined) add("note", FAILURE_NOTE);
  else add("enter", `${enter.pid}:${enter.startTicks}`);
  add("init", what.hasInit);
  add("proc", what.hasProc);
  add("shm", what.shmSizeMib);
  add("hostname", what.hostname);
  if (rootfs !== undefined) words.push(...rootWords(rootfs));
  words.push(...(what.binds ?? []).map(bindWord));
  add("directory", what.directory);
  add("uid", user?.uid);
  add("gid", user?.gid);
  add("groups", user?.groups.join());
  add("bounding", capabilities.bounding?.join());
  add("effective", capabilities.effective?.join());
  add("nnp", what.noNewPrivileges);
  return [perl, SCRIPT, ...words, "--"];
}
