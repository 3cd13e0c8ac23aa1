import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** One entry of a tarball that is written byte by byte, as no honest program would write it. */
export interface Entry {
  readonly name: string;
  readonly type?: "file" | "hardlink" | "symlink" | "folder" | "block";
  readonly link?: string;
  readonly data?: string;
  readonly mode?: number;
}

const kinds = { file: "0", hardlink: "1", symlink: "2", block: "4", folder: "5" } as const;

/** A tarball of these entries, in this order. */
export function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, type = "file", link = "", data = "", mode = 0o755 }) => {
    const head = Buffer.alloc(512);
    const body = Buffer.from(data);
    const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
    head.write(name, 0);
    head.write(`${octal(mode, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`, 100);
    head.write(`${octal(body.length, 11)}\0${octal(0, 11)}\0        ${kinds[type]}${link}`, 124);
    head.write("ustar\x0000", 257);
    if (type === "block") head.write(`${octal(7, 7)}\0${octal(0, 7)}\0`, 329);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${octal(sum, 6)}\0 `, 148);
    return [head, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const sha256 = (data: Buffer | string) => createHash("sha256").update(data).digest("hex");

/** Makes a root filesystem of busybox, which needs no libraries. */
export function busyboxRoot(): string {
  const root = mkdtempSync(join(tmpdir(), "tepui-rootfs-"));
  for (const folder of ["bin", "etc", "tmp", "root"]) mkdirSync(join(root, folder));
  const busybox = execFileSync("which", ["busybox"], { encoding: "utf8" }).trim();
  copyFileSync(busybox, join(root, "bin/busybox"));
  const applets =
    "sh cat echo id ls mount sleep pwd env touch grep ps hostname df readlink wc true rm tr";
  for (const applet of applets.split(" ")) symlinkSync("busybox", join(root, "bin", applet));
  writeFileSync(
    join(root, "etc/passwd"),
    "root:x:0:0:r:/root:/bin/sh\nguest:x:4321:4321::/:/bin/sh\n",
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nguest:x:4321:\nothers:x:777:guest\n");
  writeFileSync(join(root, "etc/of-image"), "from the image\n");
  return root;
}

/** The tarball of a folder. */
export function tarOfFolder(folder: string): Buffer {
  return execFileSync("tar", ["-c", "-C", folder, "."], { maxBuffer: 64 << 20 });
}

/** What is wrong with an image, for tests of refusals. */
export interface Damage {
  readonly wrongLayer?: boolean;
  readonly wrongDiffId?: boolean;
}

/** Writes an OCI layout of these layers into a folder; answers the manifest's digest. */
export function writeLayout(
  folder: string,
  layers: readonly Buffer[],
  config: object = {},
  { wrongLayer, wrongDiffId }: Damage = {},
): string {
  mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
  const put = (data: Buffer | string) => {
    const digest = `sha256:${sha256(data)}`;
    writeFileSync(join(folder, "blobs", digest.replace(":", "/")), data);
    return { digest, size: data.length };
  };
  const diffIds = layers.map((layer) => `sha256:${sha256(wrongDiffId ? "other" : layer)}`);
  const text = JSON.stringify({ config, rootfs: { type: "layers", diff_ids: diffIds } });
  const packed = layers.map((layer) => put(gzipSync(layer)));
  const manifest = put(JSON.stringify({ schemaVersion: 2, config: put(text), layers: packed }));
  if (wrongLayer === true) {
    const path = join(folder, "blobs", packed[0]?.digest.replace(":", "/") ?? "");
    const data = readFileSync(path);
    data[data.length - 9] = (data[data.length - 9] ?? 0) ^ 1;
    writeFileSync(path, data);
  }
  writeFileSync(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({ schemaVersion: 2, manifests: [manifest] }),
  );
  return manifest.digest;
}

/** What `docker save` wrote before it wrote layouts. */
export function savedImage(layers: readonly Buffer[], tag: string, config: object = {}): Buffer {
  const diffIds = layers.map((layer) => `sha256:${sha256(layer)}`);
  const text = JSON.stringify({ config, rootfs: { type: "layers", diff_ids: diffIds } });
  const name = `${sha256(text)}.json`;
  const folder = mkdtempSync(join(tmpdir(), "tepui-saved-"));
  const Layers = layers.map((layer, at) => {
    mkdirSync(join(folder, `l${at}`));
    writeFileSync(join(folder, `l${at}/layer.tar`), layer);
    return `l${at}/layer.tar`;
  });
  writeFileSync(join(folder, name), text);
  const manifest = [{ Config: name, RepoTags: [tag], Layers }];
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
  return tarOfFolder(folder);
}
