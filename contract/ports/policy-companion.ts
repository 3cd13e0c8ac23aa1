import type { AgentInfo } from "../schema/agent.ts";
import type { FrameworkInfo } from "../schema/framework.ts";

/** What a companion is told of a framework; statements are among its labels. */
export type FrameworkFacts = Readonly<
  Pick<FrameworkInfo, "name" | "user" | "roles" | "principal" | "labels" | "capabilities">
>;

/** What a companion is told of a client: a framework's presence in one role. */
export interface ClientFacts {
  readonly framework: FrameworkFacts;
  readonly role: string;
}

/** What a companion is told of an agent; statements are among its text attributes. */
export type AgentFacts = Readonly<Pick<AgentInfo, "hostname" | "attributes" | "domain">>;

/** What is wrong with a statement, and where in it. */
export interface StatementProblem {
  /** Where it was stated, such as `labels/condor.rank`. */
  readonly where: string;
  /** Character at which the problem begins, from 1. */
  readonly column: number;
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
}

/** A client and an agent that were not brought together. */
export interface PairFacts {
  readonly client: ClientFacts;
  readonly agent: AgentFacts;
  /** In thousandths, by the name of the resource in small letters: what the client may have now. */
  readonly free: ReadonlyMap<string, number>;
  /** The same of all that the agent has. */
  readonly total: ReadonlyMap<string, number>;
}

/** The cluster in words, for one compilation. It is read during the call, and not kept. */
export interface StatementView {
  /** By client row; `undefined` where no client is. */
  readonly clients: readonly (ClientFacts | undefined)[];
  /** By agent row; `undefined` where no agent is. */
  readonly agents: readonly (AgentFacts | undefined)[];
  /**
   * Rows that are others than at the last compilation, some perhaps twice; `undefined` when
   * everything must be read, as the first time.
   */
  readonly changedClients: ArrayLike<number> | undefined;
  readonly changedAgents: ArrayLike<number> | undefined;
  /** Names of the kinds in use, in the order of vectors. */
  readonly kindNames: readonly string[];
  /**
   * The number of a word in the columns AttributeName and AttributeText, or 0 when no agent has an
   * attribute with it now. Numbers are good until the next compilation.
   */
  numberOf(word: string): number;
  /** Grows when a number was given to another word, after the last agent with the old one left. */
  readonly renumbered: number;
  /** Most bytes that a program may have. */
  readonly bytesMax: number;
}

/** Compiles for one instance of a policy, and may remember what it compiled before. */
export interface ProgramCompiler {
  /**
   * The bytes of the Program column. Called before a round in which a client, an agent's
   * description or the list of kinds is not what it was; when nothing changed it is not called.
   */
  compile(view: StatementView): Uint8Array;
}

/**
 * What a policy needs done in words: it reads what frameworks and agents state, and turns it into
 * the bytes that the policy evaluates. It depends on nothing but its arguments: no clock, no file,
 * no randomness. What it refuses is refused before the master takes a framework in.
 */
export interface PolicyCompanion {
  /** Looks at a framework that subscribes, or changes its description. */
  checkFramework?(facts: FrameworkFacts): StatementProblem | undefined;
  /**
   * Looks at an agent. An agent is never turned away for a statement, because tasks may run there:
   * the problem is logged, and the companion compiles what is safe instead.
   */
  checkAgent?(facts: AgentFacts): StatementProblem | undefined;
  /** For `tepui explain`: which statement keeps the two apart, `undefined` if that is not known. */
  explain?(pair: PairFacts): string | undefined;
  /** A compiler for one instance of the policy. */
  compiler(): ProgramCompiler;
}

/**
 * What a companion module exports beside anything else: `companion(config)`, with the policy's
 * config as its manifest's schema left it. It throws an Error when the config cannot be used.
 */
export interface PolicyCompanionModule {
  companion(config: unknown): PolicyCompanion;
}
