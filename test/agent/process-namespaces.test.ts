import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { isolatorRules } from "../../conformance/isolator/rules.ts";
import { errors } from "../../contract/errors.ts";
import { pluginConfig } from "../../kernel/host/plugin-config.ts";
import { capabilitiesOf } from "../../plugins/isolators/process/capabilities.ts";
import { type ProcessConfig, ProcessConfigSchema } from "../../plugins/isolators/process/config.ts";
import { probeHost } from "../../plugins/isolators/process/host.ts";
import { probeNamespaces } from "../../plugins/isolators/process/namespaces.ts";
import { findPrograms } from "../../plugins/isolators/process/programs.ts";
import { conform } from "../conformance/conform.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";

const all: ProcessConfig["namespaces"] = ["pid", "mount", "ipc", "uts"];
let bench: ContainerBench | undefined;
afterEach(async () => await bench?.close());

function benchWith(given: Partial<ProcessConfig>): ContainerBench {
  bench = new ContainerBench([processIsolator(given)]);
  return bench;
}

const linux = (linuxInfo: object, more: object = {}) => ({
  container: { type: "MESOS" as const, linuxInfo, ...more },
});

const file = new URL("../../plugins/isolators/process/plugin.json", import.meta.url);
const manifest = JSON.parse(readFileSync(file, "utf8"));

test("the config schema in the manifest is that of the code, and keeps what ran before", () => {
  const { required: _, ...rest } = JSON.parse(JSON.stringify(ProcessConfigSchema));
  expect(manifest.config).toEqual(rest);
  expect(pluginConfig("process", manifest, undefined)).toMatchObject({
    namespaces: [],
    required: false,
    noNewPrivileges: false,
  });
});

test("a namespace that there is not is refused by the config", () => {
  expect(() => pluginConfig("process", manifest, { namespaces: ["pids"] })).toThrowError(
    expect.objectContaining({ code: "PLUGIN_CONFIG_INVALID" }),
  );
});

test("a host without unshare offers no namespaces, and says so for each that is configured", () => {
  const offered = probeNamespaces({});
  expect(offered.namespaces.size).toBe(0);
  expect(Object.keys(offered.reasons)).toEqual(all);
  const broken = probeNamespaces({ ...findPrograms(), unshare: "/bin/false" });
  expect(broken.reasons.pid).toBe("unshare fails");
});

test("capabilities are those asked for, bound by the agent (F64)", () => {
  expect(capabilitiesOf({}, {})).toEqual({});
  const asked = { effectiveCapabilities: ["NET_RAW", "CAP_CHOWN"] };
  expect(capabilitiesOf(asked, {})).toEqual({ effective: [0, 13], bounding: [0, 13] });
  const wider = { ...asked, boundingCapabilities: ["CHOWN", "NET_RAW", "KILL"] };
  expect(capabilitiesOf(wider, {})).toEqual({ effective: [0, 13], bounding: [0, 5, 13] });
  const operators = { boundingCapabilities: ["KILL"], effectiveCapabilities: ["KILL", "CHOWN"] };
  expect(capabilitiesOf({}, operators)).toEqual({ effective: [5], bounding: [5] });
  expect(() => capabilitiesOf(asked, operators)).toThrow(
    errors.CAPABILITY_FORBIDDEN(["CHOWN", "NET_RAW"], "the agent"),
  );
  expect(() => capabilitiesOf({ effectiveCapabilities: ["FLY"] }, {})).toThrow(
    errors.CAPABILITY_UNKNOWN("FLY"),
  );
});

