import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { type CommandInfo, isTerminal, type Offer, resources, Scheduler } from "../sdk/index.ts";
import {
  type DaemonProcess,
  startAgentProcess,
  startMasterProcess,
} from "./fleet/daemon-process.ts";
import { sleep } from "./fleet/fleet.ts";
import { BenchError, type BenchOptions, type Row } from "./harness/bench.ts";
import { numberOf } from "./harness/settings.ts";

/**
 * Tasks that the agent has room for at the same time, in the run of short ones: so many that the
 * 50 ms after which a master offers what became free do not decide what is measured.
 */
const AT_ONCE = 128;
const PARALLEL = 8;

/** Programs a second with no cluster around them: the limits of this machine, at this moment. */
async function limits(count: number): Promise<{ readonly xargs: number; readonly spawn: number }> {
  const perSecond = (began: number): number => (count * 1_000) / (performance.now() - began);
  let began = performance.now();
  execFileSync("sh", ["-c", `seq ${count} | xargs -P ${PARALLEL} -n 1 true`]);
  const xargs = perSecond(began);
  began = performance.now();
  let left = count;
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = spawn("true", { stdio: "ignore" });
      child.once("error", reject).once("exit", () => resolve());
    });
  const lane = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  await Promise.all(Array.from({ length: PARALLEL }, lane));
  return { xargs, spawn: perSecond(began) };
}

/** The rate of two runs of the same length, one after the other. */
const together = (one: number, other: number): number => 2 / (1 / one + 1 / other);

/** A framework that fills every offer with the same command, until it has launched `count`. */
class Filler {
  readonly #scheduler: Scheduler;
  readonly #command: CommandInfo;
  readonly #image: string | undefined;
  readonly #count: number;
  launched = 0;
  running = 0;
  ended = 0;
  failed = 0;

  constructor(master: string, command: CommandInfo, count: number, image: string | undefined) {
    this.#command = command;
    this.#count = count;
    this.#image = image;
    this.#scheduler = new Scheduler({ name: "bench agent", masters: master });
    this.#scheduler.on("offers", (offers) => {
      for (const offer of offers) this.#fill(offer);
    });
    this.#scheduler.on("update", ({ state }) => {
      if (state === "TASK_RUNNING") this.running += 1;
      if (!isTerminal(state)) return;
      this.ended += 1;
      if (state !== "TASK_FINISHED") this.failed += 1;
    });
  }

  #fill(offer: Offer): void {
    const cpus = offer.resources.find(({ name }) => name === "cpus")?.scalar ?? 0;
    const room = Math.min(Math.floor(cpus / 1_000), this.#count - this.launched);
    const image = this.#image;
    const container =
      image === undefined ? {} : { container: { type: "DOCKER" as const, docker: { image } } };
    const tasks = Array.from({ length: room }, () => ({
      taskId: `t${this.launched++}`,
      name: "bench",
      command: this.#command,
      ...container,
      resources: resources({ cpus: 1, mem: 1 }),
    }));
    if (tasks.length > 0) this.#scheduler.launch(offer, tasks);
    else this.#scheduler.decline(offer.id);
  }

  /** Subscribes; what it is offered from then on, it fills. */
  async start(): Promise<void> {
    await this.#scheduler.ready();
  }

  /** Ends the framework, with what still runs of it. */
  async close(): Promise<void> {
    await this.#scheduler.teardown();
  }
}

async function until(what: string, holds: () => boolean, seconds = 120): Promise<void> {
  const endMs = performance.now() + seconds * 1_000;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(5);
  }
}

/** Settings of an agent whose tasks are run by one isolator, with those that it stands on. */
function agentConfig(isolator: string, cpus: number): object {
  const isolators = isolator === "process" ? ["process"] : ["process", isolator];
  return {
    plugins: ["uws-msgpack", ...isolators].map((plugin) => ({ plugin })),
    resources: `cpus:${cpus};mem:${cpus * 100};disk:1000;ports:[]`,
    log: { level: "error" },
  };
}

interface Runs {
  readonly isolator: string;
  readonly image: string | undefined;
  readonly tasks: number;
  readonly sleeps: number;
  readonly progress: (text: string) => void;
}

/** With an agent of its own for one run, which must have left nothing behind. */
async function withAgent<Result>(
  isolator: string,
  cpus: number,
  run: (master: DaemonProcess, agent: DaemonProcess) => Promise<Result>,
): Promise<Result> {
  const master = await startMasterProcess({ log: { level: "error" } });
  try {
    const agent = await startAgentProcess(master.address, agentConfig(isolator, cpus));
    try {
      return await run(master, agent);
    } finally {
      await agent.stop();
    }
  } finally {
    await master.stop();
  }
}

