import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { errors, reasonOf } from "../../contract/errors.ts";
import { configKinds } from "../../kernel/host/config.ts";
import { OperatorClient } from "../../sdk/index.ts";
import { removeTree } from "../../wire/index.ts";
import { orInterrupted } from "../master-client.ts";
import type { Layout, ProcessPlan } from "./layout.ts";
import {
  lastLines,
  type Program,
  runToEnd,
  Supervised,
  type SupervisionEvents,
} from "./supervised.ts";

/** For one process to be ready, and then for all agents to register. */
const START_MS = 60_000;
/** More than a process takes to stop by itself. */
const STOP_GRACE_MS = 12_000;
const POLL_MS = 100;

/** A running process of the cluster. */
export interface LocalProcess {
  readonly name: string;
  readonly pid: number;
  readonly workDir: string;
  readonly address: string;
}

/** How a local cluster is run. */
export interface LocalClusterOptions extends SupervisionEvents {
  /** The command line of a process; tests put another program here. */
  readonly commandOf?: (plan: ProcessPlan) => readonly [string, ...string[]];
  /** Waits until the cluster is of use; by default, until all agents have registered. */
  readonly whenReady?: (layout: Layout, signal: AbortSignal) => Promise<void>;
}

/** A master and agents on this machine, each a process of its own that is kept running. */
export class LocalCluster {
  readonly layout: Layout;
  readonly #processes = new Map<string, Supervised>();
  readonly #options: LocalClusterOptions;
  #stopping: Promise<void> | undefined;

  constructor(layout: Layout, options: LocalClusterOptions) {
    this.layout = layout;
    this.#options = options;
    for (const plan of [layout.master, ...layout.agents]) {
      this.#processes.set(plan.name, new Supervised(this.#program(plan), options));
    }
  }

  /** `host:port` of the master. */
  get address(): string {
    return this.layout.master.address;
  }

  /**
   * Starts everything; when something fails, what had started is stopped again.
   * @throws LOCAL_START_FAILED, CLI_INTERRUPTED
   */
  async start(signal: AbortSignal): Promise<void> {
    const { master, agents } = this.layout;
    try {
      await orInterrupted(this.#start(master), signal);
      await orInterrupted(Promise.all(agents.map((agent) => this.#start(agent))), signal);
      const whenReady = this.#options.whenReady ?? agentsRegistered;
      await orInterrupted(whenReady(this.layout, signal), signal);
    } catch (thrown) {
      await this.stop();
      throw thrown;
    }
  }

  /**
   * Stops all processes, the agents first, and removes the data folder if it is temporary. A second
   * call waits for the first.
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const { master, agents, dataDir, isTemporary, unlock } = this.layout;
    await Promise.all(agents.map((agent) => this.#stopAgent(agent)));
    await this.#processes.get(master.name)?.stop(STOP_GRACE_MS);
    unlock();
    if (isTemporary) await removeTree(dataDir, 3);
  }

  /** The processes as they are now, the master first. */
  processes(): readonly LocalProcess[] {
    return [this.layout.master, ...this.layout.agents].map(({ name, workDir, address }) => ({
      name,
      pid: this.#processes.get(name)?.pid ?? 0,
      workDir,
      address,
    }));
  }

  /** Stops an agent and, when it was not able to do so itself, what runs on it. */
  async #stopAgent(plan: ProcessPlan): Promise<void> {
    const agent = this.#processes.get(plan.name);
    if (agent === undefined || !agent.wasStarted) return;
    const isClean = await agent.stop(STOP_GRACE_MS);
    if (isClean) return;
    const { file, args, ...rest } = this.#program(plan);
    const program = { ...rest, file, args: [...args, "--recover", "cleanup"] };
    await runToEnd(program, STOP_GRACE_MS);
  }

  async #start({ name }: ProcessPlan): Promise<void> {
    await this.#processes.get(name)?.start(START_MS);
  }

  #program(plan: ProcessPlan): Program {
    const [file, ...args] = (this.#options.commandOf ?? ownCommand)(plan);
    const { name, logFile } = plan;
    return { name, file, args, environment: environmentFor(plan), logFile };
  }
}

/** This program again, as a master or an agent. */
function ownCommand({ command, configFile }: ProcessPlan): readonly [string, ...string[]] {
  const main = fileURLToPath(new URL("../main.js", import.meta.url));
  const args = [command, "--config", configFile, "--lifeline", "--output", "json"];
  return [process.execPath, ...process.execArgv, main, ...args];
}

/** What is set for this process must not override the configs that were written for those. */
function environmentFor({ command }: ProcessPlan): Readonly<Record<string, string | undefined>> {
  const variables = new Set(configKinds[command].fields.map(({ variable }) => variable));
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !variables.has(name)));
}

/** Waits until the master lists every agent as active. */
async function agentsRegistered(layout: Layout, signal: AbortSignal): Promise<void> {
  const { address, logFile } = layout.master;
  const endMs = performance.now() + START_MS;
  const about = { masters: address, name: "tepui-local", connectMs: START_MS };
  const client = await OperatorClient.connect(about);
  try {
    let active = 0;
    while (!signal.aborted && performance.now() < endMs) {
      active = 0;
      for await (const { state } of client.all("agents", {})) if (state === "active") active++;
      if (active >= layout.agents.length) return;
      await sleep(POLL_MS, undefined, { signal }).catch(() => {});
    }
    if (signal.aborted) return;
    const reason = `${active} of ${layout.agents.length} agents have registered`;
    throw errors.LOCAL_START_FAILED("the cluster", reason, lastLines(logFile));
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
    throw errors.CLI_INTERRUPTED(reasonOf(thrown));
  } finally {
    await client.close();
  }
}
