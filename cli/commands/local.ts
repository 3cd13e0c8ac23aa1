import type { Command } from "commander";
import {
  type CliCommand,
  type CliContext,
  type CommonOptions,
  plainCommand,
  wholeNumber,
} from "../context.ts";
import { planCluster } from "../local/layout.ts";
import { LocalCluster } from "../local/local-cluster.ts";
import type { Output } from "../output.ts";

/** Port of the master where none is given; a free one when it is taken. */
export const LOCAL_PORT = 5050;

/** Options of `tepui local`, and those that `tepui demo` shares with it. */
export interface LocalOptions extends CommonOptions {
  readonly agents?: number;
  readonly port?: number;
  readonly config?: string;
  readonly dataDir?: string;
}

/** Adds the options that a local cluster is made from. */
export function localFlags(command: Command): Command {
  return command
    .option("--agents <n>", "number of agents", wholeNumber(0, 1000))
    .option(
      "--port <port>",
      `port of the master; 0 takes a free one, and so does a taken ${LOCAL_PORT} by default`,
      wholeNumber(0, 65_535),
    )
    .option("--config <file>", "config file of kind local, see docs/configuration.md")
    .option("--data-dir <dir>", "folder to keep; default: a temporary one, removed at the end");
}

/** `tepui local`: a master and agents on this machine until Ctrl-C (A11). */
export const localCommand: CliCommand = {
  name: "local",
  build: (context: CliContext) =>
    localFlags(plainCommand("local", "Run a master and agents on this machine")).action(
      async (options: LocalOptions) => {
        const cluster = await startLocal(context, options);
        announce(context.output, cluster);
        await untilInterrupted(context.signal);
        await stopLocal(context.output, cluster);
      },
    ),
};

/**
 * Starts the cluster that the options describe.
 * @throws LISTEN_FAILED, LOCAL_START_FAILED, CLI_INTERRUPTED, CONFIG_…
 */
export async function startLocal(
  { output, signal }: CliContext,
  options: LocalOptions,
  agentsByDefault?: number,
): Promise<LocalCluster> {
  const layout = await planCluster({
    agents: options.agents ?? agentsByDefault,
    port: options.port ?? LOCAL_PORT,
    isPortExplicit: options.port !== undefined,
    config: options.config,
    dataDir: options.dataDir,
  });
  const cluster = new LocalCluster(layout, {
    onDeath: (name, how, restartMs) =>
      output.note(`${name} ended (${how}); starting it again in ${restartMs} ms`),
    onRestart: (name, pid) => output.note(`${name} is back (pid ${pid})`),
  });
  const count = layout.agents.length;
  output.note(`starting a master and ${count} agent${count === 1 ? "" : "s"} …`);
  await cluster.start(signal);
  return cluster;
}

/** Stops the cluster, and says so. */
export async function stopLocal(output: Output, cluster: LocalCluster): Promise<void> {
  output.note("stopping the cluster …");
  await cluster.stop();
  const { dataDir, isTemporary } = cluster.layout;
  output.note(isTemporary ? "stopped; nothing is left" : `stopped; its data is in ${dataDir}`);
}

/** Resolves at the first Ctrl-C or SIGTERM. */
export function untilInterrupted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Says where everything is. */
export function announce(output: Output, cluster: LocalCluster): void {
  const { dataDir, isTemporary } = cluster.layout;
  const [master, ...agents] = cluster.processes();
  if (output.format === "json") {
    output.json({
      master: { address: master?.address, pid: master?.pid, workDir: master?.workDir },
      agents: agents.map(({ name, pid, workDir, address }) => ({
        pid,
        hostname: name,
        workDir,
        address,
      })),
      dataDir,
    });
    return;
  }
  output.table(
    [{ title: "PROCESS" }, { title: "ADDRESS" }, { title: "PID", align: "right" }],
    cluster.processes().map(({ name, address, pid }) => [name, address, pid]),
  );
  output.line();
  output.line(`data    ${dataDir}${isTemporary ? " (removed at the end)" : ""}`);
  output.line(`logs    ${dataDir}/logs`);
  output.line(`metrics http://${cluster.address}/metrics`);
  output.line();
  output.line(`The cluster is up. Use it from another terminal; Ctrl-C stops it.`);
  const environment =
    cluster.address === "127.0.0.1:5050" ? "" : `TEPUI_MASTER=${cluster.address} `;
  output.line(`  ${environment}npx tepui run -- echo hello`);
  output.line(`  ${environment}npx tepui agents`);
}
