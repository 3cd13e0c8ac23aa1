import { builtinModules } from "node:module";
import { posix } from "node:path";
import { type Reference, referencesOf } from "./scan.ts";
import { type Finding, isTypeScript, type SourceFile } from "./source.ts";

/** What the files below one path may import. The most specific path wins. */
interface Area {
  readonly path: string;
  /** Files or folders of ours; a file may always import from its own area, see `ownFolder`. */
  readonly may: readonly string[];
  /** Reached by `import()` alone, so that starting one thing does not load the other. */
  readonly mayLazily?: readonly string[];
  /** Whether `node:*` is open to it; closed unless said. */
  readonly node?: boolean;
  /** Packages open to it; all runtime dependencies unless said. */
  readonly packages?: readonly string[];
  /** Why the rule is what it is; printed with every finding. */
  readonly because: string;
}

/** Packages of package.json by what they are for. */
export interface Packages {
  readonly runtime: readonly string[];
  readonly development: readonly string[];
}

const anything = [
  "contract",
  "wire",
  "kernel",
  "agent",
  "plugins",
  "sdk",
  "frameworks",
  "conformance",
  "authoring",
  "simulation",
  "cli",
  "bench",
  "test",
] as const;

/** The arrows of ARCHITECTURE.md. A new folder of TypeScript needs a row here. */
export const areas: readonly Area[] = [
  {
    path: "contract",
    may: [],
    packages: ["ajv", "typebox"],
    because: "every side stands on the contract, the pure cores too, so it stands on nothing",
  },
  {
    path: "wire",
    may: ["contract"],
    node: true,
    because: "the frame codec and the dialling link serve every side, so they know none of them",
  },
  {
    path: "kernel/host",
    may: ["contract", "wire/system-clock.ts"],
    node: true,
    because: "the plugin host knows nothing about clusters; master and agent both use it",
  },
  {
    path: "kernel/core",
    may: ["contract"],
    packages: ["re2js"],
    because: "the master's core is a pure state machine: it replays from a journal bit for bit",
  },
  {
    path: "kernel/allocation",
    may: ["contract", "kernel/host", "kernel/core"],
    node: true,
    because: "allocation reads the core's state and runs policies; it does no I/O of its own",
  },
  {
    path: "kernel/io",
    may: ["contract", "wire", "kernel/host", "kernel/core", "kernel/allocation"],
    node: true,
    because: "effects of the master live at its edge and never reach back from the core",
  },
  {
    path: "kernel",
    may: ["contract", "wire", "kernel"],
    node: true,
    because: "the master finds plugins by manifest and meets the agent in contract/ only",
  },
  {
    path: "agent/core",
    may: ["contract"],
    packages: [],
    because: "the agent's core is a pure state machine, so that it can be simulated",
  },
  {
    path: "agent/containerizer",
    may: ["contract", "wire", "kernel/host", "agent/core"],
    node: true,
    because: "the containerizer acts on the machine and leaves talking to agent/io",
  },
  {
    path: "agent/io",
    may: ["contract", "wire", "kernel/host", "agent/core"],
    node: true,
    because: "the agent's edge leaves containers to agent/containerizer",
  },
  {
    path: "agent",
    may: ["contract", "wire", "kernel/host", "agent"],
    node: true,
    because: "of kernel/ the agent shares the plugin host and nothing else",
  },
  {
    path: "plugins",
    may: ["contract", "wire"],
    node: true,
    because: "a plugin is found by its manifest and could be anybody's: it sees ports, not us",
  },
  {
    path: "sdk",
    may: ["contract", "wire"],
    node: true,
    because: "framework authors install the SDK without a master",
  },
  {
    path: "frameworks",
    may: ["contract", "sdk"],
    node: true,
    because: "frameworks that ship with Tepui have no way in that others lack",
  },
  {
    path: "conformance",
    may: ["contract", "wire", "kernel", "agent"],
    node: true,
    because: "the rules of the ports run for any author, so they know no plugin and no test runner",
  },
  {
    path: "authoring",
    may: ["contract", "wire", "kernel", "agent", "conformance", "bench"],
    node: true,
    because: "what authors need stands on what runs their plugins, and never on a plugin of ours",
  },
  {
    path: "simulation",
    may: ["contract", "wire/system-clock.ts", "kernel", "conformance/random.ts"],
    node: true,
    because:
      "it runs the master's own core and rounds, and stands for agents and frameworks itself",
  },
  {
    path: "cli",
    may: ["contract", "wire", "sdk", "frameworks", "kernel/host"],
    mayLazily: ["kernel/main.ts", "agent/main.ts", "authoring", "simulation"],
    node: true,
    because: "a command that lists tasks must not load a master or an agent",
  },
  {
    path: "examples",
    may: ["contract", "wire", "sdk"],
    node: true,
    because: "an example shows what a stranger can write",
  },
  { path: "bench", may: anything, node: true, because: "benchmarks measure any part" },
  { path: "test", may: [...anything, "scripts"], node: true, because: "tests may look anywhere" },
  {
    path: "vitest.config.ts",
    may: ["test/support/long-first.ts"],
    node: true,
    because: "it only configures the test runner",
  },
];

