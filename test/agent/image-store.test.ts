import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readInRoot, userInRoot } from "../../agent/images/in-root.ts";
import { findImage } from "../../agent/images/reference.ts";
import { ImageStore, type ImageStoreParts, type UnpackedImage } from "../../agent/images/store.ts";
import { silentLog } from "../../contract/ports/log.ts";
import { makeDeepTree } from "../support/deep-tree.ts";
import { HandClock } from "../support/hand-clock.ts";
import { describeWith } from "../support/require.ts";
import { type Entry, savedImage, tarOf, writeLayout } from "./support/image-maker.ts";

let folder: string;
let dir: string;
let clock: HandClock;
let held: Set<string>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-images-"));
  dir = join(folder, "images");
  mkdirSync(dir);
  clock = new HandClock();
  held = new Set();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function storeWith(parts: Partial<ImageStoreParts> = {}): ImageStore {
  return new ImageStore({
    folder: join(folder, "unpacked"),
    cacheSize: 1 << 20,
    gcDelayMs: 3_600_000,
    clock,
    log: silentLog,
    inUse: () => held,
    ...parts,
  });
}

const take = (name: string, store = storeWith()): Promise<UnpackedImage> =>
  store.take(findImage(dir, name), () => {});
const put = (name: string, data: Buffer) => writeFileSync(join(dir, name), data);
const layout = (name: string, layers: readonly (readonly Entry[])[], config?: object) =>
  writeLayout(join(dir, name), layers.map(tarOf), config);
const coded = (code: string) => expect.objectContaining({ code });
const below = (image: UnpackedImage, path: string) => join(image.root, path);
const base: readonly Entry[] = [
  { name: "a/", type: "folder" },
  { name: "a/one", data: "1" },
  { name: "a/two", data: "2" },
  { name: "b/", type: "folder" },
  { name: "b/three", data: "3" },
];

test("names find files by tag, without the registry, and never outside the folder", () => {
  put("busybox.tar", tarOf([]));
  put("tool:1.2.tar.gz", tarOf([]));
  for (const name of ["busybox", "busybox:latest", "docker.io/library/busybox", "busybox:1.36"]) {
    expect(findImage(dir, name).path).toBe(join(dir, "busybox.tar"));
  }
  expect(findImage(dir, "tool:1.2").path).toBe(join(dir, "tool:1.2.tar.gz"));
  expect(findImage(dir, join(dir, "busybox.tar")).path).toBe(join(dir, "busybox.tar"));
  for (const name of ["../busybox", "a/../../x", "", "a b", "/etc/passwd", "x@sha256:1", "x:"]) {
    expect(() => findImage(dir, name)).toThrow(coded("IMAGE_NAME_INVALID"));
  }
  expect(() => findImage(dir, "tool")).toThrow(coded("IMAGE_NOT_FOUND"));
  mkdirSync(join(dir, "empty"));
  expect(() => findImage(dir, "empty")).toThrow(coded("IMAGE_NOT_FOUND"));
});

test("users are those of the image, through links that stay in it", () => {
  mkdirSync(join(dir, "etc"));
  writeFileSync(join(dir, "etc/passwd"), "app:x:5:6::/:\n");
  writeFileSync(join(dir, "etc/group"), "staff:x:9:\nmore:x:10:other,app\n");
  expect(userInRoot(dir, "app")).toEqual({ uid: 5, gid: 6, groups: [10] });
  expect(userInRoot(dir, "5")).toEqual({ uid: 5, gid: 6, groups: [10] });
  expect(userInRoot(dir, "77")).toEqual({ uid: 77, gid: 0, groups: [] });
  expect(userInRoot(dir, "app:staff")).toEqual({ uid: 5, gid: 9, groups: [] });
  expect(userInRoot(dir, "7:8")).toEqual({ uid: 7, gid: 8, groups: [] });
  expect(userInRoot(dir, "nobody-here")).toBeUndefined();
  expect(userInRoot(dir, "app:nobody-here")).toBeUndefined();
  expect(readInRoot(dir, "../../../etc/passwd")).toContain("app");
});

