import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { errors } from "../contract/errors.ts";

/** Kinds of plugins that there are templates for. */
export type TemplateKind = "allocator" | "isolator" | "transport" | "coordinator";

/** Languages in which allocators can be begun; every other kind is TypeScript. */
export type AllocatorLanguage = "assemblyscript" | "c" | "rust";

/** What a new project is. */
export interface NewProject {
  readonly kind: TemplateKind;
  /** Of allocators only. */
  readonly language: AllocatorLanguage;
  readonly name: string;
  /** Made when it is not there. */
  readonly folder: string;
  /** Names that plugins of Tepui's own have. */
  readonly takenNames: readonly string[];
}

/** The top of this copy of Tepui; templates are used as they were built, also from the sources. */
const top = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "../" : "../../", import.meta.url),
);

/** Longest name of a plugin, which is a folder, a package and a label of metrics too. */
const NAME_CHARS_MAX = 64;

/**
 * Writes a project that can be built and tested as it is. Answers the paths of its files, relative
 * to its folder.
 * @throws CLI_USAGE for a name that no plugin can have, PROJECT_EXISTS
 */
export function newProject(project: NewProject): readonly string[] {
  checkName(project);
  const folder = resolve(project.folder);
  if (existsSync(folder) && !(isFolder(folder) && readdirSync(folder).length === 0)) {
    throw errors.PROJECT_EXISTS(folder);
  }
  const words = wordsOf(project.name);
  const written = new Set<string>();
  for (const template of templatesOf(project)) {
    const from = join(top, "dist", "templates", template);
    for (const file of filesBelow(from)) {
      const path = relative(from, file).replace(/(^|\/)gitignore$/, "$1.gitignore");
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), filled(readFileSync(file, "utf8"), words));
      written.add(path.split(sep).join("/"));
    }
  }
  return [...written].sort();
}

function checkName({ name, takenNames }: NewProject): void {
  const rule = "small letters, digits and dashes, beginning with a letter, such as best-fit";
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || name.length > NAME_CHARS_MAX) {
    throw errors.CLI_USAGE(`"${name}" is no name for a plugin`, rule);
  }
  if (takenNames.includes(name)) {
    throw errors.CLI_USAGE(
      `"${name}" is a plugin of Tepui's own, which its name will always mean`,
      "take another name",
    );
  }
}

/** Folders whose files make the project, later ones over earlier ones. */
function templatesOf({ kind, language }: NewProject): readonly string[] {
  if (kind === "allocator") return ["allocator/shared", `allocator/${language}`];
  return ["typescript", kind];
}

/** What stands in the templates for what only the project, or this copy of Tepui, knows. */
function wordsOf(name: string): Readonly<Record<string, string>> {
  const { version, devDependencies } = JSON.parse(
    readFileSync(join(top, "package.json"), "utf8"),
  ) as { version: string; devDependencies: Readonly<Record<string, string>> };
  const isInstalled = top.split(sep).includes("node_modules");
  return {
    __NAME__: name,
    // A copy that came from no registry can only be named by its folder.
    __TEPUI_VERSION__: isInstalled ? `^${version}` : `file:${top.replace(/[\\/]$/, "")}`,
    __ASSEMBLYSCRIPT_VERSION__: devDependencies["assemblyscript"] ?? "*",
    __TYPESCRIPT_VERSION__: devDependencies["typescript"] ?? "*",
    __TYPES_NODE_VERSION__: devDependencies["@types/node"] ?? "*",
  };
}

function filled(text: string, words: Readonly<Record<string, string>>): string {
  return text.replace(/__[A-Z][A-Z_]*__/g, (word) => words[word] ?? word);
}

function isFolder(path: string): boolean {
  return statSync(path).isDirectory();
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}
