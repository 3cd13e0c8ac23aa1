import { startMasterProcess } from "./fleet/daemon-process.ts";
import { percentile, sleep, startAgents, startFrameworks } from "./fleet/fleet.ts";
import type { BenchOptions, Row } from "./harness/bench.ts";
import { numberOf, wordOf } from "./harness/settings.ts";

interface Load {
  readonly agents: number;
  readonly frameworks: number;
  readonly seconds: number;
  readonly taskMs: number;
  /** Launches a second over all frameworks; as many as there are offers for without it. */
  readonly rate: number | undefined;
}

async function measure(load: Load, options: BenchOptions): Promise<Row> {
  const { allocationInterval = "100ms", freedResourcesDelay = "50ms" } = options.settings;
  const journal = { enabled: wordOf(options.settings, "journal", ["on", "off"], "off") === "on" };
  const log = { level: "warn" };
  const config = { allocationInterval, freedResourcesDelay, journal, log };
  const master = await startMasterProcess(config);
  let latencies: number[] = [];
  let ended = 0;
  const agents = await startAgents({ ...load, master: master.address });
  options.progress(`${load.agents} agents are registered`);
  const frameworks = startFrameworks(load.frameworks, {
    master: master.address,
    ...(load.rate === undefined ? {} : { perSecond: load.rate / load.frameworks }),
    onRunning: (latencyMs) => latencies.push(latencyMs),
    onEnded: () => ended++,
  });
  try {
    await sleep(options.quick ? 300 : 3_000);
    latencies = [];
    ended = 0;
    const before = master.figures();
    const began = performance.now();
    await sleep(load.seconds * 1_000);
    const seconds = (performance.now() - began) / 1_000;
    const after = master.figures();
    const sorted = Float64Array.from(latencies).sort();
    return {
      agents: load.agents,
      frameworks: load.frameworks,
      rate: load.rate ?? "full",
      seconds: Math.round(seconds),
      launchesPerSecond: Math.round(sorted.length / seconds),
      endsPerSecond: Math.round(ended / seconds),
      latencyP50Ms: Number(percentile(sorted, 0.5).toFixed(1)),
      latencyP95Ms: Number(percentile(sorted, 0.95).toFixed(1)),
      latencyP99Ms: Number(percentile(sorted, 0.99).toFixed(1)),
      masterCpuMicrosPerTask: Math.round(
        ((after.cpuMs - before.cpuMs) * 1_000) / Math.max(1, sorted.length),
      ),
      masterCpuPercent: Math.round((after.cpuMs - before.cpuMs) / seconds / 10),
      masterRssMib: Math.round(after.rssMib),
    };
  } finally {
    for (const framework of frameworks) framework.pause();
    await Promise.all(frameworks.map((framework) => framework.close()));
    await Promise.all(agents.map((agent) => agent.close()));
    await master.stop();
  }
}

/** What the benchmark takes on its command line. */
export const settings = {
  seconds: "how long each size is measured; 60",
  agents: "one size, instead of 100 and 1000 agents",
  rate: "launches a second, whatever becomes of earlier ones; as many as there are offers for",
  journal: "on or off; off",
  allocationInterval: "of the master's config; 100ms",
  freedResourcesDelay: "of the master's config; 50ms",
};

/**
 * Task launches from ACCEPT to acknowledged RUNNING through a real master process over sockets, by
 * simulated agents and frameworks in this process. Every task also ends and is acknowledged. With
 * a rate, latencies count from when each launch was due.
 */
export async function run(options: BenchOptions): Promise<readonly Row[]> {
  const seconds = numberOf(options.settings, "seconds", options.quick ? 1 : 60);
  const rate = numberOf(options.settings, "rate", undefined);
  const asked = numberOf(options.settings, "agents", undefined);
  const sizes = asked === undefined ? (options.quick ? [20] : [100, 1_000]) : [asked];
  const rows: Row[] = [];
  for (const agents of sizes) {
    rows.push(await measure({ agents, frameworks: 10, seconds, taskMs: 0, rate }, options));
  }
  return rows;
}
