import { request } from "node:http";
import { type DaemonProcess, startMasterProcess } from "./fleet/daemon-process.ts";
import { percentile, sleep, startAgents } from "./fleet/fleet.ts";
import type { BenchOptions, Row } from "./harness/bench.ts";
import { numberOf, wordOf } from "./harness/settings.ts";
import { startHostiles } from "./hostile/hostiles.ts";
import { Poller } from "./http/poller.ts";
import { HttpScheduler, type SchedulerEvent, type Wire } from "./http/scheduler.ts";

/** Agents that run 200 small tasks each, and have as much left. */
const resources = [
  { name: "cpus", scalar: 64_000 },
  { name: "mem", scalar: 64 * 1024 * 1000 },
];
const portOf = ({ address }: DaemonProcess): number => Number(address.split(":")[1]);
const rounded = (ms: number): number => Number(ms.toFixed(1));

/** GETs a path; resolves with the bytes of the answer. */
function get(port: number, path: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve(Buffer.concat(parts)));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** The master looks at its loop this often, which is in what it says of its lag. */
const LOOKS_EVERY_MS = 10;

/** 99 of 100 turns of the master's event loop since the last call came this late, at most. */
async function loopLagP99Ms(port: number): Promise<number> {
  const text = (await get(port, "/metrics")).toString();
  const value = /^\w+_nodejs_eventloop_lag_p99_seconds ([\d.e+-]+)$/m.exec(text)?.[1];
  return Number(value ?? Number.NaN) * 1_000 - LOOKS_EVERY_MS;
}

/** Events a second that reach so many schedulers, each asking for 500 of them at a time. */
async function events(
  master: DaemonProcess,
  wire: Wire,
  count: number,
  seconds: number,
): Promise<Row> {
  const port = portOf(master);
  let records = 0;
  const schedulers = await Promise.all(
    Array.from({ length: count }, (_, number) =>
      HttpScheduler.subscribe({
        port,
        wire,
        name: `scheduler-${number}`,
        role: `role-${number}`,
        onRecord: () => {
          records += 1;
        },
      }),
    ),
  );
  const tasks = Array.from({ length: 500 }, (_, at) => ({ task_id: { value: `task-${at}` } }));
  let isOver = false;
  const asking = schedulers.map(async (scheduler) => {
    while (!isOver) await scheduler.call("RECONCILE", { reconcile: { tasks } });
  });
  await sleep(seconds * 250);
  records = 0;
  await loopLagP99Ms(port);
  const began = performance.now();
  await sleep(seconds * 1_000);
  const perSecond = records / ((performance.now() - began) / 1_000);
  const lag = await loopLagP99Ms(port);
  isOver = true;
  await Promise.all(asking);
  await Promise.all(schedulers.map((scheduler) => scheduler.close()));
  return {
    what: `events, ${wire}`,
    clients: count,
    eventsPerSecond: Math.round(perSecond),
    loopLagP99Ms: rounded(lag),
    rssMib: Math.round(master.figures().rssMib),
  };
}

/** Frameworks that each launch ten tasks on every agent; resolves when all of them run. */
async function fill(port: number, frameworks: number, agents: number): Promise<HttpScheduler[]> {
  const all: Promise<HttpScheduler>[] = [];
  for (let number = 0; number < frameworks; number++) all.push(filling(port, number, agents));
  return Promise.all(all);
}

async function filling(port: number, number: number, agents: number): Promise<HttpScheduler> {
  const seen = new Set<string>();
  let running = 0;
  let full = (): void => {};
  const isFull = new Promise<void>((resolve) => {
    full = resolve;
  });
  const onRecord = (read: () => SchedulerEvent, scheduler: HttpScheduler): void => {
    const { offers, update } = read();
    if (update?.status.state === "TASK_RUNNING") {
      const { agent_id, task_id, uuid } = update.status;
      void scheduler.call("ACKNOWLEDGE", { acknowledge: { agent_id, task_id, uuid } });
      running += 1;
      if (running === 10 * agents) full();
    }
    for (const { id, agent_id } of offers?.offers ?? []) {
      const isNew = !seen.has(agent_id.value);
      seen.add(agent_id.value);
      const task_infos = Array.from({ length: isNew ? 10 : 0 }, (_, at) => ({
        name: `task-${at}`,
        task_id: { value: `${number}-${agent_id.value}-${at}` },
        agent_id,
        command: { value: "sleep 1000" },
        resources: [
          { name: "cpus", type: "SCALAR", scalar: { value: 0.1 } },
          { name: "mem", type: "SCALAR", scalar: { value: 32 } },
        ],
      }));
      const operations = isNew ? [{ type: "LAUNCH", launch: { task_infos } }] : [];
      const filters = { refuse_seconds: 3_600 };
      void scheduler.call("ACCEPT", { accept: { offer_ids: [id], operations, filters } });
    }
  };
  const name = `filling-${number}`;
  const scheduler = await HttpScheduler.subscribe({
    port,
    wire: "json",
    name,
    role: name,
    onRecord,
  });
  await isFull;
  return scheduler;
}

