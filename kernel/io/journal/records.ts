import type { PolicyFaultCode } from "../../allocation/faults.ts";
import type { PolicyEvent } from "../../allocation/history.ts";
import type { PolicySnapshot } from "../../allocation/policy.ts";
import type { ClusterInput, OfferDecision } from "../../core/event.ts";
import type { ClusterOptions } from "../../core/options.ts";

/** Version of the format; a reader takes its own and no other. */
export const JOURNAL_FORMAT = 6;

/** What a payload holds: the first byte of each frame. */
export const FrameKind = {
  /** The first frame of a segment. */
  HEADER: 0,
  /** Turns of the loop. */
  TURNS: 1,
  /** Parts of the snapshot of the state before the first turn of the segment. */
  SNAPSHOT: 2,
  /** The snapshot is complete. */
  SNAPSHOT_END: 3,
} as const;

/** The first record of a segment: all that its turns are understood by. */
export interface SegmentHeader {
  readonly format: number;
  /** Version of Tepui that wrote it. */
  readonly software: string;
  /** Number of the segment in its folder, which only grows. */
  readonly segment: number;
  /** Id of the master that wrote it; segments of one master belong together. */
  readonly run: string;
  readonly createdMs: number;
  /** Number of the first turn since the master began, and of the last round before it. */
  readonly turn: number;
  readonly round: number;
  /** When the cluster's state was made. */
  readonly startedMs: number;
  readonly options: ClusterOptions;
  /** Seed and step budget of the rounds. */
  readonly seed: number;
  readonly stepsMax: number;
  /** What a snapshot follows for; without one, the cluster was empty before the first turn. */
  readonly hasSnapshot: boolean;
  /**
   * The journal was off before this segment: number of the first turn that is not written down.
   * Turns of that time are not counted.
   */
  readonly missesFrom?: number;
}

/** Whether a segment goes on where its master's turns were left, with nothing between. */
export function goesOnFrom(
  { run, turn, missesFrom }: SegmentHeader,
  left: Pick<SegmentHeader, "run" | "turn">,
): boolean {
  return missesFrom === undefined && run === left.run && turn === left.turn;
}

/** The module of a policy, once a segment. */
export interface PolicyRecord {
  readonly type: "policy";
  readonly name: string;
  readonly digest: string;
  /** Its WebAssembly; absent when the journal is told not to carry it. */
  readonly bytes: Uint8Array | undefined;
}

/** An instance of a policy begins: with these parameters, from one of these private states. */
export interface InstanceRecord {
  readonly type: "instance";
  /** Which one, counted since the master began. */
  readonly instance: number;
  readonly name: string;
  readonly digest: string;
  readonly params: readonly number[];
  /** Whether it has a program; what it is stands in the record before. */
  readonly hasProgram: boolean;
  /** Private states that it was offered in order, until it took one. */
  readonly restored: readonly PolicySnapshot[];
}

/** An instance of a policy, with the module that it is of. */
export interface InstanceStart extends Omit<InstanceRecord, "type"> {
  readonly bytes: Uint8Array;
}

/** The instance that runs has other parameters. */
export interface ParametersRecord {
  readonly type: "parameters";
  readonly params: readonly number[];
}

/** What the companion of the live policy made of what frameworks and agents state. */
export interface ProgramRecord {
  readonly type: "program";
  readonly bytes: Uint8Array;
}

/** All agents are to be looked at, for another policy, or other settings, may have use for them. */
export interface TouchAllRecord {
  readonly type: "touch-all";
}

/** Something happened to a policy: said for people, and nothing follows from it. */
export interface PolicyChangeRecord {
  readonly type: "policy-changed";
  readonly event: PolicyEvent;
}

/** A round: who decided, and what. */
export interface RoundRecord {
  readonly type: "round";
  readonly round: number;
  /** Number of the instance that ran; -1 for the policy that is built in. */
  readonly instance: number;
  readonly policy: { readonly name: string; readonly digest: string };
  readonly decisions: readonly OfferDecision[];
  readonly more: boolean;
  readonly lookAgain: boolean;
  /** How many of the candidates it was done with. */
  readonly looked: number;
  /** Why the round was lost, if it was. */
  readonly fault: { readonly code: PolicyFaultCode; readonly row: number | undefined } | undefined;
}

/** One thing in a turn, in its order. `offers-decided` is not among the inputs: rounds are. */
export type TurnItem =
  | { readonly type: "input"; readonly input: Exclude<ClusterInput, { type: "offers-decided" }> }
  | PolicyRecord
  | InstanceRecord
  | ParametersRecord
  | ProgramRecord
  | TouchAllRecord
  | PolicyChangeRecord
  | RoundRecord;

/** One turn of the master's loop: what came in, at what time, and what was decided. */
export interface Turn {
  readonly nowMs: number;
  readonly items: readonly TurnItem[];
}

/** A round's decisions as the input that they were stepped as. */
export function decidedInput(
  round: RoundRecord,
): Extract<ClusterInput, { type: "offers-decided" }> {
  const { decisions, policy, more, lookAgain } = round;
  return { type: "offers-decided", decisions, policy, more, lookAgain };
}