const mayUseDevelopmentPackages = ["test", "bench", "vitest.config.ts"];

/** Everything that breaks the import rules in `files`. */
export function importFindings(files: readonly SourceFile[], packages: Packages): Finding[] {
  return files
    .filter(isTypeScript)
    .flatMap((file) =>
      referencesOf(file).flatMap((reference) => {
        const message = problemOf(file.path, reference, packages);
        return message === undefined ? [] : [{ path: file.path, line: reference.line, message }];
      }),
    )
    .concat(assemblyFindings(files), folderFindings(files));
}

function problemOf(path: string, reference: Reference, packages: Packages): string | undefined {
  const area = areaOf(path);
  if (area === undefined) return undefined; // folderFindings speaks once a file, not once a line.
  const { target } = reference;
  if (!target.startsWith(".")) return packageProblem(path, area, target, packages);
  if (!reference.dynamic && !/\.(ts|mjs|json)$/.test(target)) {
    return `imports "${target}": a relative import ends in .ts, as the file it names does`;
  }
  const resolved = posix.join(posix.dirname(path), target.replace(/\.js$/, ".ts"));
  if (isBelow(resolved, ownFolder(path, area))) return undefined;
  const open = reference.dynamic ? [...area.may, ...(area.mayLazily ?? [])] : area.may;
  if (open.some((one) => isBelow(resolved, one))) return undefined;
  return `may not import ${resolved}: ${area.because}`;
}

function packageProblem(
  path: string,
  area: Area,
  target: string,
  packages: Packages,
): string | undefined {
  if (target.startsWith("node:")) {
    return area.node ? undefined : `may not import ${target}: ${area.because}`;
  }
  if (builtinModules.includes(target)) return `imports "${target}": write "node:${target}"`;
  const name = target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
  const isForTests = mayUseDevelopmentPackages.some((one) => isBelow(path, one));
  if (isForTests && packages.development.includes(name)) return undefined;
  if (packages.development.includes(name)) {
    return `imports ${name}, a development dependency that is not there when Tepui is installed`;
  }
  if (!packages.runtime.includes(name)) return `imports ${name}, which package.json does not list`;
  if (area.packages === undefined || area.packages.includes(name)) return undefined;
  return `may not import ${name}: ${area.because}`;
}

/** AssemblyScript is compiled on its own: it imports its own folder, without an extension. */
function assemblyFindings(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => path.startsWith("assembly/") && path.endsWith(".ts"))
    .flatMap((file) =>
      referencesOf(file).flatMap(({ target, line }) => {
        const resolved = posix.join(posix.dirname(file.path), target);
        if (target.startsWith(".") && isBelow(resolved, "assembly")) return [];
        const message = `may not import ${target}: assembly/ is a compile world of its own`;
        return [{ path: file.path, line, message }];
      }),
    );
}

function folderFindings(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => isTypeScript(file) && areaOf(file.path) === undefined)
    .map(({ path }) => ({
      path,
      line: 0,
      message: "is in a folder without import rules: add a row to test/tidy/imports.ts",
    }));
}

function areaOf(path: string): Area | undefined {
  return areas
    .filter((area) => isBelow(path, area.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** A plugin's own folder is that of the one plugin; elsewhere it is the whole area. */
function ownFolder(path: string, area: Area): string {
  return area.path === "plugins" ? path.split("/").slice(0, 3).join("/") : area.path;
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
