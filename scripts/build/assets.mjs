// The files that ride along: manifests with the digest of their binary, schemas, data, build facts.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, posix } from "node:path";
import { BuildError, dist, filesBelow, readJson, root, sha256, writeIfChanged } from "./files.mjs";

/** Which files are copied as they are: folder and endings. Manifests are handled on their own. */
const copied = [
  { folder: "agent", endings: [".pl"] },
  { folder: "frameworks", endings: [".json", ".txt"] },
  { folder: "plugins", endings: [".json", ".wasm", ".proto", ".pl"] },
  { folder: "templates", endings: [""] },
  { folder: "ui", endings: [".html", ".css", ".js", ".svg"] },
];
const rootFiles = ["plugin-manifest.schema.json"];
/** Policies of others begin with the very file that ours are built on. */
const abi = "assembly/abi.ts";
const abiOfTemplate = "templates/allocator/assemblyscript/assembly/abi.ts";

/** Copies every asset into dist/ and deletes copies whose source is gone. Returns the count. */
export function copyAssets() {
  let count = 0;
  for (const { folder, endings } of copied) {
    const wanted = (path) => endings.some((ending) => path.endsWith(ending));
    for (const path of filesBelow(folder, wanted)) {
      const isManifest = path.startsWith("plugins/") && posix.basename(path) === "plugin.json";
      const bytes = isManifest ? manifestWithDigest(path) : readFileSync(join(root, path));
      writeIfChanged(join(dist, path), bytes);
      count += 1;
    }
  }
  if (existsSync(join(root, abi))) {
    writeIfChanged(join(dist, abiOfTemplate), readFileSync(join(root, abi)));
    count += 1;
  }
  for (const path of rootFiles.filter((file) => existsSync(join(root, file)))) {
    writeIfChanged(join(dist, path), readFileSync(join(root, path)));
    count += 1;
  }
  pruneManifests();
  pruneTemplates();
  return count;
}

/** A manifest left behind by a deleted plugin would still be found by name. */
function pruneManifests() {
  for (const path of filesBelow("dist/plugins", (file) => file.endsWith("/plugin.json"))) {
    const source = path.slice("dist/".length);
    if (existsSync(join(root, source))) continue;
    rmSync(join(root, posix.dirname(path)), { recursive: true });
  }
}

/** Every file of a template ends up in somebody's project, one that was deleted here too. */
function pruneTemplates() {
  for (const path of filesBelow("dist/templates")) {
    const source = path.slice("dist/".length);
    if (source !== abiOfTemplate && !existsSync(join(root, source))) rmSync(join(root, path));
  }
}

/** The manifest's text; for a WebAssembly entry with `digest`, which admission compares. */
function manifestWithDigest(path) {
  const manifest = readJson(path);
  if (typeof manifest.entry !== "string" || !manifest.entry.endsWith(".wasm")) {
    return readFileSync(join(root, path));
  }
  const folder = posix.dirname(path);
  const candidates = [join(dist, folder, manifest.entry), join(root, folder, manifest.entry)];
  const binary = candidates.find((candidate) => existsSync(candidate));
  if (binary === undefined) {
    throw new BuildError(
      `${path}: the entry ${manifest.entry} was not built and is not in the folder`,
      "allocators are compiled from assembly/policies; other binaries have to be checked in",
    );
  }
  const digest = sha256(readFileSync(binary));
  return `${JSON.stringify({ ...manifest, digest }, undefined, 2)}\n`;
}

/** Writes dist/build-info.json, which `tepui version` and `/version` report. */
export function writeBuildInfo() {
  const { version } = readJson("package.json");
  const info = { version, ...headCommit() };
  writeIfChanged(join(dist, "build-info.json"), `${JSON.stringify(info, undefined, 2)}\n`);
}

/** The commit of this checkout; nothing in a tarball, also when that lies inside another one. */
function headCommit() {
  if (!existsSync(join(root, ".git"))) return {};
  const git = spawnSync("git", ["log", "-1", "--format=%H %ct"], { cwd: root, encoding: "utf8" });
  const found = /^([0-9a-f]{40,64}) (\d+)\n$/.exec(git.status === 0 ? git.stdout : "");
  return found === null ? {} : { gitSha: found[1], committedSeconds: Number(found[2]) };
}
