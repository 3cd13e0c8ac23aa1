import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { Volumes } from "../../agent/io/volumes.ts";
import type { RoleName } from "../../contract/ids.ts";
import type { DiskSource, Resource } from "../../contract/schema/resource.ts";
import { makeDeepTree } from "../support/deep-tree.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-volumes-"));
});

function volumeOf(role: string, id: string, source?: DiskSource, path = "data"): Resource {
  return {
    name: "disk",
    scalar: 1_000,
    reservations: [{ type: "dynamic", role: role as RoleName }],
    disk: {
      persistence: { id },
      volume: { containerPath: path, mode: "RW" },
      ...(source && { source }),
    },
  };
}

describe("persistent volumes (E12)", () => {
  test("are folders of their own by role and id", () => {
    const volumes = new Volumes(folder);
    const paths = [
      volumes.pathOf(volumeOf("web", "v1")),
      volumes.pathOf(volumeOf("web/front", "v1")),
      volumes.pathOf(volumeOf("web", "v2", { type: "PATH", root: "/disks/a" })),
    ];
    expect(paths).toEqual([
      join(folder, "volumes/roles/web/v1"),
      join(folder, "volumes/roles/web front/v1"),
      "/disks/a/volumes/roles/web/v2",
    ]);
  });

  test("keep their contents from one sandbox to the next, until they are destroyed", () => {
    const volumes = new Volumes(folder);
    const volume = volumeOf("web", "v1");
    volumes.make(volume);
    const sandboxes = ["one", "two"].map((name) => join(folder, name));
    for (const sandbox of sandboxes) {
      mkdirSync(sandbox);
      volumes.link(volumes.among([volume]), sandbox);
    }
    writeFileSync(join(sandboxes[0] ?? "", "data", "file"), "kept");
    expect(readFileSync(join(sandboxes[1] ?? "", "data", "file"), "utf8")).toBe("kept");
    volumes.remove(volume);
    expect(existsSync(volumes.pathOf(volume))).toBe(false);
  });

  test("that are a mounted disk are emptied, and the mount stays (E14)", () => {
    const root = join(folder, "mount");
    mkdirSync(join(root, "below"), { recursive: true });
    const volumes = new Volumes(folder);
    const volume = volumeOf("web", "v1", { type: "MOUNT", root });
    expect(volumes.pathOf(volume)).toBe(root);
    volumes.remove(volume);
    expect(existsSync(join(root, "below"))).toBe(false);
    expect(existsSync(root)).toBe(true);
  });

  test.each<[string, DiskSource | undefined]>([
    ["a folder", undefined],
    ["a mounted disk", { type: "MOUNT", root: "mount" }],
  ])("that are %s are empty when they are created, whatever lay there", (_name, source) => {
    const volumes = new Volumes(folder);
    const root = source && { ...source, root: join(folder, "mount") };
    const volume = volumeOf("web", "v1", root);
    expect(volumes.make(volume)).toBe(false);
    mkdirSync(join(volumes.pathOf(volume), "below"));
    writeFileSync(join(volumes.pathOf(volume), "below", "x"), "precious");
    expect(volumes.make(volume)).toBe(true);
    expect(readdirSync(volumes.pathOf(volume))).toEqual([]);
  });

  test.each<[string, DiskSource | undefined]>([
    ["a folder", undefined],
    ["a mounted disk", { type: "MOUNT", root: "mount" }],
  ])("that are %s go with what is deeper than a path may be long", (_name, source) => {
    const volumes = new Volumes(folder);
    const volume = volumeOf("web", "v1", source && { ...source, root: join(folder, "mount") });
    const path = volumes.pathOf(volume);
    volumes.make(volume);
    makeDeepTree(path);
    volumes.remove(volume);
    expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
    volumes.make(volume);
    makeDeepTree(path);
    expect(volumes.make(volume)).toBe(true);
    expect(readdirSync(path)).toEqual([]);
  });

  test("that could not be made are made for the first task, or fail it", () => {
    const volumes = new Volumes(folder);
    const volume = volumeOf("web", "v1");
    const wanted = volumes.among([volume]);
    // A file is in the way, for whoever runs the tests.
    writeFileSync(join(folder, "volumes"), "");
    expect(() => volumes.make(volume)).toThrow();
    expect(() => volumes.finish(wanted)).toThrow(/volume v1: E/);
    rmSync(join(folder, "volumes"));
    volumes.finish(wanted);
    writeFileSync(join(volumes.pathOf(volume), "x"), "kept");
    volumes.finish(wanted);
    expect(readdirSync(volumes.pathOf(volume))).toEqual(["x"]);
  });

  test.each([
    ["/etc", "/etc is absolute, which takes an image"],
    ["../../etc", "../../etc leads out of the sandbox"],
  ])("are not shown at %s", (path, reason) => {
    const volumes = new Volumes(folder);
    const wanted = volumes.among([volumeOf("web", "v1", undefined, path)]);
    expect(() => volumes.link(wanted, join(folder, "sandbox"))).toThrow(reason);
  });
});
