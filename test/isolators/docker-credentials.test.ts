import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TepuiError } from "../../contract/errors.ts";
import { loginOfSandbox } from "../../plugins/isolators/docker/credentials.ts";
import { describeWith } from "../support/require.ts";

const HOST = "registry.test:5000";
const LOGIN = { username: "me", password: "it:is", serveraddress: HOST };

let folder: string;
let sandbox: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tepui-logins-"));
  sandbox = join(folder, "sandbox");
  mkdirSync(sandbox);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a login for the host in Docker's form. */
function write(...parts: string[]): string {
  const path = join(folder, ...parts);
  mkdirSync(join(path, ".."), { recursive: true });
  const auth = Buffer.from("me:it:is").toString("base64");
  writeFileSync(path, JSON.stringify({ auths: { [HOST]: { auth } } }));
  return path;
}

function refusal(): TepuiError | undefined {
  try {
    loginOfSandbox(sandbox, HOST);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof TepuiError) return thrown;
    throw thrown;
  }
}

test("a sandbox gives a login from .docker/config.json, then from .dockercfg, or none", () => {
  expect(loginOfSandbox(sandbox, HOST)).toBeUndefined();
  const file = write("sandbox", ".dockercfg");
  expect(loginOfSandbox(sandbox, HOST)).toEqual(LOGIN);
  expect(loginOfSandbox(sandbox, "elsewhere.test")).toBeUndefined();
  rmSync(file);
  write("sandbox", ".docker", "config.json");
  expect(loginOfSandbox(sandbox, HOST)).toEqual(LOGIN);
});

test("a file named .docker is no folder of credentials, and none is missed", () => {
  writeFileSync(join(sandbox, ".docker"), "");
  expect(loginOfSandbox(sandbox, HOST)).toBeUndefined();
});

test("links in a sandbox are refused: of the folder, of the file in it, and of .dockercfg", () => {
  const outside = write("root", ".docker", "config.json");
  const links: readonly [string, string][] = [
    [join(outside, ".."), join(sandbox, ".docker")],
    [outside, join(sandbox, ".docker", "config.json")],
    [outside, join(sandbox, ".dockercfg")],
    [join(sandbox, ".dockercfg"), join(sandbox, ".docker")],
  ];
  for (const [target, link] of links) {
    rmSync(sandbox, { recursive: true });
    mkdirSync(join(link, ".."), { recursive: true });
    symlinkSync(target, link);
    expect(refusal()?.code).toBe("DOCKER_CREDENTIALS_INVALID");
    expect(refusal()?.message).toContain(`${link} is a link, and none is followed`);
  }
});

describeWith("root", "credentials of another user", () => {
  test("a file in a sandbox that belongs to somebody else than the sandbox is refused", () => {
    const file = write("sandbox", ".docker", "config.json");
    chownSync(sandbox, 65_534, 65_534);
    expect(refusal()?.code).toBe("DOCKER_CREDENTIALS_INVALID");
    expect(refusal()?.message).toContain("does not belong to the owner of the sandbox");
    chownSync(file, 65_534, 65_534);
    expect(loginOfSandbox(sandbox, HOST)).toEqual(LOGIN);
  });
});
