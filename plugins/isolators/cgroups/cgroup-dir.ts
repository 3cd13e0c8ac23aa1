import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errors, reasonOf } from "../../../contract/errors.ts";

/** What a cgroup file system can do, so that tests may stand in for the kernel. */
export interface CgroupCalls {
  readonly exists: (path: string) => boolean;
  readonly read: (path: string) => string;
  readonly write: (path: string, text: string) => void;
  readonly writeSoon: (path: string, text: string) => Promise<void>;
  readonly list: (path: string) => readonly string[];
  readonly make: (path: string) => void;
  readonly remove: (path: string) => void;
}

/** The calls of the real file system. */
export const kernelCalls: CgroupCalls = {
  exists: existsSync,
  read: (path) => readFileSync(path, "utf8"),
  // Not truncated: the files of a cgroup are made by the kernel, and one that is missing must not
  // come into being where a directory merely looks like a cgroup.
  write: (path, text) => writeFileSync(path, text, { flag: "r+" }),
  writeSoon: (path, text) => writeFile(path, text, { flag: "r+" }),
  list: (path) =>
    readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name),
  make: (path) => mkdirSync(path, 0o755),
  remove: rmdirSync,
};

/** A name that no file of the kernel has and that leads nowhere else. */
const GROUP_NAME = /^[A-Za-z0-9_][A-Za-z0-9_@.-]*$/;

const codeOf = (thrown: unknown): string | undefined => (thrown as { code?: string }).code;

/**
 * One cgroup in one hierarchy: a directory with verbs. Nothing that holds one can reach above it,
 * which is how the isolator stays below its own root.
 */
export class CgroupDir {
  readonly path: string;
  readonly #calls: CgroupCalls;

  constructor(path: string, calls: CgroupCalls = kernelCalls) {
    this.path = path;
    this.#calls = calls;
  }

  /** @throws CGROUP_NAME_INVALID for a name that is a path, or hidden. */
  child(name: string): CgroupDir {
    if (!GROUP_NAME.test(name)) throw errors.CGROUP_NAME_INVALID(name);
    return new CgroupDir(join(this.path, name), this.#calls);
  }

  exists(): boolean {
    return this.#calls.exists(this.path);
  }

  /** Whether the kernel offers this file here. */
  has(file: string): boolean {
    return this.#calls.exists(join(this.path, file));
  }

  /** The text of a file, trimmed; `undefined` when it, or the whole cgroup, is not there. */
  read(file: string): string | undefined {
    try {
      return this.#calls.read(join(this.path, file)).trim();
    } catch {
      return undefined;
    }
  }

  /** A file that holds one number; `undefined` for `max` and for what is not there. */
  number(file: string): number | undefined {
    const text = this.read(file);
    return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
  }

  /** A file of lines `name number`, as a look-up; empty when it is not there. */
  table(file: string): ReadonlyMap<string, number> {
    const lines = (this.read(file) ?? "").split("\n");
    return new Map(
      lines.flatMap((line) => {
        const [name, value] = line.split(" ");
        return name && value && /^\d+$/.test(value) ? [[name, Number(value)] as const] : [];
      }),
    );
  }

  /** @throws CGROUP_WRITE_FAILED with the file, the text and the reason. */
  write(file: string, text: string): void {
    const path = join(this.path, file);
    try {
      this.#calls.write(path, text);
    } catch (cause) {
      throw errors.CGROUP_WRITE_FAILED(path, text, reasonOf(cause), cause);
    }
  }

  /**
   * Moves a process into it, off the event loop: the kernel makes whoever moves a process wait
   * until no other process of the host is forking.
   */
  async attach(pid: number): Promise<void> {
    await this.#calls.writeSoon(join(this.path, "cgroup.procs"), `${pid}`);
  }

  /** Processes of this cgroup itself; those of other pid namespaces, shown as 0, left out. */
  pids(): readonly number[] {
    const lines = (this.read("cgroup.procs") ?? "").split("\n");
    return lines.map(Number).filter((pid) => pid > 0);
  }

  /** Cgroups right below it; none when it is not there. */
  children(): readonly CgroupDir[] {
    return this.childNames().map((name) => new CgroupDir(join(this.path, name), this.#calls));
  }

  /** Names of the cgroups right below it. */
  childNames(): readonly string[] {
    try {
      return this.#calls.list(this.path);
    } catch {
      return [];
    }
  }

  /**
   * Makes it if it is not there yet; the one above must be.
   * @throws CGROUP_MAKE_FAILED
   */
  make(): void {
    try {
      this.#calls.make(this.path);
    } catch (cause) {
      if (codeOf(cause) === "EEXIST") return;
      throw errors.CGROUP_MAKE_FAILED(this.path, reasonOf(cause), cause);
    }
  }

  /**
   * Removes it with all below it. Answers `undefined` when it is gone, else why it is not: the
   * kernel refuses while there are processes, and for a moment after the last one.
   */
  remove(): string | undefined {
    const problem = this.#removeAlone();
    const below = problem === undefined ? [] : this.children();
    if (below.length === 0) return problem;
    for (const group of below) {
      const theirs = group.remove();
      if (theirs !== undefined) return theirs;
    }
    return this.#removeAlone();
  }

  #removeAlone(): string | undefined {
    try {
      this.#calls.remove(this.path);
      return undefined;
    } catch (cause) {
      return codeOf(cause) === "ENOENT" ? undefined : reasonOf(cause);
    }
  }
}

/** A cgroup and all below it, the deepest first. */
export function withDescendants(group: CgroupDir): readonly CgroupDir[] {
  return [...group.children().flatMap(withDescendants), group];
}