async function shortTasks({ isolator, image, tasks }: Runs) {
  const command = { shell: false, value: "true", arguments: ["true"] };
  return withAgent(isolator, AT_ONCE, async (master, agent) => {
    const filler = new Filler(master.address, command, tasks, image);
    await filler.start();
    // Few tasks may all have ended at the first look; then the whole of them is what is measured.
    const warm = tasks > 2 * AT_ONCE ? AT_ONCE : 0;
    await until("the first tasks", () => filler.ended >= warm);
    const before = { ended: filler.ended, cpuMs: agent.figures().cpuMs };
    const began = performance.now();
    await until("all tasks", () => filler.ended >= tasks);
    const seconds = (performance.now() - began) / 1_000;
    const ended = filler.ended - before.ended;
    const agentCpuMs = (agent.figures().cpuMs - before.cpuMs) / ended;
    await filler.close();
    return { perSecond: ended / seconds, failed: filler.failed, agentCpuMs };
  });
}

async function manySleeps({ isolator, image, sleeps }: Runs): Promise<number> {
  const command = { shell: false, value: "sleep", arguments: ["sleep", "3600"] };
  return withAgent(isolator, sleeps, async (master, agent) => {
    const filler = new Filler(master.address, command, sleeps, image);
    await filler.start();
    await until(`${sleeps} running sleeps`, () => filler.running >= sleeps);
    await sleep(1_000);
    const { rssMib } = agent.figures();
    await filler.close();
    return rssMib;
  });
}

async function measure(runs: Runs): Promise<Row> {
  const { isolator, tasks, sleeps, progress } = runs;
  progress(`${isolator}: ${tasks} tasks`);
  // Half of it before and half after: what else the machine has to do changes within seconds.
  const before = await limits(Math.ceil(tasks / 2));
  const { perSecond, failed, agentCpuMs } = await shortTasks(runs);
  const after = await limits(Math.ceil(tasks / 2));
  const bare = {
    xargs: together(before.xargs, after.xargs),
    spawn: together(before.spawn, after.spawn),
  };
  progress(`${isolator}: ${sleeps} sleeps`);
  const rssMib = await manySleeps(runs);
  return {
    isolator,
    tasks,
    failed,
    tasksPerSecond: Math.round(perSecond),
    xargsPerSecond: Math.round(bare.xargs),
    spawnsPerSecond: Math.round(bare.spawn),
    ofXargsPercent: Math.round((100 * perSecond) / bare.xargs),
    ofSpawnPercent: Math.round((100 * perSecond) / bare.spawn),
    agentCpuMsPerTask: Number(agentCpuMs.toFixed(2)),
    sleeps,
    agentRssMib: Math.round(rssMib),
  };
}

/** @throws BenchError BENCH_ARGUMENT for an isolator that this machine cannot have */
function isolatorsOf({ quick, settings }: BenchOptions): string[] {
  const given = settings["isolators"]?.split(",");
  const known = ["process", "cgroups", "docker"];
  for (const name of given ?? []) {
    if (known.includes(name)) continue;
    throw new BenchError("BENCH_ARGUMENT", `--isolators ${name}: there are ${known.join(", ")}`);
  }
  if (given?.includes("docker") === true && settings["image"] === undefined) {
    throw new BenchError("BENCH_ARGUMENT", "docker needs --image NAME, an image that has `true`");
  }
  if (given !== undefined) return given;
  const isRoot = process.getuid?.() === 0;
  if (quick || !isRoot) return ["process"];
  const hasEngine = settings["image"] !== undefined && existsSync("/var/run/docker.sock");
  return ["process", "cgroups", ...(hasEngine ? ["docker"] : [])];
}

/** What the benchmark takes on its command line. */
export const settings = {
  isolators: "which, with commas between them: process,cgroups,docker; those that run here",
  image: "the image of the docker tasks, which needs `true` and `sleep`; none, and no docker",
  tasks: "how many `true` are run; 5000",
  sleeps: "how many sleeps run at once; 1000",
};

/**
 * Real tasks on one real agent, through a real master: how many a second of `true`, beside what
 * `xargs -P 8` and bare spawning by Node do on the machine at the same moment, and what the agent
 * occupies with many running sleeps.
 */
export async function run(options: BenchOptions): Promise<readonly Row[]> {
  const { quick, progress } = options;
  const tasks = numberOf(options.settings, "tasks", quick ? 600 : 5_000);
  const sleeps = numberOf(options.settings, "sleeps", quick ? 20 : 1_000);
  const rows: Row[] = [];
  for (const isolator of isolatorsOf(options)) {
    const image = isolator === "docker" ? options.settings["image"] : undefined;
    rows.push(await measure({ isolator, image, tasks, sleeps, progress }));
  }
  return rows;
}
