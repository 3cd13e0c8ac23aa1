import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { probeHost } from "../../plugins/isolators/process/host.ts";
import { ProcessIsolator } from "../../plugins/isolators/process/isolator.ts";
import { Users } from "../../plugins/isolators/process/users.ts";
import { systemClock } from "../../wire/system-clock.ts";
import { HandClock } from "../support/hand-clock.ts";
import { describeWith } from "../support/require.ts";
import { temporaryFolder } from "../support/temporary.ts";

/**
 * Files of users, and a `getent` that knows Alice by name and by number beside them, as it would
 * from a directory; who it is asked for is in `asked`. It makes root of what looks like zero.
 */
function sources(instead = "") {
  const folder = temporaryFolder("tepui-users-");
  const [passwd, group, getent, asked] = ["passwd", "group", "getent", "asked"].map((name) =>
    join(folder, name),
  ) as [string, string, string, string];
  writeFileSync(passwd, "bob:x:1000:1001::/:/bin/sh\n");
  writeFileSync(group, "staff:x:50:carol,bob\nteam:x:51:alice\nwheel:x:10:bob\n");
  const answers = `
case "$*" in
  "passwd alice"|"passwd 4711"|"passwd Alice") echo 'alice:x:4711:4712:Alice:/:/bin/sh';;
  "initgroups alice") echo 'alice                 51 4713';;
  "passwd +0"|"passwd 00") echo 'root:x:0:0::/:/bin/sh';;
  *) exit 2;;
esac`;
  const script = (body: string) =>
    writeFileSync(getent, `#!/bin/sh\necho "$@" >> ${asked}\n${body}\n`, { mode: 0o755 });
  script(instead || answers);
  writeFileSync(asked, "");
  return {
    files: { passwd, group, getent },
    asked: () => readFileSync(asked, "utf8").split("\n").filter(Boolean),
    fails: (body: string) => script(body),
  };
}

const alice = { name: "alice", uid: 4711, gid: 4712, groups: [51, 4713] };

test("a user is found by name or number, and a number needs no entry in the list of users", async () => {
  const { files, asked } = sources();
  const users = new Users({ clock: systemClock, ...files, getent: undefined });
  const bob = { name: "bob", uid: 1000, gid: 1001, groups: [50, 10] };
  expect([await users.find("bob"), await users.find("1000")]).toEqual([bob, bob]);
  const nameless = { name: "12345", uid: 12_345, gid: 65_534, groups: [] };
  const bare = new Users({ clock: systemClock, passwd: "/nowhere" });
  expect([await users.find("12345"), await bare.find("12345")]).toEqual([nameless, nameless]);
  for (const name of ["alice", "", "-1", "0x10", "4294967295", "1.5"]) {
    expect(await users.find(name), name).toBeUndefined();
  }
  const more = new Users({ clock: systemClock, ...files });
  expect([await more.find("bob"), await more.find("12345")]).toEqual([bob, nameless]);
  expect(asked()).toEqual(["passwd 12345"]);
});

test("who is in no file is asked for elsewhere, with the groups", async () => {
  const { files, asked } = sources();
  const users = new Users({ clock: systemClock, ...files });
  for (const name of ["alice", "4711", "Alice"]) expect(await users.find(name)).toEqual(alice);
  expect(await users.find("dave")).toBeUndefined();
  expect(asked()).toContain("passwd dave");
});

test("nobody becomes root by a name that only looks like a number", async () => {
  const { files, asked } = sources();
  const users = new Users({ clock: systemClock, ...files });
  const names = ["+0", " 0", "00", "", "-0", "--help", "4294967296", "a\nb", "a:b", "a\0b"];
  for (const name of [...names, "x".repeat(300)]) {
    expect(await users.find(name), name).toBeUndefined();
  }
  expect(asked()).toEqual([]);
});

test("an answer holds for a minute, serves all who ask meanwhile, and longer when none comes", async () => {
  const { files, asked, fails } = sources();
  const clock = new HandClock();
  const users = new Users({ clock, ...files });
  const both = await Promise.all([users.find("alice"), users.find("alice")]);
  clock.move(59_000);
  expect([...both, await users.find("alice")]).toEqual([alice, alice, alice]);
  expect(asked()).toEqual(["passwd alice", "initgroups alice"]);
  clock.move(1_000);
  fails("exit 1");
  expect(await users.find("alice")).toEqual(alice);
  expect(asked()).toHaveLength(3);
  fails("exit 2");
  expect(await users.find("alice")).toBeUndefined();
});

test("a directory that does not answer does not hold anybody up, and is named as the reason", async () => {
  const late = sources("exec sleep 600");
  const slow = new Users({ clock: systemClock, ...late.files, answerMs: 300 });
  await expect(slow.find("alice")).rejects.toMatchObject({
    code: "USER_LOOKUP_FAILED",
    message: expect.stringContaining("no answer within 0.3 s"),
  });
  const broken = new Users({ clock: systemClock, ...sources("echo oops >&2; exit 1").files });
  await expect(broken.find("alice")).rejects.toMatchObject({
    message: expect.stringContaining("getent passwd: oops"),
  });
  const gone = { ...late.files, getent: "/no/getent" };
  await expect(new Users({ clock: systemClock, ...gone }).find("alice")).rejects.toMatchObject({
    message: expect.stringContaining("ENOENT"),
  });
});

describeWith(["root", "tmpfs"], "a user that only a directory knows", () => {
  test("runs tasks, with its groups", async () => {
    const { getent } = sources().files;
    const config = { namespaces: [], required: false, disallowSharingAgentPidNamespace: false };
    const all = { ...config, noNewPrivileges: false, allowedHostPaths: [] };
    const host = probeHost(all);
    const programs = { ...host.programs, getent };
    const bench = new ContainerBench([
      new ProcessIsolator(all, { ...host, programs }, systemClock),
    ]);
    try {
      const spec = bench.spec("id -u; id -G; touch mine", { user: "alice" });
      expect((await bench.run(spec)).exit).toEqual({ code: 0 });
      expect(bench.output(spec)).toBe("4711\n4712 51 4713\n");
      const unknown = await bench.run(bench.spec("true", { user: "dave" }));
      expect(unknown.failure?.code).toBe("USER_UNKNOWN");
    } finally {
      await bench.close();
    }
  });

  test("those whom the name service of the system knows are found by the real getent", async () => {
    const folder = temporaryFolder("tepui-users-");
    const [passwd, group, getent] = ["passwd", "group", "getent"].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    writeFileSync(passwd, "erin:x:60777:60778:Erin:/:/bin/sh\n");
    writeFileSync(group, "crew:x:60779:bob,erin\nwheel:x:10:bob\n");
    // Its name service has users that are not in the agent's own files, as one of a directory has.
    const binds = `mount --bind ${passwd} /etc/passwd && mount --bind ${group} /etc/group`;
    const script = `exec unshare --mount sh -c '${binds} && exec getent "$@"' getent "$@"`;
    writeFileSync(getent, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const users = new Users({ clock: systemClock, getent });
    const erin = { name: "erin", uid: 60_777, gid: 60_778, groups: [60_779] };
    expect([await users.find("erin"), await users.find("60777")]).toEqual([erin, erin]);
    expect(await users.find("frank")).toBeUndefined();
  });
});
