import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { errors } from "../../contract/errors.ts";
import { configKinds, loadConfig } from "../../kernel/host/config.ts";
import { parseConfig } from "../../kernel/host/config-file.ts";
import { isObject } from "../../kernel/host/config-rules.ts";
import { lockFolder } from "../../wire/folder-lock.ts";
import { makeConfigFolder } from "../../wire/index.ts";
import { choosePort, freePort } from "./ports.ts";

/** What a local cluster is made from. */
export interface LayoutOptions {
  readonly agents?: number | undefined;
  /** Wanted port of the master. */
  readonly port: number;
  /** The port was asked for: another one will not do. */
  readonly isPortExplicit: boolean;
  /** Config file of kind `local`. */
  readonly config?: string | undefined;
  /** Folder for everything; a temporary one, removed at the end, when it is not given. */
  readonly dataDir?: string | undefined;
}

/** One process of a local cluster. */
export interface ProcessPlan {
  /** `master`, `agent-1`, … */
  readonly name: string;
  readonly command: "master" | "agent";
  readonly configFile: string;
  readonly logFile: string;
  /** The folder that must survive restarts. */
  readonly workDir: string;
  readonly address: string;
}

/** Where everything of a local cluster is. */
export interface Layout {
  readonly dataDir: string;
  readonly isTemporary: boolean;
  readonly master: ProcessPlan;
  readonly agents: readonly ProcessPlan[];
  /** Lets another cluster use the data folder. */
  unlock(): void;
}

type Section = Readonly<Record<string, unknown>>;

/** Ports for tasks that all agents of the machine share out among themselves. */
const TASK_PORTS = { begin: 31_000, count: 1_000 };

/**
 * Chooses folders and ports and writes a config file for each process, so that each can be
 * started again as it was.
 * @throws LISTEN_FAILED, LOCAL_DATA_LOCKED, CONFIG_… for the config file and the data folder
 */
export async function planCluster(options: LayoutOptions): Promise<Layout> {
  const local = readLocal(options);
  const port = await choosePort(options.port, options.isPortExplicit);
  const isTemporary = options.dataDir === undefined;
  const dataDir = makeDataDir(options.dataDir);
  // Before anything is written: the files belong to the cluster that runs on them.
  const refusal = (pid: number) => errors.LOCAL_DATA_LOCKED(dataDir, pid);
  const unlock = lockFolder(dataDir, "local.lock", refusal);
  try {
    const processes = await planProcesses(local, dataDir, port);
    return { dataDir, isTemporary, ...processes, unlock };
  } catch (thrown) {
    unlock();
    throw thrown;
  }
}

/**
 * The folder for everything. Tasks of root's agents may run as other users, who have to get through
 * to their own sandboxes; nobody else may see what else there is.
 */
function makeDataDir(given: string | undefined): string {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const dataDir = given === undefined ? mkdtempSync(join(tmpdir(), "tepui-")) : resolve(given);
  if (given === undefined) chmodSync(dataDir, mode);
  else makeConfigFolder("dataDir", dataDir, mode);
  makeConfigFolder("dataDir", join(dataDir, "logs"), 0o700);
  return dataDir;
}

async function planProcesses(
  local: LocalSections,
  dataDir: string,
  port: number,
): Promise<Pick<Layout, "master" | "agents">> {
  const address = `127.0.0.1:${port}`;
  const workDir = join(dataDir, "master");
  const master = write(dataDir, "master", "master", workDir, address, {
    ...local.master,
    listen: { ...section(local.master["listen"]), port },
    dataDir: workDir,
  });
  const agents: ProcessPlan[] = [];
  const taken = [port];
  for (let index = 0; index < local.agents; index++) {
    const own = await freePort(taken);
    taken.push(own);
    agents.push(agentPlan(dataDir, local, index, address, own));
  }
  return { master, agents };
}

interface LocalSections {
  readonly agents: number;
  readonly master: Section;
  readonly agent: Section;
}

/** The sections as they are written, since the processes read them again. */
function readLocal({ config, agents }: LayoutOptions): LocalSections {
  if (config === undefined) return { agents: agents ?? 1, master: {}, agent: {} };
  const flags = agents === undefined ? {} : { agents };
  const checked = loadConfig(configKinds.local, { file: config, flags });
  const raw = section(parseConfig(config, readFileSync(config, "utf8")).value);
  const from = dirname(resolve(config));
  const [master, agent] = ["master", "agent"].map((name) => withPaths(section(raw[name]), from));
  return { agents: checked.agents, master: master ?? {}, agent: agent ?? {} };
}

function section(value: unknown): Section {
  return isObject(value) ? value : {};
}

/** Plugin paths are relative to the file that they are written in, and that is a new one. */
function withPaths(config: Section, from: string): Section {
  const placed = (path: unknown): unknown =>
    typeof path === "string" && /^\.\.?\//.test(path) && !isAbsolute(path)
      ? resolve(from, path)
      : path;
  const { plugins, policy } = config;
  return {
    ...config,
    ...(Array.isArray(plugins)
      ? {
          plugins: plugins.map((entry: unknown) =>
            isObject(entry) ? { ...entry, plugin: placed(entry["plugin"]) } : entry,
          ),
        }
      : {}),
    ...(isObject(policy) ? { policy: { ...policy, name: placed(policy["name"]) } } : {}),
  };
}

function agentPlan(
  dataDir: string,
  local: LocalSections,
  index: number,
  master: string,
  port: number,
): ProcessPlan {
  const name = `agent-${index + 1}`;
  const workDir = join(dataDir, name);
  return write(dataDir, name, "agent", workDir, `127.0.0.1:${port}`, {
    hostname: name,
    attributes: `rack:r${index + 1};zone:${index % 2 === 0 ? "a" : "b"}`,
    resources: shareOfMachine(index, local.agents),
    // Another number of agents gives each another share of the machine.
    reconfigurationPolicy: "any",
    ...local.agent,
    listen: { ...section(local.agent["listen"]), port },
    master,
    workDir,
  });
}

/** Agents of one machine share it: memory and ports are divided, and two cpus are the least. */
function shareOfMachine(index: number, agents: number): string {
  const cpus = Math.max(2, Math.floor(availableParallelism() / agents));
  const memMib = Math.max(1_024, Math.floor((totalmem() * 0.75) / 2 ** 20 / agents));
  const span = Math.max(1, Math.floor(TASK_PORTS.count / agents));
  const begin = TASK_PORTS.begin + index * span;
  return `cpus:${cpus};mem:${memMib};ports:[${begin}-${begin + span - 1}]`;
}

function write(
  dataDir: string,
  name: string,
  command: "master" | "agent",
  workDir: string,
  address: string,
  config: Section,
): ProcessPlan {
  const configFile = join(dataDir, `${name}.json`);
  const logFile = join(dataDir, "logs", `${name}.log`);
  // What else the process writes goes to the same file. It knows of it, and can show it to others.
  const whole = { ...config, log: { file: logFile, ...section(config["log"]) } };
  writeFileSync(configFile, `${JSON.stringify(whole, undefined, 2)}\n`, { mode: 0o600 });
  return { name, command, configFile, logFile, workDir, address };
}