describeWith("root", "images", () => {
  test("layers lie on each other, and what a later one takes away is gone", async () => {
    const upper: readonly Entry[] = [
      { name: "a/", type: "folder", mode: 0o700 },
      { name: "a/.wh.one" },
      { name: "b/", type: "folder" },
      { name: "b/.wh..wh..opq" },
      { name: "b/four", data: "4" },
      { name: "link", type: "symlink", link: "/etc/shadow" },
    ];
    const digest = layout("two", [base, upper], { Env: ["A=1"] });
    const image = await take("two");
    expect(image).toMatchObject({ digest, config: { Env: ["A=1"] } });
    expect(readdirSync(below(image, "a"))).toEqual(["two"]);
    expect(readdirSync(below(image, "b"))).toEqual(["four"]);
    expect(lstatSync(below(image, "a")).mode & 0o777).toBe(0o700);
    expect(lstatSync(below(image, "link")).isSymbolicLink()).toBe(true);
  });

  test("tarballs of docker save, of a layout and of plain files are told apart", async () => {
    put("saved.tar", savedImage([tarOf(base)], "saved:1", { User: "me" }));
    expect((await take("saved")).config).toEqual({ User: "me" });
    put("plain.tar.gz", gzipSync(tarOf(base)));
    expect(readFileSync(below(await take("plain"), "a/one"), "utf8")).toBe("1");
  });

  test("a folder of the image that becomes a link leads no later layer out of it", async () => {
    const victim = join(folder, "victim");
    mkdirSync(victim);
    writeFileSync(join(victim, "kept"), "kept");
    const link: readonly Entry[] = [{ name: "way", type: "symlink", link: victim }];
    const through: readonly Entry[] = [
      { name: "way/.wh.kept" },
      { name: "way/sub/.wh..wh..opq" },
      { name: "way/planted", data: "evil" },
    ];
    layout("links", [link, through]);
    const image = await take("links");
    expect(readdirSync(victim)).toEqual(["kept"]);
    expect(readFileSync(below(image, "way/planted"), "utf8")).toBe("evil");
  });

  const hostile: readonly [string, readonly Entry[]][] = [
    ["a name with ..", [{ name: "../../escaped", data: "x" }]],
    ["an absolute name", [{ name: "/tmp/tepui-escaped", data: "x" }]],
    ["a hard link to a file of the host", [{ name: "h", type: "hardlink", link: "/etc/passwd" }]],
    ["a hard link with ..", [{ name: "h", type: "hardlink", link: "../../../../etc/passwd" }]],
    ["a whiteout of its own folder", [{ name: "a/.wh..", data: "" }]],
    ["a whiteout of the folder above", [{ name: "a/.wh...", data: "" }]],
  ];
  test.each(hostile)("%s is refused, and nothing stays", async (_name, entries) => {
    layout("evil", [base, entries]);
    await expect(take("evil")).rejects.toThrow(coded("IMAGE_ESCAPES"));
    expect(readdirSync(join(folder, "unpacked"))).toEqual([]);
    expect(existsSync("/tmp/tepui-escaped")).toBe(false);
  });

  test("what is written through a link inside one archive stays in it", async () => {
    const victim = join(folder, "victim");
    mkdirSync(victim);
    layout("through", [
      [
        { name: "way", type: "symlink", link: victim },
        { name: "way/planted", data: "evil" },
      ],
    ]);
    await take("through").catch(() => {});
    expect(readdirSync(victim)).toEqual([]);
  });

  test("blobs and layers that are not what their digests say are refused", async () => {
    writeLayout(join(dir, "changed"), [tarOf(base)], {}, { wrongLayer: true });
    await expect(take("changed")).rejects.toThrow(coded("IMAGE_DIGEST"));
    writeLayout(join(dir, "other"), [tarOf(base)], {}, { wrongDiffId: true });
    await expect(take("other")).rejects.toThrow(coded("IMAGE_DIGEST"));
    layout("right", [base]);
    const wanted = `right@sha256:${"0".repeat(64)}`;
    await expect(take(wanted)).rejects.toThrow(coded("IMAGE_DIGEST"));
  });

  test.each([
    ["no JSON", "index.json", "{"],
    ["an empty index", "index.json", '{"manifests":[]}'],
    ["no digest", "index.json", '{"manifests":[{"digest":"sha256:../../x"}]}'],
    ["null", "index.json", "null"],
  ])("a layout that is damaged is refused: %s", async (_name, file, text) => {
    layout("bad", [base]);
    writeFileSync(join(dir, "bad", file), text);
    await expect(take("bad")).rejects.toThrow(coded("IMAGE_INVALID"));
  });

  test("a tarball that is none, or cut short, is refused", async () => {
    put("text.tar", Buffer.from("hello".repeat(500)));
    await expect(take("text")).rejects.toThrow(coded("IMAGE_INVALID"));
    put("cut.tar.gz", gzipSync(tarOf(base)).subarray(0, 60));
    await expect(take("cut")).rejects.toThrow(coded("IMAGE_INVALID"));
    put(
      "out.tar",
      tarOf([
        { name: "oci-layout", data: "{}" },
        { name: "index.json", type: "symlink", link: "/etc/passwd" },
      ]),
    );
    await expect(take("out")).rejects.toThrow(coded("IMAGE_ESCAPES"));
  });

  test("a small file that becomes a large one is stopped, and nothing stays", async () => {
    put("bomb.tar.gz", gzipSync(tarOf([{ name: "zeros", data: "\0".repeat(8 << 20) }])));
    await expect(take("bomb")).rejects.toThrow(coded("IMAGE_NO_ROOM"));
    expect(readdirSync(join(folder, "unpacked"))).toEqual([]);
  });

  test("an image is unpacked once, by whatever agent, and anew when its file changes", async () => {
    layout("one", [base]);
    const first = await take("one");
    writeFileSync(below(first, "mark"), "");
    expect(existsSync(below(await take("one"), "mark"))).toBe(true);
    layout("one", [[{ name: "new", data: "n" }]]);
    const second = await take("one");
    expect(second.digest).not.toBe(first.digest);
    expect(existsSync(below(second, "new"))).toBe(true);
  });

  test("images that nobody is in go: the old ones, and the least used when there is no room", async () => {
    const sized = (size: number, char: string): Entry[] => [{ name: "f", data: char.repeat(size) }];
    for (const name of ["x", "y", "z"]) layout(name, [sized(100_000, name)]);
    const store = storeWith({ cacheSize: 250_000 });
    const x = await take("x", store);
    held.add(x.digest);
    clock.move(10);
    const y = await take("y", store);
    clock.move(10);
    const z = await take("z", store);
    expect(store.digests).toEqual([x.digest, z.digest]);
    expect(existsSync(y.root)).toBe(false);
    clock.move(3_600_001);
    await store.collect();
    expect(store.digests).toEqual([x.digest]);
    layout("large", [sized(200_000, "l")]);
    await expect(take("large", store)).rejects.toThrow(coded("IMAGE_NO_ROOM"));
  });

  test("pruning removes what no container is in, but for what is to stay", async () => {
    const store = storeWith();
    const taken = [];
    for (const name of ["kept", "used", "idle"]) {
      layout(name, [[{ name: "file", data: name }]]);
      taken.push(await take(name, store));
    }
    const [kept, used, idle] = taken.map(({ digest }) => digest);
    held.add(used ?? "");
    await store.prune([findImage(dir, "kept")]);
    expect(store.digests).toEqual([kept, used]);
    expect(existsSync(taken[2]?.root ?? "")).toBe(false);
    held.clear();
    await store.prune([]);
    expect([store.digests, idle]).toEqual([[], expect.any(String)]);
    expect((await take("idle", store)).digest).toBe(idle);
  });

  test("what a crash left half unpacked is removed at the start", () => {
    for (const name of [".new-0", "sha256-half"]) {
      mkdirSync(join(folder, "unpacked", name), { recursive: true });
      makeDeepTree(join(folder, "unpacked", name));
    }
    expect(storeWith().digests).toEqual([]);
    expect(readdirSync(join(folder, "unpacked"))).toEqual([]);
  });
});
