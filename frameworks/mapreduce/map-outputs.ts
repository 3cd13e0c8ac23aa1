import type { SandboxPlace } from "../../sdk/index.ts";
import type { Attempt } from "../taskset/model.ts";

/**
 * Where the outputs of all maps are, in a few characters each: a reduce learns it from its
 * environment, whose size is bounded, and a job may have tens of thousands of maps.
 */
export interface MapOutputs {
  readonly job: string;
  readonly frameworkId: string;
  /** IP address and port of each agent that has outputs. */
  readonly agents: readonly (readonly [ip: string, port: number])[];
  /**
   * A word a map, in the order of their numbers: the agent's place in the list, then what the id of
   * the task has after its key, as in `0 3 0.2`; `-` for an output that there is not.
   */
  readonly maps: string;
}

/** The output of one map. */
export interface MapOutput {
  readonly key: string;
  /** The sandbox that holds it; `undefined` when there is none. */
  readonly place: SandboxPlace | undefined;
}

/** Most maps of a job, so that what a reduce is told of them always fits a task. */
export const MAPS_MAX = 100_000;

/** Key of a map task of a job. */
export const mapKey = (job: string, at: number): string => keyOf(job, "m", at);
/** Key of a reduce task of a job. */
export const reduceKey = (job: string, at: number): string => keyOf(job, "r", at);

function keyOf(job: string, kind: string, at: number): string {
  return `${job}-${kind}-${String(at).padStart(4, "0")}`;
}

/** Describes the outputs of `maps` maps; `finished` has the attempts that made them, by key. */
export function describeOutputs(
  job: string,
  frameworkId: string,
  maps: number,
  finished: ReadonlyMap<string, Attempt>,
): MapOutputs {
  const agents: [string, number][] = [];
  const numbers = new Map<string, number>();
  const words = Array.from({ length: maps }, (_, at) => {
    const key = mapKey(job, at);
    const attempt = finished.get(key);
    if (attempt === undefined) return "-";
    const { ip, port } = attempt.place;
    const address = `${ip} ${port}`;
    const number = numbers.get(address) ?? agents.push([ip, port]) - 1;
    numbers.set(address, number);
    return `${number}${attempt.taskId.slice(key.length)}`;
  });
  return { job, frameworkId, agents, maps: words.join(" ") };
}

/** Reads what `describeOutputs` wrote. */
export function outputsOf({ job, frameworkId, agents, maps }: MapOutputs): readonly MapOutput[] {
  return maps.split(" ").map((word, at) => {
    const key = mapKey(job, at);
    const [, number = "", suffix = ""] = /^(\d+)(.*)$/.exec(word) ?? [];
    const agent = agents[Number(number)];
    if (number === "" || agent === undefined) return { key, place: undefined };
    const [ip, port] = agent;
    return { key, place: { ip, port, frameworkId, taskId: `${key}${suffix}` } };
  });
}
