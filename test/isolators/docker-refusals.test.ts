import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Dockerd } from "../support/dockerd.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";
import { DockerBench, IMAGE, type Wish } from "./docker/bench.ts";
import { Registry } from "./docker/registry.ts";

describeWith("docker", "what the docker isolator refuses and pulls", () => {
  let dockerd: Dockerd;
  let bench: DockerBench;
  let registry: Registry;
  let host: string;
  let allowed: string;

  beforeAll(async () => {
    dockerd = new Dockerd();
    await dockerd.start();
    await dockerd.makeImage(IMAGE);
    registry = new Registry(join(dockerd.folder, "image.tar"), "me", "it:is:secret");
    host = await registry.start();
    allowed = join(dockerd.folder, "allowed");
    mkdirSync(join(allowed, "below"), { recursive: true });
    bench = new DockerBench(dockerd, { allowedHostPaths: [allowed] });
  }, 120_000);

  afterAll(async () => {
    await bench?.close();
    await registry?.close();
    await dockerd?.close();
  }, 120_000);

  const codeOf = async (wish: Wish, command: Parameters<DockerBench["spec"]>[0] = "true") => {
    const spec = bench.spec(command, wish);
    const { failure } = await bench.run(spec);
    await until("it is removed", () => !bench.isThere(spec));
    return failure?.code;
  };
  const parameter = (key: string, value: string): Wish => ({
    docker: { parameters: [{ key, value }] },
  });
  const volume = (
    more: Omit<NonNullable<NonNullable<Wish["container"]>["volumes"]>[number], "containerPath">,
  ): Wish => ({ container: { volumes: [{ containerPath: "/data", ...more }] } });

  test("an image that the registry does not have, cannot give, or that is no name", async () => {
    const login = Buffer.from("me:it:is:secret").toString("base64");
    const config = JSON.stringify({ auths: { [host]: { auth: login } } });
    const withLogin = (image: string) => {
      const spec = bench.spec({}, { docker: { image } });
      mkdirSync(join(spec.sandbox, ".docker"));
      writeFileSync(join(spec.sandbox, ".docker", "config.json"), config);
      return spec;
    };
    expect(await codeOf({ docker: { image: `${host}/ours/image:1` } })).toBe(
      "DOCKER_REGISTRY_DENIED",
    );
    const missing = await bench.run(withLogin(`${host}/ours/image:2`));
    expect(missing.failure?.message).toMatch(/manifest/);
    expect(missing.failure?.code).toBe("DOCKER_IMAGE_MISSING");
    expect(await codeOf({ docker: { image: "127.0.0.1:1/none" } })).toBe(
      "DOCKER_REGISTRY_UNREACHABLE",
    );
    expect(await codeOf({ docker: { image: "../../etc" } })).toBe("DOCKER_IMAGE_INVALID");
    expect(await codeOf({ docker: { image: "UPPER case" } })).toBe("DOCKER_IMAGE_INVALID");
    for (const image of ["a//b", "UPPER//x", "a/./b", "a/"]) {
      expect(await codeOf({ docker: { image } })).toBe("DOCKER_IMAGE_INVALID");
    }
    const good = withLogin(`${host}/ours/image:1`);
    expect((await bench.run(good)).exit).toEqual({ code: 0 });
    expect(bench.output(good)).toBe("from the registry\n");
    expect(registry.pulls).toBe(1);
    // What is there is not pulled again, unless that is asked for.
    expect(await codeOf({ docker: { image: `${host}/ours/image:1` } })).toBeUndefined();
    expect(await codeOf({ docker: { image: `${host}/ours/image:1`, forcePullImage: true } })).toBe(
      "DOCKER_REGISTRY_DENIED",
    );
  });

  test("the agent's own credentials serve where the sandbox has none, and bad ones are named", async () => {
    const file = join(dockerd.folder, "config.json");
    writeFileSync(file, JSON.stringify({ [host]: { username: "me", password: "it:is:secret" } }));
    const own = new DockerBench(dockerd, { credentials: file });
    const spec = own.spec({}, { docker: { image: `${host}/ours/image:1`, forcePullImage: true } });
    expect(await own.run(spec)).toEqual({ exit: { code: 0 } });
    const bad = own.spec({}, { docker: { image: `${host}/x` } });
    writeFileSync(join(bad.sandbox, ".dockercfg"), '{"secret');
    const { failure } = await own.run(bad);
    expect(failure?.code).toBe("DOCKER_CREDENTIALS_INVALID");
    expect(failure?.message).not.toContain("secret");
    const linked = own.spec({}, { docker: { image: `${host}/x` } });
    symlinkSync(file, join(linked.sandbox, ".dockercfg"));
    expect((await own.run(linked)).failure?.code).toBe("DOCKER_CREDENTIALS_INVALID");
    await own.close();
  });

  test("a folder of credentials that is a link in the sandbox gives away nobody's login", async () => {
    const home = join(dockerd.folder, "home", ".docker");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const auth = Buffer.from("me:it:is:secret").toString("base64");
    writeFileSync(join(home, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
    const docker = { image: `${host}/ours/image:1`, forcePullImage: true };
    const spec = bench.spec("true", { docker });
    symlinkSync(home, join(spec.sandbox, ".docker"));
    const pulls = registry.pulls;
    const { failure } = await bench.run(spec);
    expect(failure?.code).toBe("DOCKER_CREDENTIALS_INVALID");
    expect(failure?.message).toMatch(/\.docker is a link, and none is followed/);
    expect(registry.pulls).toBe(pulls);
  });

  test("privileged containers and what weakens isolation, unless the config allows it", async () => {
    const wishes: Wish[] = [
      { docker: { privileged: true } },
      parameter("cap-add", "SYS_ADMIN"),
      parameter("device", "/dev/kmsg"),
      parameter("security-opt", "seccomp=unconfined"),
      parameter("pid", "host"),
      { container: { linuxInfo: { effectiveCapabilities: ["CAP_SYS_ADMIN"] } } },
      { container: { linuxInfo: { sharePidNamespace: true } } },
      { container: { linuxInfo: { seccomp: { unconfined: true } } } },
    ];
    for (const wish of wishes) expect(await codeOf(wish)).toBe("DOCKER_PRIVILEGED_FORBIDDEN");
    const lax = new DockerBench(dockerd, { allowPrivileged: true });
    const spec = lax.spec("grep CapEff /proc/self/status", parameter("cap-add", "SYS_ADMIN"));
    expect(await lax.run(spec)).toEqual({ exit: { code: 0 } });
    expect(lax.output(spec)).toMatch(/CapEff:\s+00000000a82425fb/);
    // A machine that lacks a capability itself cannot give them all.
    const { failure } = await lax.run(lax.spec("true", { docker: { privileged: true } }));
    expect(failure?.message ?? "unable to apply caps").toContain("unable to apply caps");
    await lax.close();
  });

  test("volumes outside of the allowed paths, also by links and dots", async () => {
    symlinkSync("/etc", join(allowed, "way-out"));
    for (const hostPath of ["/etc", allowed.slice(0, -1), join(allowed, "way-out"), "/no/where"]) {
      expect(await codeOf(volume({ hostPath }))).toBe("DOCKER_VOLUME_FORBIDDEN");
    }
    const dots = `${allowed}/../../../etc`;
    expect(await codeOf(volume({ hostPath: dots }))).toBe("DOCKER_VOLUME_FORBIDDEN");
    expect(await codeOf(parameter("volume", "/etc:/data"))).toBe("DOCKER_VOLUME_FORBIDDEN");
    const options = [{ key: "device", value: "/etc" }];
    const dockerVolume = { name: "sneaky", driverOptions: options };
    expect(await codeOf(volume({ source: { type: "DOCKER_VOLUME", dockerVolume } }))).toBe(
      "DOCKER_VOLUME_FORBIDDEN",
    );
    expect(await codeOf(volume({ hostPath: join(allowed, "missing") }))).toBe(
      "DOCKER_VOLUME_INVALID",
    );
    expect(await codeOf(volume({ hostPath: "../up" }))).toBe("DOCKER_VOLUME_INVALID");
    expect(await codeOf(volume({}))).toBe("DOCKER_VOLUME_INVALID");
    const csi = { source: { type: "CSI_VOLUME" as const } };
    expect(await codeOf(volume(csi))).toBe("DOCKER_VOLUME_INVALID");
  });

  test("allowed, sandbox and named volumes are mounted, read-only where asked", async () => {
    writeFileSync(join(allowed, "below", "file"), "of the host\n");
    const dockerVolume = { name: "named" };
    const sandboxPath = { type: "SELF" as const, path: "kept" };
    const spec = bench.spec(
      "cat /host/file; touch /host/x || echo read-only; touch /own/a sub/b /named/c; ls /named",
      {
        container: {
          volumes: [
            { containerPath: "/host", hostPath: join(allowed, "below"), mode: "RO" },
            { containerPath: "/own", source: { type: "SANDBOX_PATH", sandboxPath } },
            { containerPath: "sub", hostPath: "other" },
            { containerPath: "/named", source: { type: "DOCKER_VOLUME", dockerVolume } },
          ],
        },
      },
    );
    expect((await bench.run(spec)).exit).toEqual({ code: 0 });
    expect(bench.output(spec)).toBe("of the host\nread-only\nc\n");
    expect(bench.output(spec, "kept/a") + bench.output(spec, "other/b")).toBe("");
    expect(dockerd.docker("volume", "ls", "--quiet")).toBe("named");
  });

  test("ports that were not offered, and mappings where there is nothing to map", async () => {
    const portMappings = [{ hostPort: 31_000, containerPort: 80 }];
    expect(await codeOf({ docker: { network: "BRIDGE", portMappings } })).toBe(
      "DOCKER_PORT_NOT_OFFERED",
    );
    expect(await codeOf({ docker: { network: "HOST", portMappings } })).toBe(
      "DOCKER_NETWORK_INVALID",
    );
    expect(await codeOf({ docker: { network: "USER" } })).toBe("DOCKER_NETWORK_INVALID");
    expect(
      await codeOf({
        docker: { network: "USER" },
        container: { networkInfos: [{ name: "container:x" }] },
      }),
    ).toBe("DOCKER_NETWORK_INVALID");
  });

  test("parameters that are unknown, are settled elsewhere, or make no sense", async () => {
    const refused = ["name", "network", "publish", "p", "memory", "restart", "rm", "log-driver"];
    for (const key of [...refused, "no-such-thing", "constructor"]) {
      expect(await codeOf(parameter(key, "x"))).toBe("DOCKER_PARAMETER_REFUSED");
    }
    expect(await codeOf(parameter("label", "tepui.scope=other"))).toBe("DOCKER_PARAMETER_REFUSED");
    expect(await codeOf(parameter("ulimit", "nofile=many"))).toBe("DOCKER_PARAMETER_REFUSED");
    expect(await codeOf({ container: { ttyInfo: {} } })).toBe("DOCKER_UNSUPPORTED");
    expect(await codeOf({ container: { rlimits: [{ type: "nofile" }] } })).toBe("RLIMIT_UNKNOWN");
  });

  test("a command that the image does not have, and a user that it does not know", async () => {
    expect(await codeOf({}, { shell: false, value: "no-such-program" })).toBe("COMMAND_NOT_FOUND");
    expect(await codeOf({}, { value: "true", user: "stranger" })).toBe("DOCKER_USER_UNKNOWN");
  });

  test("output does not follow a link out of the sandbox", async () => {
    const target = join(dockerd.folder, "target");
    writeFileSync(target, "untouched");
    const spec = bench.spec("echo through the link");
    symlinkSync(target, join(spec.sandbox, "stdout"));
    const { failure } = await bench.run(spec);
    expect(failure?.code).toBe("CONTAINER_LAUNCH_REFUSED");
    expect(bench.output(spec)).toBe("untouched");
  });
});