/** Pollers of `/state` on a cluster that changes meanwhile, as clusters do. */
async function state(
  master: DaemonProcess,
  agents: number,
  pollers: number,
  seconds: number,
): Promise<Row> {
  const port = portOf(master);
  const took: number[] = [];
  let bytes = 0;
  let isOver = false;
  const poll = async (): Promise<void> => {
    const poller = new Poller(port, "/state");
    while (!isOver) {
      const began = performance.now();
      bytes = await poller.poll();
      took.push(performance.now() - began);
    }
    poller.close();
  };
  // Something changes some twenty times a second, so that no answer can be given twice for long.
  const changing = await HttpScheduler.subscribe({
    port,
    wire: "json",
    name: "changing",
    role: "changing",
    onRecord: () => {},
  });
  const change = async (): Promise<void> => {
    while (!isOver) {
      await changing.call("SUPPRESS");
      await sleep(50);
    }
  };
  const all = [change(), ...Array.from({ length: pollers }, poll)];
  await sleep(seconds * 250);
  took.length = 0;
  await loopLagP99Ms(port);
  const before = master.figures();
  await sleep(seconds * 1_000);
  const cpuMs = master.figures().cpuMs - before.cpuMs;
  const lag = await loopLagP99Ms(port);
  const sorted = Float64Array.from(took).sort();
  isOver = true;
  await Promise.all(all);
  await changing.close();
  return {
    what: `/state, ${agents} agents, 20 frameworks, ${agents * 200} tasks`,
    clients: pollers,
    meanMs: rounded(sorted.reduce((sum, ms) => sum + ms, 0) / Math.max(1, sorted.length)),
    p99Ms: rounded(percentile(sorted, 0.99)),
    masterCpuPercent: Math.round(cpuMs / seconds / 10),
    answerMib: Number((bytes / 1024 / 1024).toFixed(2)),
    loopLagP99Ms: rounded(lag),
    rssMib: Math.round(master.figures().rssMib),
  };
}

/** A good client's calls while 200 hostile ones are at work. */
async function hostile(master: DaemonProcess, clients: number, seconds: number): Promise<Row> {
  const port = portOf(master);
  const good = await HttpScheduler.subscribe({
    port,
    wire: "json",
    name: "good",
    role: "good",
    onRecord: () => {},
  });
  await good.call("SUPPRESS");
  const hostiles = startHostiles(port, clients);
  const took: number[] = [];
  const endMs = performance.now() + seconds * 1_000;
  let rssMib = 0;
  while (performance.now() < endMs) {
    const began = performance.now();
    await good.call("RECONCILE", { reconcile: { tasks: [{ task_id: { value: "t" } }] } });
    took.push(performance.now() - began);
    rssMib = Math.max(rssMib, master.figures().rssMib);
    await sleep(20);
  }
  await hostiles.stop();
  await good.close();
  const sorted = Float64Array.from(took).sort();
  return {
    what: "a call among hostile clients",
    clients,
    meanMs: rounded(sorted.reduce((sum, ms) => sum + ms, 0) / Math.max(1, sorted.length)),
    p99Ms: rounded(percentile(sorted, 0.99)),
    rssMib: Math.round(rssMib),
  };
}

/** What the benchmark takes on its command line. */
export const settings = {
  seconds: "how long each row is measured; 10",
  only: "one part of it: events, state or hostile; all of them",
};

/**
 * The Mesos HTTP API of a real master process: events a second to 1, 10 and 100 schedulers, the
 * latency of `/state` on the shape that Mesos 1.7 was measured on, and that of a call among hostile
 * clients. Schedulers and pollers are in this process, and hostile clients in one of their own.
 */
export async function run(options: BenchOptions): Promise<readonly Row[]> {
  const { quick, progress } = options;
  const seconds = numberOf(options.settings, "seconds", quick ? 1 : 10);
  const only = wordOf(options.settings, "only", ["events", "state", "hostile"], undefined);
  const wanted = (what: string): boolean => only === undefined || only === what;
  const count = quick ? 5 : 100;
  const rows: Row[] = [];
  const allocationInterval = "100ms";
  const master = await startMasterProcess({ allocationInterval, log: { level: "error" } });
  const agents = await startAgents({
    master: master.address,
    agents: count,
    taskMs: 3_600_000,
    resourcesOf: () => resources,
  });
  try {
    for (const wire of wanted("events") ? (["json", "protobuf"] as const) : []) {
      for (const clients of quick ? [1, 2] : [1, 10, 100]) {
        rows.push(await events(master, wire, clients, seconds));
      }
    }
    if (wanted("state")) {
      const ended = await fill(portOf(master), 10, count);
      await Promise.all(ended.map((scheduler) => scheduler.close()));
      const running = await fill(portOf(master), 10, count);
      progress("the cluster is full");
      rows.push(await state(master, count, quick ? 2 : 20, seconds));
      await Promise.all(running.map((scheduler) => scheduler.close()));
    }
    if (wanted("hostile")) rows.push(await hostile(master, quick ? 22 : 200, seconds));
    return rows;
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
    await master.stop();
  }
}
