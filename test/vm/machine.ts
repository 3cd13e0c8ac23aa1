import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { vmKernel } from "../support/require.ts";
import { makeInitramfs } from "./initramfs.ts";
import { REPORT, type Report } from "./report.ts";

/** Lines of the kernel's own console that are shown when a machine ended badly. */
const CONSOLE_LINES = 30;

/** How a machine is started. */
export interface MachineOptions {
  /** The project's folder; its dist/ has to be built. */
  readonly root: string;
  /** What runs inside, relative to the project. */
  readonly entry: string;
  readonly memoryMib: number;
  readonly timeoutMs: number;
  readonly onReport: (report: Report) => void;
}

/**
 * Boots a kernel in software emulation, so that it needs no rights and no hardware, with the built
 * project in its memory, and hands over what is reported on the second serial line. Resolves when
 * the machine has switched itself off.
 * @throws when it did not in time, with the end of its console.
 */
export async function bootMachine(options: MachineOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tepui-vm-"));
  const consoleFile = join(folder, "console.txt");
  try {
    const initramfs = join(folder, "initramfs.cpio");
    writeFileSync(initramfs, makeInitramfs(options.root, options.entry));
    const machine = spawn("qemu-system-x86_64", words(options.memoryMib, initramfs, consoleFile), {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => machine.kill("SIGKILL"), options.timeoutMs);
    let problems = "";
    machine.stderr.on("data", (data: Buffer) => {
      problems += data.toString();
    });
    createInterface({ input: machine.stdout }).on("line", (line) => {
      const at = line.indexOf(REPORT);
      if (at >= 0) options.onReport(JSON.parse(line.slice(at + REPORT.length)) as Report);
    });
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      machine.on("error", reject);
      machine.on("close", (...end) => resolve(end));
    });
    clearTimeout(timer);
    if (code === 0) return;
    const said = readFileSync(consoleFile, "utf8").split("\n").slice(-CONSOLE_LINES).join("\n");
    throw new Error(`the machine ended with ${code ?? signal}: ${problems}\n${said}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function words(memoryMib: number, initramfs: string, consoleFile: string): string[] {
  const kernel = vmKernel();
  if (kernel === undefined) throw new Error("there is no kernel to boot; see vmKernel()");
  const commandLine = "console=ttyS0 loglevel=5 panic=-1 mitigations=off rdinit=/init";
  return [
    ...["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", `${memoryMib}`],
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-net", "none"],
    ...["-kernel", kernel, "-initrd", initramfs, "-append", commandLine],
    ...["-serial", `file:${consoleFile}`, "-serial", "stdio"],
  ];
}