describeWith("root", "process isolator with all namespaces", () => {
  conform("keeps the rules", isolatorRules, {
    make: async () => processIsolator({ namespaces: all }),
  });

  test("a container is in namespaces of its own, and the agent stays where it is", async () => {
    const { spec, run, output } = bound(benchWith({ namespaces: all }));
    const command = "for n in pid mnt ipc uts; do readlink /proc/self/ns/$n; done";
    const one = spec(command);
    expect((await run(one)).exit).toEqual({ code: 0 });
    const inside = output(one).trim().split("\n");
    const outside = ["pid", "mnt", "ipc", "uts"].map((name) =>
      readlinkSync(`/proc/self/ns/${name}`),
    );
    expect(inside).toHaveLength(4);
    for (const [at, name] of inside.entries()) expect(name).not.toBe(outside[at]);
  });

  test("it sees only its own processes, and takes in orphans without becoming slow", async () => {
    const { spec, run, output } = bound(benchWith({ namespaces: ["pid"] }));
    const one = spec(
      "(sleep 0.1 &); sleep 0.3; ls /proc | grep -c '^[0-9]'; ps ax | grep -c '[Z]s'",
    );
    await run(one);
    // An init, the shell and what it runs; no zombie.
    expect(output(one)).toMatch(/^[345]\n0\n$/);
  });

  test("what a task leaves behind ends with it", async () => {
    const { spec, run, processesOf } = bound(benchWith({ namespaces: ["pid"] }));
    const one = spec("setsid sh -c 'exec env -i sleep 600' & sleep 0.2");
    expect((await run(one)).exit).toEqual({ code: 0 });
    await until("nothing is left", () => processesOf(one).length === 0);
  });

  test("SIGTERM reaches a command that nothing but its default action ends", async () => {
    const { spec, run, has, containerizer } = bound(benchWith({ namespaces: all }));
    const one = spec("touch up; exec sleep 600");
    const ended = run(one);
    await until("it runs", () => has(one, "up"));
    containerizer.kill(one.id, "SIGTERM");
    expect((await ended).exit).toEqual({ signal: "SIGTERM" });
  });

  test("a hostname is its own alone", async () => {
    const { spec, run, output } = bound(benchWith({}));
    const one = spec("hostname", linux({}, { hostname: "inner" }));
    await run(one);
    expect(output(one)).toBe("inner\n");
    expect(readFileSync("/proc/sys/kernel/hostname", "utf8")).not.toBe("inner\n");
  });

  test("sharePidNamespace and ipcMode say what is shared (F59)", async () => {
    const { spec, run, output } = bound(benchWith({ namespaces: all }));
    const linuxInfo = { sharePidNamespace: true, ipcMode: "SHARE_PARENT" };
    const one = spec("readlink /proc/self/ns/pid /proc/self/ns/ipc", linux(linuxInfo));
    await run(one);
    const own = ["pid", "ipc"].map((name) => readlinkSync(`/proc/self/ns/${name}`));
    expect(output(one).trim().split("\n")).toEqual(own);
  });

  test("the agent's pid namespace is not shared where that is forbidden", async () => {
    const { spec, run } = bound(benchWith({ disallowSharingAgentPidNamespace: true }));
    const { failure } = await run(spec("true", linux({ sharePidNamespace: true })));
    expect(failure?.message).toContain("shares its pid namespace with no container");
  });

  test("a private /dev/shm has the size that was asked for (F78)", async () => {
    const { spec, run, output } = bound(benchWith({}));
    const one = spec("df -m /dev/shm | tail -1", linux({ ipcMode: "PRIVATE", shmSizeMib: 7 }));
    await run(one);
    expect(output(one).split(/\s+/)[1]).toBe("7");
  });

  test.each([{ namespaces: [] }, { namespaces: all }])(
    "rights hold for a user: %j",
    async (given) => {
      const { spec, run, output } = bound(benchWith(given));
      const linuxInfo = { effectiveCapabilities: ["NET_RAW"], noNewPrivileges: true };
      const rlimits = [{ type: "RLMT_NOFILE", soft: 77, hard: 88 }];
      const one = spec(
        "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status; id -u; ulimit -n",
        {
          ...linux(linuxInfo, { rlimits }),
          user: "nobody",
        },
      );
      expect((await run(one)).exit).toEqual({ code: 0 });
      const bits = "0000000000002000";
      expect(output(one)).toBe(`CapEff:\t${bits}\nCapBnd:\t${bits}\nNoNewPrivs:\t1\n65534\n77\n`);
    },
  );

  test("what an isolator cannot do fails the launch, not the command", async () => {
    const { spec, run } = bound(benchWith({ namespaces: all }));
    const { failure, exit } = await run(spec("true", linux({ shmSizeMib: -1 })));
    expect(exit).toBeUndefined();
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(failure?.message).toContain("cannot mount /dev/shm");
  });

  test("seccomp profiles are refused and not ignored", async () => {
    const { spec, run } = bound(benchWith({}));
    const { failure } = await run(spec("true", linux({ seccomp: { profileName: "tight" } })));
    expect(failure?.message).toContain("seccomp");
  });

  test("a further command of a container runs in its namespaces", async () => {
    const { spec, run, has, containerizer, output } = bound(benchWith({ namespaces: all }));
    const one = spec("readlink /proc/self/ns/pid > theirs; touch up; sleep 600");
    const ended = run(one);
    await until("it runs", () => has(one, "up"));
    const value = "readlink /proc/self/ns/pid > mine; kill -0 2; pwd > where; exit 7";
    expect(await containerizer.exec(one.id, { value }, 5_000)).toBe(7);
    expect(output(one, "mine")).toBe(output(one, "theirs"));
    expect(output(one, "where").trim()).toBe(one.sandbox);
    containerizer.kill(one.id, "SIGKILL");
    await ended;
  });

  test("what a task brings does not run with the agent's rights before its user does", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tepui-steer-"));
    mkdirSync(join(folder, "Evil"));
    writeFileSync(join(folder, "Evil.pm"), `open F, '>', '${folder}/ran'; print F $>; close F; 1;`);
    const { spec, run, output } = bound(benchWith({ namespaces: all }));
    const steering = { PERL5OPT: "-MEvil", PERL5LIB: folder };
    const environment = { PATH: "/usr/bin:/bin", ...steering };
    const one = spec('echo "$PERL5OPT"', { environment, user: "nobody" });
    expect((await run(one)).exit).toEqual({ code: 0 });
    expect(output(one)).toBe("-MEvil\n");
    expect(() => readFileSync(join(folder, "ran"))).toThrow("ENOENT");
    rmSync(folder, { recursive: true });
  });
});

