import { randomBytes } from "node:crypto";
import { realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { hostPort, isLoopback } from "../contract/address.ts";
import type { AgentConfig } from "../contract/config/agent.ts";
import { errors } from "../contract/errors.ts";
import type { ContainerId } from "../contract/ids.ts";
import { HTTP_GATE, HTTP_ROUTER } from "../contract/ports/http.ts";
import { ISOLATOR } from "../contract/ports/isolator.ts";
import type { Logger } from "../contract/ports/log.ts";
import {
  type ListenAddress,
  PEER_SERVER,
  TRANSPORT,
  type Transport,
} from "../contract/ports/transport.ts";
import { checkRules, configKinds } from "../kernel/host/config.ts";
import type { Host } from "../kernel/host/host.ts";
import { openLog } from "../kernel/host/pino-log.ts";
import { PromMetrics } from "../kernel/host/prom-metrics.ts";
import { LogVerbosity } from "../kernel/host/verbosity.ts";
import { lockFolder } from "../wire/folder-lock.ts";
import { makeConfigFolder, softwareVersion } from "../wire/index.ts";
import { systemClock } from "../wire/system-clock.ts";
import { Agent } from "./agent.ts";
import { bootId } from "./containerizer/proc.ts";
import { agentIn } from "./core/checkpoint.ts";
import { type AgentState, hasSandbox } from "./core/state.ts";
import { Fetcher } from "./fetcher/fetcher.ts";
import { Images } from "./images/images.ts";
import { type AgentViewSource, groundOf, viewOf } from "./io/agent-view.ts";
import { dialler } from "./io/dialler.ts";
import { agentPeers, ExecutorDoor, listening } from "./io/executors.ts";
import { executorsPage } from "./io/executors-page.ts";
import { filesOf } from "./io/files.ts";
import { type AgentPages, routePages } from "./io/http.ts";
import { Sandboxes } from "./io/sandbox.ts";
import { diskUsageOf, SandboxGc } from "./io/sandbox-gc.ts";
import { CheckpointStore } from "./io/store.ts";
import { ExecutorTokens } from "./io/tokens.ts";
import { Undo } from "./io/undo.ts";
import { usagePage } from "./io/usage-page.ts";
import { Volumes } from "./io/volumes.ts";
import { openSessions } from "./people.ts";
import { startAgentPlugins } from "./plugins.ts";
import { restored } from "./recovery.ts";
import { setupOf } from "./setup.ts";

export { agentAdmission } from "./plugins.ts";

/** How an agent is started, beside its config. */
export interface StartAgentOptions {
  /** Folder that plugin paths are relative to: that of the config file. */
  readonly from?: string;
  /**
   * Called when the agent has come to its end by itself: it was refused or told to leave, or cannot
   * go on. By default the process exits, with status 0 after `AGENT_LEFT` and 1 otherwise.
   */
  readonly onEnd?: (code: string, message: string) => void;
  readonly signal?: AbortSignal;
  /**
   * What becomes of what an earlier agent left running (F2): `reconnect` takes it up, `cleanup`
   * ends it all, forgets it, and ends the agent with `AGENT_LEFT`.
   */
  readonly recover?: "reconnect" | "cleanup";
}

/** An agent at work. */
export interface RunningAgent {
  /** `host:port` under which it answers. */
  readonly address: string;
  /** Its id, once it has registered or has been an agent before. */
  readonly id: string | undefined;
  /** Stops; its tasks run on, and the next agent in the folder takes them up (F5). */
  stop(deadlineMs?: number): Promise<void>;
  /** Leaves for good: ends everything that runs here; `onEnd` follows (B28, F5). */
  leave(): void;
}

/**
 * Starts an agent: plugins, its own server, what an earlier agent left, then the master.
 * @throws TepuiError for a config, plugin, address or work directory that is not fit; nothing is
 * left running then.
 */
export async function startAgent(
  config: AgentConfig,
  options: StartAgentOptions = {},
): Promise<RunningAgent> {
  checkRules(configKinds.agent, config);
  const undo = new Undo();
  try {
    return await start(config, options, undo);
  } catch (thrown) {
    await undo.run().catch(() => {});
    throw thrown;
  }
}

/** What an agent stands on, before it is one. */
interface Ground {
  readonly log: Logger;
  readonly metrics: PromMetrics;
  readonly workDir: string;
  readonly host: Host;
  readonly transport: Transport;
  readonly store: CheckpointStore;
  readonly tokens: ExecutorTokens;
  readonly images: Images;
  /** Lets transports see the agent from here on. */
  show(source: AgentViewSource): void;
  /** Of the tokens of executors. */
  readonly secret: string;
  /** False when the machine was started anew since the last agent here (F3). */
  readonly isSameBoot: boolean;
}

async function prepareGround(
  config: AgentConfig,
  options: StartAgentOptions,
  undo: Undo,
): Promise<Ground> {
  const log = openLog({ ...config.log, name: "agent" });
  const verbosity = new LogVerbosity(log, config.log.level, systemClock);
  undo.add(() => verbosity.close());
  if (!isLoopback(config.listen.host)) {
    log.warn(
      { host: config.listen.host },
      "listening to other machines without authentication: whoever reaches it can read sandboxes",
    );
  }
  makeConfigFolder("workDir", resolve(config.workDir), 0o755);
  const workDir = realpathSync(resolve(config.workDir));
  undo.add(lockFolder(workDir, "agent.lock", (pid) => errors.WORK_DIR_LOCKED(workDir, pid)));
  const metrics = new PromMetrics("tepui_agent");
  let shown: AgentViewSource | undefined;
  const view = viewOf(() => shown, groundOf(config, verbosity, systemClock));
  const host = await startAgentPlugins(config, options, { workDir, view, log, metrics });
  undo.add(() => host.stop());
  const store = new CheckpointStore(workDir, log);
  undo.add(() => store.close());
  const { boot, secret = randomBytes(32).toString("hex") } = store.identity;
  const tokens = new ExecutorTokens(secret);
  const [transport] = host.getAll(TRANSPORT);
  if (transport === undefined) throw errors.PORT_MISSING(TRANSPORT.name);
  const folder = join(workDir, "images");
  const images = new Images({ folder, config: config.images, clock: systemClock, log });
  undo.add(() => images.stop());
  const isSameBoot = boot === undefined || boot === bootId();
  const show = (source: AgentViewSource): void => {
    shown = source;
  };
  return {
    log,
    metrics,
    workDir,
    host,
    transport,
    store,
    tokens,
    images,
    secret,
    show,
    isSameBoot,
  };
}

async function start(
  config: AgentConfig,
  options: StartAgentOptions,
  undo: Undo,
): Promise<RunningAgent> {
  const ground = await prepareGround(config, options, undo);
  const { log, metrics, workDir, host, transport, store, tokens, images } = ground;
  let agent: Agent | undefined;
  const version = softwareVersion();
  const door = new ExecutorDoor({
    tokens,
    serverId: `agent-${process.pid}`,
    software: `tepui/${version}`,
    log,
    isReady: () => agent !== undefined,
    isHere: (id) => state.containers.has(id),
    hasRoom: (inputs, bytes) => agent?.loop.hasRoom(inputs, bytes) ?? false,
    enqueue: (input, bytes) => agent?.loop.enqueue(input, bytes),
  });
  const address = await listening(config, transport, door, undo);
  const endpoint = hostPort(address.host, address.port);
  const state = await stateOf(config, ground, address);
  const sandboxes = new Sandboxes(workDir);
  const runs = (id: ContainerId) => agent?.containerizer.has(id) === true;
  const gc = collectorOf(config, ground, sandboxes, (id) => runs(id) || hasSandbox(state, id));
  undo.add(() => gc.stop());
  const completed = () => gc.completed(config.maxCompletedExecutorsPerFramework);
  const files = filesOf(sandboxes, config.log.file);
  routePages(host.getAll(HTTP_ROUTER), host.getAll(HTTP_GATE), sandboxes, files, {
    ...ownPages(ground, version),
    executors: () => executorsPage(state, sandboxes, completed()),
    usage: (asked) => usagePage(state, async (id) => agent?.containerizer.usage(id), asked),
  });
  const { recoveryTimeout: recoveryTimeoutMs } = config;
  const running = new Agent({
    ...{ config, state, store, sandboxes, gc, workDir, log, metrics, images },
    fetcher: new Fetcher(join(workDir, "fetch"), config.fetcher),
    volumes: new Volumes(workDir),
    clock: systemClock,
    isolators: host.getAll(ISOLATOR),
    surroundings: { endpoint, recoveryTimeoutMs, token: (plan) => tokens.issue(plan.id) },
    onEnd: (code, message) => void endInOrder(undo, log).then(() => end(options, code, message)),
  });
  agent = running;
  undo.add(() => running.stop());
  const nested = openSessions(config, ground, running, undo);
  running.serve([transport.server, ...host.getAll(PEER_SERVER)], door);
  await running.recover(ground.isSameBoot);
  const shown = { state, tokens, sandboxes, files, nested, images, agent: running };
  await openBesides(ground, door, shown, undo);
  void gc.start();
  if (options.recover === "cleanup") running.loop.enqueue({ type: "leave" });
  else running.connect(dialler(config, transport, address.host, version));
  log.info({ address: endpoint, workDir, version, id: state.info.id }, "this agent is up");
  return {
    address: endpoint,
    get id() {
      return state.info.id;
    },
    stop: () => undo.run(),
    leave: () => running.loop.enqueue({ type: "leave" }),
  };
}

function ownPages(
  { metrics, host, images }: Ground,
  version: string,
): Pick<AgentPages, "metrics" | "version" | "isolators"> {
  return {
    metrics: () => metrics.text(),
    version: () => ({ version, software: "tepui" }),
    isolators: () => ({
      isolators: [
        ...host.getAll(ISOLATOR).flatMap((one) => one.status?.() ?? []),
        ...(images.isOn ? [images.status()] : []),
      ],
    }),
  };
}

function collectorOf(
  config: AgentConfig,
  { log, metrics, workDir }: Ground,
  sandboxes: Sandboxes,
  isLive: (id: ContainerId) => boolean,
): SandboxGc {
  return new SandboxGc({
    sandboxes,
    clock: systemClock,
    log,
    metrics,
    gcDelayMs: config.gcDelay,
    gcDiskHeadroom: config.gcDiskHeadroom,
    diskWatchIntervalMs: config.diskWatchInterval,
    isLive,
    diskUsage: () => diskUsageOf(workDir),
  });
}

/** Lets in executors of other APIs: after the recovery, when unknown ones can be told apart. */
async function openBesides(
  { host, show }: Ground,
  door: ExecutorDoor,
  shown: AgentViewSource,
  undo: Undo,
): Promise<void> {
  for (const server of host.getAll(PEER_SERVER)) {
    await server.listen({ peers: agentPeers }, door);
    undo.add(() => server.close(1_000));
  }
  show(shown);
}

async function stateOf(
  config: AgentConfig,
  ground: Ground,
  address: ListenAddress,
): Promise<AgentState> {
  const { store, workDir } = ground;
  const entries = await store.read();
  const setup = setupOf(config, workDir, address, agentIn(entries)?.declared?.resources);
  const state = await restored(setup, entries, ground);
  await store.setIdentity(bootId(), ground.secret);
  return state;
}

function endInOrder(undo: Undo, log: Logger): Promise<void> {
  return undo.run().catch((err: unknown) => log.warn({ err }, "the agent did not end in order"));
}

function end(options: StartAgentOptions, code: string, message: string): void {
  if (options.onEnd !== undefined) options.onEnd(code, message);
  else process.exit(code === "AGENT_LEFT" ? 0 : 1);
}
