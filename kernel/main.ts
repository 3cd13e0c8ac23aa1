import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bareHost, hostPort, isLoopback } from "../contract/address.ts";
import type { MasterConfig } from "../contract/config/master.ts";
import { errors } from "../contract/errors.ts";
import type { MasterId } from "../contract/ids.ts";
import { CLUSTER_VIEW, type ClusterView } from "../contract/ports/cluster-view.ts";
import { COORDINATOR, type Leadership } from "../contract/ports/coordinator.ts";
import { HTTP_GATE, HTTP_ROUTER } from "../contract/ports/http.ts";
import type { Logger } from "../contract/ports/log.ts";
import { DATA_DIR } from "../contract/ports/plugin.ts";
import { PEER_SERVER, TRANSPORT } from "../contract/ports/transport.ts";
import type { MasterInfo } from "../contract/schema/agent.ts";
import { lentPorts, makeConfigFolder, softwareVersion } from "../wire/index.ts";
import { systemClock, watchClock } from "../wire/system-clock.ts";
import { wasmShape } from "./allocation/shape.ts";
import { advertisedAddress } from "./host/advertise.ts";
import { type AdmissionOptions, policyEntry } from "./host/candidate.ts";
import { checkRules, configKinds } from "./host/config.ts";
import { builtInNames, familiesIn } from "./host/find.ts";
import { type Host, startHost } from "./host/host.ts";
import { openLog } from "./host/pino-log.ts";
import { PromMetrics } from "./host/prom-metrics.ts";
import { LogVerbosity } from "./host/verbosity.ts";
import { routeMaster } from "./io/http.ts";
import { Master } from "./master.ts";

/** How a master is started, beside its config. */
export interface StartMasterOptions {
  /** Folder that plugin paths are relative to: that of the config file. */
  readonly from?: string;
  /** Called when the master cannot go on; by default the process exits with status 1. */
  readonly onAbort?: (code: string, message: string) => void;
  readonly signal?: AbortSignal;
}

/** A master at work. */
export interface RunningMaster {
  readonly id: MasterId;
  /** `host:port` under which it answers. */
  readonly address: string;
  /** Stops taking connections, closes what is open, and stops the plugins in reverse. */
  stop(deadlineMs?: number): Promise<void>;
}

/** Folder of this file in the source tree or in `dist/`; the built-in plugins are beside it. */
const HERE = dirname(fileURLToPath(import.meta.url));
const PLUGINS = join(HERE, "..", "plugins");

/**
 * How a master looks at plugins before any of their code runs; whoever checks a config or a plugin
 * beforehand looks in the same way. The one allocator that it starts with is its policy.
 */
export const masterAdmission = {
  kinds: ["transport", "coordinator", "authenticator", "authorizer", "hook"],
  shapes: { allocator: wasmShape },
  provided: [DATA_DIR.name, CLUSTER_VIEW.name, ...Object.keys(lentPorts)],
  needs: {
    who: "a master",
    ports: [
      { port: TRANSPORT.name, usual: "uws-msgpack" },
      { port: COORDINATOR.name, usual: "embedded", isSingle: true },
    ],
  },
} as const satisfies Partial<AdmissionOptions>;

/** Names of the policies that come with Tepui. */
function builtInPolicies(): readonly string[] {
  return builtInNames({ from: HERE, builtIn: [join(PLUGINS, "allocators")] });
}

