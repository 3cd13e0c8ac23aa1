import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import { errors } from "../contract/errors.ts";
import type { PluginManifest } from "../contract/ports/plugin.ts";
import { wasmShape } from "../kernel/allocation/shape.ts";
import { examinePlugins } from "../kernel/host/admission.ts";
import { MANIFEST_FILE } from "../kernel/host/find.ts";
import { readManifest } from "../kernel/host/manifest.ts";
import { modulesOf } from "./modules.ts";
import { entryOf } from "./policy-plugin.ts";
import { type TarFile, tarball } from "./tar.ts";

/** What is packed, and into what. */
export interface PackOptions {
  /** Folder of the project's plugin.json. */
  readonly folder: string;
  /** A folder to make, or a file that ends in `.tgz`; default: `NAME-VERSION`, here. */
  readonly out?: string;
}

/** What was packed. */
export interface Packed {
  readonly manifest: PluginManifest;
  /** Absolute. */
  readonly out: string;
  /** sha256 of the entry, as the packed manifest names it. */
  readonly digest: string;
  readonly files: readonly string[];
  /** Packages that its modules import, which have to be installed where it is loaded. */
  readonly packages: readonly string[];
}

/**
 * Packs what a master or an agent loads, and nothing else: the manifest with the digest of its
 * entry, the entry, and what that imports of the project. The same project gives the same bytes.
 * What is packed has been admitted, without running it.
 * @throws PLUGIN_… when it would not be admitted, PROJECT_EXISTS when the folder is something else
 */
export function packPlugin(options: PackOptions): Packed {
  const folder = resolve(options.folder);
  const manifest = readManifest(folder);
  const digest = createHash("sha256").update(entryOf(folder, manifest)).digest("hex");
  const { files, packages } = contentsOf(folder, manifest, digest);
  const out = resolve(options.out ?? `${posix.basename(manifest.name)}-${manifest.version}`);
  const isArchive = out.endsWith(".tgz");
  const draft = `${out}.${process.pid}.tmp`;
  try {
    writeFiles(draft, files);
    admit(draft, manifest);
    if (isArchive) {
      if (statSync(out, { throwIfNoEntry: false })?.isDirectory()) throw errors.PROJECT_EXISTS(out);
      rmSync(draft, { recursive: true });
      writeFileSync(draft, tarball(asPackage(files, manifest)));
    } else makeWay(out, files);
    renameSync(draft, out);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  const paths = files.map(({ path }) => path);
  return { manifest: { ...manifest, digest }, out, digest, files: paths, packages };
}

/** Everything that the plugin is, relative to its folder. */
function contentsOf(
  folder: string,
  manifest: PluginManifest,
  digest: string,
): { readonly files: readonly TarFile[]; readonly packages: readonly string[] } {
  const { name, entry, companion } = manifest;
  const needed = [entry, ...(companion === undefined ? [] : [companion])].map((file) =>
    modulesOf(name, folder, file),
  );
  const paths = [...new Set(needed.flatMap((modules) => modules.paths))].sort();
  const text = readFileSync(join(folder, MANIFEST_FILE), "utf8");
  const files = [
    jsonFile(MANIFEST_FILE, { ...JSON.parse(text), digest }),
    ...paths.map((path) => ({ path, bytes: readFileSync(join(folder, path)) })),
  ];
  // Without it Node would take .js files for CommonJS.
  if (paths.some((path) => path.endsWith(".js"))) files.push(packageFile(manifest));
  return { files, packages: [...new Set(needed.flatMap(({ packages }) => packages))].sort() };
}

/** The files as npm wants them, so that the archive can be installed as a package too. */
function asPackage(files: readonly TarFile[], manifest: PluginManifest): TarFile[] {
  const all = files.some(({ path }) => path === "package.json")
    ? files
    : [...files, packageFile(manifest)];
  return all.map(({ path, bytes }) => ({ path: `package/${path}`, bytes }));
}

function packageFile({ name, version, description, license }: PluginManifest): TarFile {
  return jsonFile("package.json", { name, version, description, license, type: "module" });
}

function jsonFile(path: string, value: object): TarFile {
  return { path, bytes: Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`) };
}

function writeFiles(folder: string, files: readonly TarFile[]): void {
  for (const { path, bytes } of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
}

/** Refuses what no master or agent would admit, before anybody is given it. */
function admit(folder: string, manifest: PluginManifest): void {
  const { problems } = examinePlugins([{ plugin: folder }], {
    from: folder,
    builtIn: [],
    provided: manifest.requires ?? [],
    shapes: { allocator: wasmShape },
  });
  // Whoever loads it gives it the config that it must have.
  const problem = problems.find(({ error }) => error.code !== "PLUGIN_CONFIG_INVALID");
  if (problem !== undefined) throw problem.error;
}

/** Takes an earlier packing away, and nothing that holds anything else. */
function makeWay(out: string, files: readonly TarFile[]): void {
  if (!existsSync(out)) return;
  const packed = new Set(files.map(({ path }) => path));
  const others = readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(out, join(entry.path, entry.name)).split(sep).join("/"))
    .filter((path) => !packed.has(path));
  if (others.length > 0) throw errors.PROJECT_EXISTS(out);
  rmSync(out, { recursive: true });
}
