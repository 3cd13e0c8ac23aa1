import { errors, type TepuiError } from "../../contract/errors.ts";
import type { Problem } from "../../contract/framework-api.ts";
import type { OperatorResult } from "../../contract/operator-api.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { PolicyCompanion, StatementProblem } from "../../contract/ports/policy-companion.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";
import type { NameOf } from "../allocation/comparison.ts";
import { problemOf } from "../core/calls.ts";
import type { ClusterInput } from "../core/event.ts";
import type { AllocationTables } from "../core/tables.ts";

/** The live policy, as far as statements concern it. */
export interface LivePolicy {
  readonly name: string;
  readonly companion: PolicyCompanion | undefined;
}

/**
 * Has the live policy's companion look at what frameworks and agents state, before the core takes
 * them in. Its objection travels with the input, so that the core stays pure and a replay needs no
 * companion.
 */
export class Statements {
  readonly #live: () => LivePolicy;
  readonly #log: Logger;
  #audited: PolicyCompanion | undefined;

  constructor(live: () => LivePolicy, log: Logger) {
    this.#live = live;
    this.#log = log;
  }

  /**
   * The input, with an objection where there is one. A bad statement of an agent, and of a
   * framework that comes back, is only logged: to be turned away would cost it the tasks that it
   * has had since before the policy was live.
   */
  vetted(input: ClusterInput): ClusterInput {
    if (input.type === "framework-call") {
      const { call } = input;
      if (call.type !== "subscribe" && call.type !== "update-framework") return input;
      if (call.type === "subscribe" && call.framework.id !== undefined) {
        this.#warnOf(call.framework);
        return input;
      }
      const objection = this.objection(call.framework);
      return objection === undefined ? input : { ...input, objection };
    }
    if (input.type === "agent-message") {
      const { message } = input;
      if (message.type !== "register" && message.type !== "reregister") return input;
      const { name, companion } = this.#live();
      this.#warn(
        { agent: message.agent.hostname },
        wrong(name, () => companion?.checkAgent?.(message.agent)),
      );
    }
    return input;
  }

  /** What the live policy's companion has against what a framework states. */
  objection(framework: FrameworkInfo): Problem | undefined {
    const { name, companion } = this.#live();
    const error = wrong(name, () => companion?.checkFramework?.(framework));
    return error && problemOf(error);
  }

  /**
   * Names every bad statement of frameworks and agents that were there before the policy was live,
   * once for each policy that comes to be.
   */
  audit({ agents, clients }: AllocationTables): void {
    const { name, companion } = this.#live();
    if (companion === this.#audited) return;
    this.#audited = companion;
    for (const framework of new Set(clients.facts.map((facts) => facts?.framework))) {
      if (framework !== undefined) this.#warnOf(framework);
    }
    for (const facts of agents.facts) {
      if (facts === undefined) continue;
      this.#warn(
        { agent: facts.hostname },
        wrong(name, () => companion?.checkAgent?.(facts)),
      );
    }
  }

  #warnOf(framework: FrameworkInfo): void {
    const { name, companion } = this.#live();
    const error = wrong(name, () => companion?.checkFramework?.(framework));
    this.#warn({ framework: framework.name }, error);
  }

  #warn(whose: object, error: TepuiError | undefined): void {
    if (error !== undefined) this.#log.warn({ ...whose, code: error.code }, error.describe());
  }
}

/** What a policy cannot read of what frameworks state. */
export type Unreadable = OperatorResult<"promote-policy">["unreadable"];

/** So many of the frameworks are named. */
const UNREADABLE_SHOWN = 100;

/** Which frameworks state something that this policy cannot read: to it they state nothing. */
export function unreadableTo(
  { name, companion }: LivePolicy,
  { clients }: AllocationTables,
  nameOf: NameOf,
): Unreadable {
  const seen = new Set<unknown>();
  const frameworks: Unreadable["frameworks"] = [];
  let count = 0;
  for (const [row, facts] of clients.facts.entries()) {
    if (facts === undefined || seen.has(facts.framework)) continue;
    seen.add(facts.framework);
    const error = wrong(name, () => companion?.checkFramework?.(facts.framework));
    if (error === undefined) continue;
    count += 1;
    if (frameworks.length === UNREADABLE_SHOWN) continue;
    const { frameworkId, name: framework } = nameOf(row) ?? { name: facts.framework.name };
    const id = frameworkId === undefined ? {} : { frameworkId };
    frameworks.push({ ...id, name: framework, code: error.code, problem: error.message });
  }
  return { count, frameworks };
}

/** The problem as a coded error. A companion that fails has an objection too: nobody passes it. */
function wrong(policy: string, check: () => StatementProblem | undefined): TepuiError | undefined {
  try {
    const problem = check();
    return problem && errors.STATEMENT_INVALID(policy, problem);
  } catch (cause) {
    return errors.POLICY_COMPANION(`${policy}: ${String(cause)}`, { cause });
  }
}
