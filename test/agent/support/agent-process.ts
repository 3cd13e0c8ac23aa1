import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");
const DIST = join(ROOT, "dist");

/** Runs in the agent's process: the built agent, with a config from its arguments. */
const SCRIPT = `
const [main, config, flags, recover] = process.argv.slice(1);
const { startAgent } = await import(main);
const { configKinds, loadConfig } = await import(config);
const agent = await startAgent(loadConfig(configKinds.agent, { flags: JSON.parse(flags) }), {
  recover,
  onEnd: (code) => { process.stdout.write("ENDED " + code + "\\n"); process.exitCode = 3; },
});
process.stdout.write("UP " + agent.address + "\\n");
process.on("SIGTERM", () => agent.stop().then(() => process.exit(0)));
process.on("SIGUSR1", () => agent.leave());
`;

/** A real agent in a process of its own, from the build. */
export class AgentProcess {
  readonly child: ChildProcess;
  output = "";

  constructor(flags: Readonly<Record<string, unknown>>, recover = "reconnect") {
    if (!existsSync(join(DIST, "agent", "main.js"))) throw new Error("run npm run build first");
    const main = join(DIST, "agent", "main.js");
    const config = join(DIST, "kernel", "host", "config.js");
    const words = ["--input-type=module", "-e", SCRIPT, main, config, JSON.stringify(flags)];
    this.child = spawn(process.execPath, [...words, recover], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
  }

  /** `host:port` of its server, once it is up. */
  get address(): string | undefined {
    return /^UP (\S+)$/m.exec(this.output)?.[1];
  }

  /** Ends it and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill(signal);
    await gone;
  }
}