test("an agent that may not make namespaces runs without them and says so", () => {
  const config = pluginConfig("process", manifest, { namespaces: ["uts"] }) as ProcessConfig;
  const { offered, degraded } = probeHost(config);
  const isOffered = offered.namespaces.has("uts");
  expect(degraded.some((text) => text.startsWith("namespace uts: "))).toBe(!isOffered);
});

/** Makes the built isolator and prints what is degraded, or why it is not made. */
const AS_NOBODY = `
const { create } = await import(process.argv[1]);
const warned = [];
const log = { info() {}, warn: (fields) => warned.push(fields.degraded) };
const metrics = { gauge: () => ({ set() {} }) };
const config = JSON.parse(process.argv[2]);
let made = { warned };
try { create({ config, log, metrics, clock: {} }); }
catch ({ code, details }) { made = { code, details }; }
process.stdout.write(JSON.stringify(made));
`;

describeWith("root", "an agent of an ordinary user", () => {
  test("says what it cannot do, or does not start where that is required", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const built = join(root, "dist", "plugins", "isolators", "process", "index.js");
    const made = (given: object): { warned?: string[]; code?: string; details?: string[] } => {
      const words = ["--reuid=65534", "--regid=65534", "--clear-groups", process.execPath];
      const config = JSON.stringify(pluginConfig("process", manifest, given));
      words.push("--input-type=module", "-e", AS_NOBODY, built, config);
      return JSON.parse(execFileSync("setpriv", words, { encoding: "utf8", cwd: "/" }));
    };
    const given = { namespaces: ["pid", "uts"], boundingCapabilities: ["CHOWN"] };
    const kinds = (list: readonly string[] = []) => list.map((text) => text.split(":")[0]);
    const missing = ["users", "capabilities", "namespace pid", "namespace uts"];
    expect(kinds(made(given).warned)).toEqual(missing);
    const refused = made({ ...given, required: true });
    expect(refused.code).toBe("PROCESS_HOST_UNUSABLE");
    expect(kinds(refused.details)).toEqual(missing);
  });
});

/** The methods of a bench, to be taken apart. */
function bound(of: ContainerBench) {
  return {
    containerizer: of.containerizer,
    spec: of.spec.bind(of),
    run: of.run.bind(of),
    has: of.has.bind(of),
    output: of.output.bind(of),
    processesOf: of.processesOf.bind(of),
  };
}
