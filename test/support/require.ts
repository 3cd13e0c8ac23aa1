import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { dockerdProgram } from "./dockerd.ts";

/** Something of the host that a test cannot do without. */
export type Feature =
  | "root"
  | "tmpfs"
  | "cgroup-v1"
  | "cgroup-v2-vm"
  | "docker"
  | "zookeeper"
  | "etcd"
  | "clang"
  | "rust"
  | "curl-jq";

/** What becomes of a group of tests. `reason` says what is missing and how to get it. */
export type Verdict =
  | { readonly run: true }
  | { readonly run: false; readonly reason: string; readonly fails: boolean };

/** A probe answers `undefined` when the feature is there, else what is missing. */
export type Probes = Readonly<Record<Feature, () => string | undefined>>;

const onPath = (program: string): string | undefined =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));

/** Runs a program for at most ten seconds. Returns what it printed, or `undefined` if it failed. */
function output(program: string, ...args: string[]): string | undefined {
  try {
    const options = { encoding: "utf8", timeout: 10_000, stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync(program, args, options as { encoding: "utf8" });
  } catch {
    return undefined;
  }
}

/** Path of a kernel that a virtual machine can boot: TEPUI_VM_KERNEL, else the newest in /boot. */
export function vmKernel(): string | undefined {
  const named = process.env["TEPUI_VM_KERNEL"];
  if (named !== undefined) return existsSync(named) ? named : undefined;
  if (!existsSync("/boot")) return undefined;
  const kernels = readdirSync("/boot").filter((name) => name.startsWith("vmlinuz-"));
  const newest = kernels.sort(new Intl.Collator("en", { numeric: true }).compare).at(-1);
  return newest === undefined ? undefined : join("/boot", newest);
}

/** Mounting one is the proof: being root does not suffice in a container. */
function tmpfsProblem(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "tepui-probe-"));
  try {
    if (output("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) === undefined) {
      return "no tmpfs can be mounted here; that takes the capability SYS_ADMIN";
    }
    execFileSync("umount", [folder]);
    return undefined;
  } finally {
    rmdirSync(folder);
  }
}

function cgroupV1Problem(): string | undefined {
  const mounts = existsSync("/proc/mounts") ? readFileSync("/proc/mounts", "utf8") : "";
  const rows = mounts.split("\n").map((row) => row.split(" "));
  const memory = rows.find((row) => row[2] === "cgroup" && row[3]?.split(",").includes("memory"));
  const mount = memory?.[1];
  if (mount === undefined) return "no cgroup v1 memory hierarchy is mounted";
  // A container often sees the hierarchy read-only: only making a group proves that it works.
  const group = join(mount, `tepui-probe-${process.pid}`);
  try {
    mkdirSync(group);
    rmdirSync(group);
    return undefined;
  } catch (error) {
    return `no group can be made in ${mount}: ${(error as Error).message}`;
  }
}

function vmProblem(): string | undefined {
  if (onPath("qemu-system-x86_64") === undefined) {
    return "qemu-system-x86_64 is not on the PATH (Debian: qemu-system-x86)";
  }
  if (vmKernel() === undefined) {
    return "no kernel to boot: set TEPUI_VM_KERNEL, or install linux-image-cloud-amd64";
  }
  if (onPath("busybox") === undefined) {
    return "busybox is not on the PATH (Debian: busybox-static); the machine's init needs it";
  }
  return undefined;
}

function dockerProblem(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can start a Docker engine";
  if (dockerdProgram() === undefined) return "dockerd is not on the PATH (Debian: docker.io)";
  if (onPath("docker") === undefined) return "docker is not on the PATH (Debian: docker.io)";
  return onPath("busybox") === undefined
    ? "busybox is not on the PATH (Debian: busybox-static); the test image is made of it"
    : undefined;
}

