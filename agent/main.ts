import { join } from "node:path";
import { hostPort } from "../contract/address.ts";
import type { AgentConfig } from "../contract/config/agent.ts";
import type { ContainerId } from "../contract/ids.ts";
import { HTTP_GATE, HTTP_ROUTER } from "../contract/ports/http.ts";
import { ISOLATOR } from "../contract/ports/isolator.ts";
import type { Logger } from "../contract/ports/log.ts";
import { type ListenAddress, PEER_SERVER } from "../contract/ports/transport.ts";
import { checkRules, configKinds } from "../kernel/host/config.ts";
import { softwareVersion } from "../wire/index.ts";
import { systemClock } from "../wire/system-clock.ts";
import { Agent } from "./agent.ts";
import { bootId } from "./containerizer/proc.ts";
import { agentIn } from "./core/checkpoint.ts";
import { hasSandbox } from "./core/state.ts";
import { Fetcher } from "./fetcher/fetcher.ts";
import { type Ground, type GroundOptions, prepareGround } from "./ground.ts";
import type { AgentViewSource } from "./io/agent-view.ts";
import { dialler } from "./io/dialler.ts";
import type { Surroundings } from "./io/environment.ts";
import { agentPeers, ExecutorDoor, listening } from "./io/executors.ts";
import { executorsPage } from "./io/executors-page.ts";
import { filesOf } from "./io/files.ts";
import { type AgentPages, routePages } from "./io/http.ts";
import { Sandboxes } from "./io/sandbox.ts";
import { diskUsageOf, SandboxGc } from "./io/sandbox-gc.ts";
import type { ExecutorTokens } from "./io/tokens.ts";
import { Undo } from "./io/undo.ts";
import { usagePage } from "./io/usage-page.ts";
import { Volumes } from "./io/volumes.ts";
import { openSessions } from "./people.ts";
import { restored } from "./recovery.ts";
import { setupOf } from "./setup.ts";

export { agentAdmission } from "./plugins.ts";

/** How an agent is started, beside its config. */
export interface StartAgentOptions extends GroundOptions {
  /**
   * Called when the agent has come to its end by itself: it was refused or told to leave, or cannot
   * go on. By default the process exits, with status 0 after `AGENT_LEFT` and 1 otherwise.
   */
  readonly onEnd?: (code: string, message: string) => void;
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
  /**
   * Stops. Tasks of frameworks that checkpoint run on, and the next agent in the folder takes them
   * up; the others end (F5).
   */
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
  const { state, forsaken } = await stateOf(config, ground, address);
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
  const running = new Agent({
    ...{ config, state, store, sandboxes, gc, workDir, log, metrics, images },
    fetcher: new Fetcher(join(workDir, "fetch"), config.fetcher),
    volumes: new Volumes(workDir),
    clock: systemClock,
    isolators: host.getAll(ISOLATOR),
    surroundings: surroundingsOf(config, endpoint, tokens),
    onEnd: (code, message) => void endInOrder(undo, log).then(() => end(options, code, message)),
  });
  agent = running;
  undo.add(() => running.stop());
  const nested = openSessions(config, ground, running, undo);
  running.serve([transport.server, ...host.getAll(PEER_SERVER)], door);
  await running.recover({ isSameBoot: ground.isSameBoot, forsaken });
  const about = { state, tokens, sandboxes, files, nested, images };
  const shown = { ...about, ended: completed, agent: running };
  await openBesides(ground, door, shown, undo);
  undo.add(() => running.endBound());
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

function surroundingsOf(
  config: AgentConfig,
  endpoint: string,
  tokens: ExecutorTokens,
): Surroundings {
  const { recoveryTimeout: recoveryTimeoutMs, environment: variables } = config;
  return { endpoint, recoveryTimeoutMs, variables, token: (plan) => tokens.issue(plan.id) };
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
    gcMinAgeMs: config.gcMinAge,
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
): ReturnType<typeof restored> {
  const { store, workDir } = ground;
  const entries = await store.read();
  const setup = setupOf(config, workDir, address, agentIn(entries)?.declared?.resources);
  const found = await restored(setup, entries, ground);
  await store.setIdentity(bootId(), ground.secret);
  return found;
}

function endInOrder(undo: Undo, log: Logger): Promise<void> {
  return undo.run().catch((err: unknown) => log.warn({ err }, "the agent did not end in order"));
}

function end(options: StartAgentOptions, code: string, message: string): void {
  if (options.onEnd !== undefined) options.onEnd(code, message);
  else process.exit(code === "AGENT_LEFT" ? 0 : 1);
}
