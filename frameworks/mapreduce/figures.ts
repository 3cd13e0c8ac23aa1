import type { Attempt, TaskSetCounts } from "../taskset/model.ts";

/** What one agent did for a job. */
export interface AgentShare {
  readonly agentId: string;
  readonly hostname: string;
  maps: number;
  reduces: number;
  /** Bytes of input that its maps read, those of lost or slow attempts left out. */
  bytes: number;
}

/** The figures of a job. */
export interface JobFigures {
  readonly tasks: number;
  readonly maps: number;
  readonly reduces: number;
  readonly launched: number;
  /** Attempts after a failure. */
  readonly retries: number;
  /** Attempts because an agent, an attempt or an output was lost. */
  readonly reruns: number;
  readonly speculative: number;
  /** Maps that ran near their input, and elsewhere; both 0 without locality. */
  readonly local: number;
  readonly remote: number;
  readonly inputBytes: number;
  readonly elapsedMs: number;
  readonly megabytesPerSecond: number;
  readonly agents: readonly AgentShare[];
}

/** Finished attempts of a job: their agents and, for maps, the bytes of their splits. */
export interface FinishedWork {
  readonly attempt: Attempt;
  /** `undefined` for reduces. */
  readonly bytes: number | undefined;
}

/** Counts a job's figures from its counters and its finished attempts. */
export function jobFigures(
  counts: TaskSetCounts,
  work: readonly FinishedWork[],
  elapsedMs: number,
): JobFigures {
  const shares = new Map<string, AgentShare>();
  let inputBytes = 0;
  let maps = 0;
  for (const { attempt, bytes } of work) {
    const { agentId, hostname } = attempt.place;
    const share = shares.get(agentId) ?? { agentId, hostname, maps: 0, reduces: 0, bytes: 0 };
    shares.set(agentId, share);
    if (bytes === undefined) share.reduces++;
    else {
      share.maps++;
      share.bytes += bytes;
      inputBytes += bytes;
      maps++;
    }
  }
  const { items, launched, retries, reruns, speculative, local, remote } = counts;
  return {
    tasks: items,
    maps,
    reduces: items - maps,
    launched,
    retries,
    reruns,
    speculative,
    local,
    remote,
    inputBytes,
    elapsedMs,
    megabytesPerSecond: elapsedMs === 0 ? 0 : inputBytes / 1e3 / elapsedMs,
    agents: [...shares.values()].sort((a, b) => (a.agentId < b.agentId ? -1 : 1)),
  };
}