function zookeeperProblem(): string | undefined {
  if (onPath("java") === undefined) return "java is not on the PATH";
  if (onPath("zkServer.sh") !== undefined) return undefined;
  const jars = ["/usr/share/java/zookeeper.jar", process.env["TEPUI_ZOOKEEPER_JAR"] ?? ""];
  return jars.some((jar) => jar !== "" && existsSync(jar))
    ? undefined
    : "neither zkServer.sh nor zookeeper.jar was found (Debian: zookeeper)";
}

function clangProblem(): string | undefined {
  if (onPath("clang") === undefined) return "clang is not on the PATH (Debian: clang)";
  if (onPath("wasm-ld") === undefined) return "wasm-ld is not on the PATH (Debian: lld)";
  return output("clang", "--print-targets")?.includes("wasm32")
    ? undefined
    : "this clang was built without the wasm32 target";
}

/** A rustc that has the library for WebAssembly: Debian's may stand behind another on the PATH. */
export function wasmRustc(): string | undefined {
  return [onPath("rustc"), "/usr/bin/rustc"].find((program) => {
    if (program === undefined || !existsSync(program)) return false;
    const asked = ["--print", "target-libdir", "--target", "wasm32-unknown-unknown"];
    const folder = output(program, ...asked)?.trim();
    return folder !== undefined && existsSync(folder);
  });
}

function rustProblem(): string | undefined {
  if (onPath("wasm-ld") === undefined) return "wasm-ld is not on the PATH (Debian: lld)";
  return wasmRustc() === undefined
    ? "no rustc with wasm32-unknown-unknown (Debian: rustc and libstd-rust-dev-wasm32)"
    : undefined;
}

/** One real probe per feature. */
export const probes: Probes = {
  root: () => (process.getuid?.() === 0 ? undefined : "the tests do not run as root"),
  tmpfs: tmpfsProblem,
  "cgroup-v1": cgroupV1Problem,
  "cgroup-v2-vm": vmProblem,
  docker: dockerProblem,
  zookeeper: zookeeperProblem,
  etcd: () =>
    onPath("etcd") === undefined ? "etcd is not on the PATH (Debian: etcd-server)" : undefined,
  clang: clangProblem,
  rust: rustProblem,
  "curl-jq": () => {
    const missing = ["bash", "curl", "jq"].filter((program) => onPath(program) === undefined);
    return missing.length === 0 ? undefined : `not on the PATH: ${missing.join(", ")}`;
  },
};

/**
 * Decides about tests that need `features`: run them, skip them with a reason, or, where changes
 * land (`ci`), fail them, because a test that is always skipped protects nothing.
 */
export function judge(features: readonly Feature[], using: Probes, ci: boolean): Verdict {
  const missing = features.flatMap((feature) => {
    const problem = using[feature]();
    return problem === undefined ? [] : [`needs ${feature}: ${problem}`];
  });
  if (missing.length === 0) return { run: true };
  return { run: false, reason: missing.join("; "), fails: ci };
}

const remembered = new Map<Feature, string | undefined>();
const probeOnce = Object.fromEntries(
  Object.entries(probes).map(([name, probe]) => {
    const feature = name as Feature;
    const once = (): string | undefined => {
      if (!remembered.has(feature)) remembered.set(feature, probe());
      return remembered.get(feature);
    };
    return [feature, once];
  }),
) as Probes;

/**
 * `describe` for tests that need something of the host. Where it is missing the group is skipped
 * with a printed reason; with TEPUI_CI set it is one failing test that says the reason.
 */
export function describeWith(
  needs: Feature | readonly Feature[],
  name: string,
  define: () => void,
): void {
  const features = typeof needs === "string" ? [needs] : needs;
  const verdict = judge(features, probeOnce, (process.env["TEPUI_CI"] ?? "") !== "");
  if (verdict.run) {
    describe(name, define);
  } else if (verdict.fails) {
    describe(name, () => {
      test("has what it needs", () => expect.fail(verdict.reason));
    });
  } else {
    process.stderr.write(`skipped: ${name} (${verdict.reason})\n`);
    describe.skip(`${name} (${verdict.reason})`, define);
  }
}
