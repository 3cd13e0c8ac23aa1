import { existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Volume } from "../../contract/schema/container.ts";
import { mountOf } from "../../plugins/isolators/docker/volumes.ts";
import { temporaryFolder } from "../support/temporary.ts";

const self = (path: string): Volume => ({
  mode: "RW",
  containerPath: "/in",
  source: { type: "SANDBOX_PATH", sandboxPath: { type: "SELF", path } },
});

test("a volume of the sandbox is made in it, and through a link nothing outside of it is", () => {
  const folder = realpathSync(temporaryFolder("tepui-volumes-"));
  const [sandbox, outside] = [join(folder, "sandbox"), join(folder, "outside")];
  for (const path of [sandbox, outside, join(sandbox, "real")]) mkdirSync(path);
  symlinkSync(outside, join(sandbox, "out"));
  symlinkSync("real", join(sandbox, "near"));
  symlinkSync("nowhere", join(sandbox, "dangling"));
  const around = { sandbox, allowedHostPaths: [] };
  expect(mountOf(self("a/b"), around).Source).toBe(join(sandbox, "a/b"));
  expect(mountOf(self("near/c"), around).Source).toBe(join(sandbox, "real/c"));
  for (const path of ["a/b", "real/c"]) expect(existsSync(join(sandbox, path))).toBe(true);
  for (const volume of [self("out/made"), self("dangling/made"), self("../up")]) {
    const refused = expect.objectContaining({ code: "DOCKER_VOLUME_INVALID" });
    expect(() => mountOf(volume, around)).toThrow(refused);
  }
  for (const path of [join(outside, "made"), join(folder, "up"), join(sandbox, "nowhere")]) {
    expect(existsSync(path)).toBe(false);
  }
});
