import type {
  ClientFacts,
  FrameworkFacts,
  ProgramCompiler,
  StatementView,
} from "../../../../contract/ports/policy-companion.ts";
import { adOf, type FrameworkAd, RANK, REQUIREMENTS, ROLE, statementOfText } from "../ads.ts";
import { AttributeCensus } from "../census.ts";
import { type Literal, UNDEFINED } from "../language/syntax.ts";
import { Names } from "./names.ts";
import { inAgent, inFramework, type Vocabulary } from "./resolve.ts";
import { type Rule, ruleMoves, ruleOf, type Statement } from "./rules.ts";
import { type Class, type Contents, programOf } from "./writer.ts";

/** Most names of agents' and of clients' attributes that all expressions together refer to. */
export const NAMES_MAX = 4_096;

/** A framework as it was compiled: once for all of its roles. */
interface Compiled {
  readonly ad: FrameworkAd;
  readonly rule: Rule;
  /** Tells it from frameworks that state something else, over so many names of attributes. */
  key: string;
  keyNames: number;
}

/** A framework in one of its roles. */
interface Client {
  readonly compiled: Compiled;
  readonly role: string;
}

/**
 * Compiles for one instance of the policy. It remembers what it compiled before: work is done for
 * clients and agents that changed, and what depends on all of them is put together anew.
 */
export class Compiler implements ProgramCompiler {
  readonly #defaults: Statement;
  readonly #census = new AttributeCensus();
  readonly #clients: (Client | undefined)[] = [];
  #frameworks = new WeakMap<FrameworkFacts, Compiled>();
  /** Rules of the texts that agents state now, the defaults under their own key. */
  #agentRules = new Map<string, Rule>();
  /** What code was reckoned with: how long the texts of attributes are at most. */
  readonly #longest = new Map<string, number>();
  #vocabulary: Vocabulary = this.#vocabularyFor([]);

  constructor(defaults: Statement) {
    this.#defaults = defaults;
  }

  compile(view: StatementView): Uint8Array {
    const kinds = view.kindNames.map((name) => name.toLowerCase());
    const sameKinds = kinds.join() === this.#vocabulary.kinds.join();
    this.#readAgents(view);
    const anew = !sameKinds || isCrowded(this.#vocabulary) || this.#isOutgrown();
    if (anew) this.#forgetRules(kinds);
    this.#compileAgents();
    this.#readClients(view, anew);
    return programOf(this.#contents(view), view);
  }

  #forgetRules(kinds: readonly string[]): void {
    this.#longest.clear();
    this.#vocabulary = this.#vocabularyFor(kinds);
    this.#agentRules.clear();
    this.#clients.length = 0;
    this.#frameworks = new WeakMap();
  }

  #vocabularyFor(kinds: readonly string[]): Vocabulary {
    return {
      kinds,
      agentNames: new Names(NAMES_MAX, [REQUIREMENTS, RANK]),
      clientNames: new Names(NAMES_MAX),
      longest: (name) => {
        const longest = this.#longest.get(name) ?? this.#census.longest(name);
        this.#longest.set(name, longest);
        return longest;
      },
    };
  }

  #readAgents({ agents, changedAgents }: StatementView): void {
    if (changedAgents === undefined) this.#census.clear();
    const rows = changedAgents ?? agents.keys();
    for (const row of Array.from(rows as Iterable<number>)) this.#census.update(row, agents[row]);
  }

  /** Are texts of other lengths than the costs of code were reckoned with? */
  #isOutgrown(): boolean {
    for (const [name, longest] of this.#longest) {
      if (this.#census.longest(name) !== longest) return true;
    }
    return false;
  }

  #compileAgents(): void {
    const before = this.#agentRules;
    const rules = new Map<string, Rule>();
    const resolve = inAgent(this.#vocabulary);
    for (const name of [REQUIREMENTS, RANK]) {
      for (const text of this.#census.texts(name)) {
        rules.set(text, before.get(text) ?? ruleOf(statementOfText(text), resolve));
      }
    }
    this.#agentRules = rules;
  }

  #readClients({ clients, changedClients }: StatementView, anew: boolean): void {
    const all = anew || changedClients === undefined;
    const rows = all ? clients.keys() : changedClients;
    this.#clients.length = clients.length;
    for (const row of Array.from(rows as Iterable<number>)) {
      const facts = clients[row];
      this.#clients[row] = facts && this.#compiled(facts);
    }
  }

  #compiled({ framework, role }: ClientFacts): Client {
    let compiled = this.#frameworks.get(framework);
    if (compiled === undefined) {
      const ad = adOf(framework);
      const rule = ruleOf(ad.statement, inFramework(ad.attributes, this.#vocabulary));
      compiled = { ad, rule, key: "", keyNames: -1 };
      this.#frameworks.set(framework, compiled);
    }
    return { compiled, role };
  }

  #contents(view: StatementView): Contents {
    const defaults = ruleOf(this.#defaults, inAgent(this.#vocabulary));
    const agentRules = [...this.#agentRules.values(), defaults];
    const agentsMove = agentRules.some(ruleMoves);
    const { classes, classOf } = this.#classes();
    return {
      defaults,
      agentRules: this.#agentRules,
      attributes: [...this.#vocabulary.agentNames].map(([name, index]) => ({
        index,
        spellings: this.#census.spellings(name),
        texts: this.#census.texts(name),
      })),
      clientNames: this.#vocabulary.clientNames,
      classes,
      classOf: view.clients.map((_, row) => classOf[row] ?? 0),
      moves: agentsMove || classes.some(({ rule }) => rule !== undefined && ruleMoves(rule)),
    };
  }

  /** Clients that nothing here can tell apart are one class. */
  #classes(): { classes: Class[]; classOf: number[] } {
    const all = [...this.#vocabulary.clientNames].map(([name]) => name);
    const asksRole = all.includes(ROLE);
    const names = all.filter((name) => name !== ROLE);
    const known = new Map<string, Map<string, number>>();
    // Class 0 is that of clients of which nothing is known.
    const classes: Class[] = [{ rule: undefined, attribute: () => UNDEFINED }];
    const classOf: number[] = [];
    for (const [row, client] of this.#clients.entries()) {
      if (client === undefined) continue;
      const { compiled } = client;
      if (compiled.keyNames !== names.length) setKey(compiled, names);
      const role = asksRole ? client.role : "";
      const byRole = known.get(compiled.key) ?? new Map<string, number>();
      known.set(compiled.key, byRole);
      const number = byRole.get(role) ?? classes.push(classFor(compiled, role)) - 1;
      byRole.set(role, number);
      classOf[row] = number;
    }
    return { classes, classOf };
  }
}

/** Names are never fewer, so that one of as many is of the same. */
function setKey(compiled: Compiled, names: readonly string[]): void {
  const { ad, rule } = compiled;
  compiled.key = JSON.stringify([rule.key, names.map((name) => ad.attributes.get(name))]);
  compiled.keyNames = names.length;
}

function classFor({ ad, rule }: Compiled, role: string): Class {
  const own: Literal = { type: "string", value: role };
  return {
    rule,
    attribute: (name) => (name === ROLE ? own : (ad.attributes.get(name) ?? UNDEFINED)),
  };
}

/** When names have run out, those that nobody uses any more are forgotten by starting over. */
function isCrowded({ agentNames, clientNames }: Vocabulary): boolean {
  return agentNames.size === NAMES_MAX || clientNames.size === NAMES_MAX;
}
