import type {
  FrameworkFacts,
  PolicyCompanion,
  StatementProblem,
} from "../../../contract/ports/policy-companion.ts";
import { adOf, agentProblem, readStatement } from "./ads.ts";
import { explainPair } from "./explain.ts";
import type { Expression } from "./language/syntax.ts";
import { CODE_BYTES_MAX, CodeTooLarge } from "./program/code.ts";
import { Compiler, NAMES_MAX } from "./program/compiler.ts";
import { Names } from "./program/names.ts";
import { inFramework } from "./program/resolve.ts";
import { type Statement, strictRuleOf } from "./program/rules.ts";

/** Config of the policy. */
interface CondorConfig {
  /** What agents that state no requirements of their own require. */
  readonly agentRequirements?: string;
  /** How agents that state no rank of their own rank frameworks. */
  readonly agentRank?: string;
}

/**
 * The companion of the policy: it parses and checks what frameworks and agents state, and compiles
 * it to the program that the policy evaluates.
 * @throws Error when an expression of the config is wrong, with its column
 */
export function companion(config: CondorConfig): PolicyCompanion {
  const defaults: Statement = {
    requirements: fromConfig("agentRequirements", config.agentRequirements),
    rank: fromConfig("agentRank", config.agentRank),
  };
  return {
    checkFramework,
    checkAgent: agentProblem,
    explain: (pair) => explainPair(pair, config.agentRequirements),
    compiler: () => new Compiler(defaults),
  };
}

function fromConfig(field: string, text: string | undefined): Expression | undefined {
  if (text === undefined) return undefined;
  const read = readStatement(`config/${field}`, text);
  if (!("column" in read)) return read.expression;
  const { where, column, message, hint } = read;
  const more = hint === undefined ? "" : `; ${hint}`;
  throw new Error(`${where}, column ${column}: ${message}${more}`);
}

function checkFramework(framework: FrameworkFacts): StatementProblem | undefined {
  const { problem, statement, attributes } = adOf(framework);
  if (problem !== undefined) return problem;
  try {
    const vocabulary = {
      kinds: [],
      agentNames: new Names(NAMES_MAX),
      clientNames: new Names(NAMES_MAX),
      longest: () => 0,
    };
    strictRuleOf(statement, inFramework(attributes, vocabulary));
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CodeTooLarge)) throw thrown;
    const message = `compiled it has over ${CODE_BYTES_MAX} bytes, or needs too deep a stack`;
    return { where: "labels/condor.requirements", column: 1, message };
  }
}