async function startPlugins(
  config: MasterConfig,
  options: StartMasterOptions,
  view: ClusterView,
  around: { log: Logger; metrics: PromMetrics },
): Promise<Host> {
  const dataDir = resolve(config.dataDir);
  makeConfigFolder("dataDir", dataDir, 0o700);
  return startHost([...config.plugins, policyEntry(config.policy)], {
    ...masterAdmission,
    from: options.from ?? process.cwd(),
    builtIn: familiesIn(PLUGINS),
    provided: { [DATA_DIR.name]: dataDir, [CLUSTER_VIEW.name]: view, ...lentPorts },
    ...around,
    clock: systemClock,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

/** Listens, routes the plain pages, and says how others find this master. */
async function openDoors(
  host: Host,
  master: Master,
  config: MasterConfig,
  about: { readonly id: MasterId; readonly version: string; readonly metrics: PromMetrics },
): Promise<MasterInfo> {
  const [transport] = host.getAll(TRANSPORT);
  if (transport === undefined) throw errors.PORT_MISSING(TRANSPORT.name);
  const { id, version, metrics } = about;
  const { host: listenHost, port: listenPort } = config.listen;
  const listen = { host: bareHost(listenHost), port: listenPort, peers: master.peerChecks };
  const { port } = await transport.server.listen(listen, master.door);
  for (const server of host.getAll(PEER_SERVER)) {
    await server.listen({ peers: master.peerChecks }, master.door);
  }
  // What others are told (A10).
  const { host: ip, port: advertised } = advertisedAddress(config.listen, port);
  const name = config.hostname ?? (isLoopback(ip) ? ip : hostname());
  const info: MasterInfo = { id, ip, port: advertised, hostname: name, version };
  for (const router of host.getAll(HTTP_ROUTER)) {
    routeMaster(router, host.getAll(HTTP_GATE), {
      ready: () => master.isLeading,
      leader: () => master.view.leader(),
      metrics: () => metrics.text(),
      version: () => ({ version, software: "tepui" }),
    });
  }
  return info;
}

/**
 * Starts a master: plugins, leadership, the registry, then the doors.
 * @throws TepuiError for a config, plugin, address or registry that is not fit; nothing is left
 * running then.
 */
export async function startMaster(
  config: MasterConfig,
  options: StartMasterOptions = {},
): Promise<RunningMaster> {
  checkRules(configKinds.master, config);
  const log = openLog({ ...config.log, name: "master" });
  const verbosity = new LogVerbosity(log, config.log.level, systemClock);
  const clockWatch = watchClock(log);
  if (!isLoopback(config.listen.host)) {
    log.warn(
      { host: config.listen.host },
      "listening to other machines without authentication: whoever reaches it can run programs",
    );
  }
  const metrics = new PromMetrics("tepui_master");
  const id = randomUUID() as MasterId;
  const version = softwareVersion();
  let leadership: Leadership | undefined;
  const abort = (code: string, message: string): void => {
    log.error({ code }, message);
    if (options.onAbort !== undefined) options.onAbort(code, message);
    else process.exit(1);
  };
  const running = new Master({
    ...{ config, id, version, log, verbosity, metrics, clock: systemClock, abort },
    builtInPolicies: builtInPolicies(),
  });
  const host = await startPlugins(config, options, running.view, { log, metrics });
  let forgetLeader: (() => void) | undefined;
  const stop = async (deadlineMs = 10_000): Promise<void> => {
    verbosity.close();
    clockWatch.cancel();
    forgetLeader?.();
    await running.stop();
    // Streams end before the sockets under them do.
    for (const server of host.getAll(PEER_SERVER)) await server.close(deadlineMs / 4);
    await Promise.all(host.getAll(TRANSPORT).map(({ server }) => server.close(deadlineMs / 4)));
    await leadership?.resign();
    await host.stop(deadlineMs);
  };
  try {
    // The port must be known before others are told of it, so the doors open first; until the
    // registry has been read they answer that this master is not ready (G7).
    const info = await openDoors(host, running, config, { id, version, metrics });
    const signal = options.signal ?? new AbortController().signal;
    const coordinator = host.get(COORDINATOR);
    forgetLeader = coordinator.watch((leader) => running.setLeader(leader));
    leadership = await coordinator.campaign(info, signal);
    void leadership.lost.then(({ reason }) => {
      if (running.isLeading) abort("LEADERSHIP_LOST", `leadership is lost: ${reason}`);
    });
    await running.lead(info, leadership, host);
    const address = hostPort(info.ip, info.port);
    log.info({ address, id, version }, "this master leads");
    return { id, address, stop };
  } catch (thrown) {
    await stop().catch(() => {});
    throw thrown;
  }
}
