import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join, relative } from "node:path";
import { type CpioEntry, cpioArchive } from "./cpio.ts";

const FILE = 0o100644;
const PROGRAM = 0o100755;
const FOLDER = 0o040755;
const LINK = 0o120777;

/** Where the project is inside the machine. */
export const APP = "app";

/** What the project needs of node_modules inside the machine, besides what these need. */
const packages = ["ajv"];

/** Programs of busybox that scripts of tests call by name. */
const applets = [
  "cat",
  "dd",
  "echo",
  "head",
  "kill",
  "mkdir",
  "mount",
  "printf",
  "pwd",
  "touch",
  "nproc",
  "reboot",
  "setsid",
  "sh",
  "sleep",
  "true",
];

/** Collects entries, each folder once and before what is in it. */
class Tree {
  readonly entries: CpioEntry[] = [];
  readonly #folders = new Set<string>();

  add(path: string, mode: number, bytes: Uint8Array = new Uint8Array()): void {
    this.#folder(dirname(path));
    this.entries.push({ path, mode, bytes });
  }

  link(path: string, target: string): void {
    this.add(path, LINK, Buffer.from(target));
  }

  #folder(path: string): void {
    if (path === "." || this.#folders.has(path)) return;
    this.#folder(dirname(path));
    this.#folders.add(path);
    this.entries.push({ path, mode: FOLDER, bytes: new Uint8Array() });
  }

  /** All files below a folder of this machine for which `wanted` answers true. */
  copy(from: string, to: string, wanted: (path: string) => boolean): void {
    const names = readdirSync(from, { recursive: true, encoding: "utf8" }).sort();
    for (const name of names) {
      const path = join(from, name);
      if (wanted(path) && statSync(path).isFile())
        this.add(join(to, name), FILE, readFileSync(path));
    }
  }
}

function programPath(name: string): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`${name} is not on the PATH`);
  return found;
}

/** Shared libraries of a program, its loader among them; none for a static one. */
function librariesOf(program: string): string[] {
  let text: string;
  try {
    text = execFileSync("ldd", [program], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return [];
  }
  return [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path ?? "");
}

/**
 * Modules that a Perl script loads, and their libraries. Perl compiles it without running it, and
 * at the end of that tells what it has opened.
 */
function perlFiles(perl: string, script: string): string[] {
  const tell = 'CHECK { print join "\\n", values %INC, @DynaLoader::dl_shared_objects }';
  const input = `${tell}\n${readFileSync(script, "utf8")}`;
  const stdio = ["pipe", "pipe", "ignore"] as const;
  return execFileSync(perl, ["-c", "-"], { input, encoding: "utf8", stdio: [...stdio] }).split(
    "\n",
  );
}

/** A package and all that it depends on, by their folders. */
function packageFolders(root: string, names: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string, from: string): void => {
    const main = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
    const folder = main.map((path) => join(path, name)).find((path) => existsSync(path));
    if (folder === undefined) throw new Error(`the package ${name} is not installed`);
    if (found.has(folder)) return;
    found.add(folder);
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    for (const needed of Object.keys(manifest.dependencies ?? {})) visit(needed, folder);
  };
  for (const name of names) visit(name, root);
  return [...found];
}

/** What runs first in the machine: mounts, then the script given, then the end of the machine. */
const init = (entry: string): string => `#!/bin/sh
export PATH=/bin HOME=/tmp
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
# The second serial line carries the report alone; the kernel talks on the first.
/bin/node /${APP}/${entry} > /dev/ttyS1
reboot -f
`;

/**
 * A root file system with Node, busybox and the built project, as the archive that a kernel boots
 * from. `entry` is the script to run, relative to the project: `dist/…/main.js`.
 */
export function makeInitramfs(root: string, entry: string): Buffer {
  const tree = new Tree();
  for (const path of ["proc", "sys", "dev", "tmp"]) tree.add(path, FOLDER);
  tree.add("init", PROGRAM, Buffer.from(init(entry)));
  tree.add("etc/passwd", FILE, Buffer.from("root:x:0:0:root:/tmp:/bin/sh\n"));
  const node = realpathSync(process.execPath);
  const perl = realpathSync(programPath("perl"));
  tree.add("bin/node", PROGRAM, readFileSync(node));
  tree.add("bin/perl", PROGRAM, readFileSync(perl));
  const keeper = join(root, "agent/containerizer/keeper.pl");
  const needed = new Set([...[node, perl].flatMap(librariesOf), ...perlFiles(perl, keeper)]);
  for (const path of needed) tree.add(relative("/", path), PROGRAM, readFileSync(path));
  tree.add("bin/busybox", PROGRAM, readFileSync(programPath("busybox")));
  for (const applet of applets) tree.link(`bin/${applet}`, "busybox");
  tree.add(`${APP}/package.json`, FILE, readFileSync(join(root, "package.json")));
  const isCode = (path: string) => /\.(js|mjs|cjs|json|pl)$/.test(path);
  for (const folder of [
    "agent",
    "conformance",
    "contract",
    "kernel/host",
    "plugins/isolators",
    "test",
    "wire",
  ]) {
    const from = join(root, "dist", folder);
    if (!existsSync(from)) throw new Error(`dist/${folder} is not built: run \`npm run build\``);
    tree.copy(from, `${APP}/dist/${folder}`, isCode);
  }
  for (const folder of packageFolders(root, packages)) {
    const name = folder.slice(folder.lastIndexOf("node_modules/"));
    tree.copy(folder, `${APP}/${name}`, isCode);
  }
  return cpioArchive(tree.entries);
}
