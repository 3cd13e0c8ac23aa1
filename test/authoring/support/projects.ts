import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { newProject } from "../../../authoring/new-project.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** What `newProject` is asked for, beside the name and the folder. */
type Asked = Pick<Parameters<typeof newProject>[0], "kind"> & {
  readonly language?: Parameters<typeof newProject>[0]["language"];
};

/** A folder for projects that is gone after the tests. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), "tepui-authoring-"));

  /** Writes a project, with what `npm install` would have brought. */
  make(name: string, { kind, language = "assemblyscript" }: Asked): Project {
    const folder = join(this.folder, name);
    newProject({ kind, language, name, folder, takenNames: [] });
    installed(folder);
    return new Project(folder);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A project that was written. */
export class Project {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Replaces text of a file; the text must be there. */
  edit(file: string, from: string, to: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`${file} has no "${from}"`);
    writeFileSync(path, text.replace(from, to));
  }

  /** Runs a program in its folder, and says what it printed when it fails. */
  run(program: string, ...words: string[]): string {
    const done = spawnSync(program, words, { cwd: this.folder, encoding: "utf8" });
    if (done.status === 0) return done.stdout;
    throw new Error(`${program} ${words.join(" ")}: ${done.status}\n${done.stdout}${done.stderr}`);
  }
}

/** Programs of the packages that projects depend on. */
const programs = { asc: "assemblyscript/bin/asc.js", tsc: "typescript/bin/tsc" } as const;

/** Links what a project depends on: there may be no network, and it is all here. */
export function installed(folder: string): void {
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, ".bin"), { recursive: true });
  for (const name of ["assemblyscript", "@assemblyscript", "typescript", "@types"]) {
    symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
  symlinkSync(root, join(modules, "tepui"));
  for (const [program, path] of Object.entries(programs)) {
    symlinkSync(
      relative(join(modules, ".bin"), join(modules, path)),
      join(modules, ".bin", program),
    );
  }
}
