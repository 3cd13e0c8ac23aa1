import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pause } from "./until.ts";

/** How a private engine is started. */
export interface DockerdOptions {
  /** Containers run on while the engine is away. Default: they do. */
  readonly liveRestore?: boolean;
}

/** The engine's program, if this machine has it. It is often outside of an ordinary user's PATH. */
export function dockerdProgram(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, "dockerd")).find((file) => existsSync(file));
}

/** What an engine may take to start where the cores have much else to do. */
const START_MS = 60_000;

let bridges = 0;

/** A Docker engine of the tests' own: socket, images and containers are in a temporary folder. */
export class Dockerd {
  readonly folder = mkdtempSync(join(tmpdir(), "tepui-dockerd-"));
  readonly socket = join(this.folder, "docker.sock");
  readonly #options: DockerdOptions;
  /** A bridge of its own: an engine without one would remove that of another engine. */
  readonly #bridge = `tepui${process.pid}-${bridges++}`;
  #process: ChildProcess | undefined;
  #containerd: ChildProcess | undefined;

  constructor(options: DockerdOptions = {}) {
    this.#options = options;
    mkdirSync(join(this.folder, "exec"));
    const address = `10.213.${process.pid % 250}.${(bridges % 16) * 16 + 1}/28`;
    execFileSync(busybox(), ["ip", "link", "add", "name", this.#bridge, "type", "bridge"]);
    execFileSync(busybox(), ["ip", "addr", "add", address, "dev", this.#bridge]);
    execFileSync(busybox(), ["ip", "link", "set", this.#bridge, "up"]);
  }

  /** What it has logged, for the message of a test that fails. */
  get log(): string {
    return readFileSync(join(this.folder, "log"), "utf8");
  }

  /** Starts it, or starts it anew after `kill`; resolves when it answers. */
  async start(): Promise<void> {
    const program = dockerdProgram();
    if (program === undefined) throw new Error("dockerd is not on this machine");
    rmSync(join(this.folder, "pid"), { force: true });
    // Apart from the engine, as on real machines: it and the containers outlive the engine.
    this.#containerd ??= this.#spawn("containerd", [
      `--address=${join(this.folder, "containerd.sock")}`,
      `--root=${join(this.folder, "containerd")}`,
      `--state=${join(this.folder, "exec", "containerd")}`,
    ]);
    const { liveRestore = true } = this.#options;
    const child = this.#spawn(program, [
      `--host=unix://${this.socket}`,
      `--containerd=${join(this.folder, "containerd.sock")}`,
      `--data-root=${join(this.folder, "data")}`,
      `--exec-root=${join(this.folder, "exec")}`,
      `--pidfile=${join(this.folder, "pid")}`,
      `--live-restore=${liveRestore}`,
      // The proxy of the engine forwards ports without any rules for packets.
      "--iptables=false",
      `--bridge=${this.#bridge}`,
    ]);
    this.#process = child;
    const endMs = performance.now() + START_MS;
    while (!this.#answers()) {
      if (child.exitCode !== null || performance.now() > endMs) {
        throw new Error(`dockerd does not answer:\n${this.log.slice(-4_000)}`);
      }
      await pause(100);
    }
  }

  /** Ends it in the middle of whatever it does, as a crash would. */
  kill(): Promise<void> {
    return end(this.#process, "SIGKILL");
  }

  /** Ends it and every container, and removes all that it kept. */
  async close(): Promise<void> {
    if (!this.#answers()) await this.start();
    const running = this.docker("ps", "--all", "--quiet").split("\n").filter(Boolean);
    if (running.length > 0) this.docker("rm", "--force", "--volumes", ...running);
    await end(this.#process, "SIGTERM");
    await end(this.#containerd, "SIGTERM");
    for (const line of readFileSync("/proc/mounts", "utf8").split("\n").reverse()) {
      const at = line.split(" ")[1];
      if (at?.startsWith(`${this.folder}/`)) execFileSync("umount", ["--lazy", at]);
    }
    execFileSync(busybox(), ["ip", "link", "delete", this.#bridge]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs the command line client; what it printed. */
  docker(...words: readonly string[]): string {
    const env = { ...process.env, DOCKER_HOST: `unix://${this.socket}` };
    const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
    return execFileSync("docker", words, { encoding: "utf8", env, stdio }).trim();
  }

  /** Makes an image of the one static program that all test containers run. */
  async makeImage(name: string): Promise<void> {
    const root = join(this.folder, "image");
    for (const folder of ["bin", "etc", "tmp", "work"]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    execFileSync("cp", [busybox(), join(root, "bin", "busybox")]);
    execFileSync(busybox(), ["--install", "-s", join(root, "bin")]);
    execFileSync("/bin/sh", [
      "-c",
      `printf 'root:x:0:0::/:/bin/sh\\nnobody:x:65534:65534::/:/bin/sh\\n' > ${root}/etc/passwd
       cd ${root}/bin && for link in *; do [ -L "$link" ] && ln -sf busybox "$link"; done
       tar -C ${root} -cf ${this.folder}/image.tar .`,
    ]);
    this.docker("import", join(this.folder, "image.tar"), name);
  }

  /** Pids of processes of this machine whose arguments, joined by NUL, begin with this. */
  processesOf(argumentsStart: string): number[] {
    return readdirSync("/proc").flatMap((name) => {
      try {
        if (!/^\d+$/.test(name)) return [];
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return words.startsWith(argumentsStart) ? [Number(name)] : [];
      } catch {
        return [];
      }
    });
  }

  #answers(): boolean {
    try {
      this.docker("version", "--format", "{{.Server.Version}}");
      return true;
    } catch {
      return false;
    }
  }

  #spawn(program: string, words: readonly string[]): ChildProcess {
    const env = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` };
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"], env });
    const log = createWriteStream(join(this.folder, "log"), { flags: "a" });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    return child;
  }
}

function end(child: ChildProcess | undefined, signal: "SIGTERM" | "SIGKILL"): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

function busybox(): string {
  const found = ["/bin/busybox", "/usr/bin/busybox"].find((file) => existsSync(file));
  if (found === undefined) throw new Error("busybox is not here (Debian: busybox-static)");
  return found;
}
