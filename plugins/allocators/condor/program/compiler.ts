import type {
  ClientFacts,
  ProgramCompiler,
  StatementView,
} from "../../../../contract/ports/policy-companion.ts";
import { adOfClient, type FrameworkAd, RANK, REQUIREMENTS, statementOfText } from "../ads.ts";
import { AttributeCensus } from "../census.ts";
import { Names } from "./names.ts";
import { inAgent, inFramework, type Vocabulary } from "./resolve.ts";
import { type Rule, ruleMoves, ruleOf, type Statement } from "./rules.ts";
import { type Class, type Contents, programOf } from "./writer.ts";

/** Most names of agents' and of clients' attributes that all expressions together refer to. */
export const NAMES_MAX = 4_096;

/** A client as it was compiled. */
interface Compiled {
  readonly ad: FrameworkAd;
  readonly rule: Rule;
  /** Tells it from clients of other classes; "" until it is worked out. */
  key: string;
}

/**
 * Compiles for one instance of the policy. It remembers what it compiled before: work is done for
 * clients and agents that changed, and what depends on all of them is put together anew.
 */
export class Compiler implements ProgramCompiler {
  readonly #defaults: Statement;
  readonly #census = new AttributeCensus();
  readonly #clients: (Compiled | undefined)[] = [];
  /** Rules of the texts that agents state now, the defaults under their own key. */
  #agentRules = new Map<string, Rule>();
  #vocabulary: Vocabulary = vocabularyFor([]);
  /** How many names the keys of clients have values for. */
  #keysFor = 0;

  constructor(defaults: Statement) {
    this.#defaults = defaults;
  }

  compile(view: StatementView): Uint8Array {
    const kinds = view.kindNames.map((name) => name.toLowerCase());
    const sameKinds = kinds.join() === this.#vocabulary.kinds.join();
    const anew = !sameKinds || isCrowded(this.#vocabulary);
    if (anew) this.#forgetRules(kinds);
    this.#readAgents(view);
    this.#readClients(view, anew);
    return programOf(this.#contents(view), view);
  }

  #forgetRules(kinds: readonly string[]): void {
    this.#vocabulary = vocabularyFor(kinds);
    this.#agentRules.clear();
    this.#clients.length = 0;
    this.#keysFor = 0;
  }

  #readAgents({ agents, changedAgents }: StatementView): void {
    if (changedAgents === undefined) this.#census.clear();
    const rows = changedAgents ?? agents.keys();
    for (const row of Array.from(rows as Iterable<number>)) this.#census.update(row, agents[row]);
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

  #compiled(facts: ClientFacts): Compiled {
    const ad = adOfClient(facts);
    const rule = ruleOf(ad.statement, inFramework(ad.attributes, this.#vocabulary));
    return { ad, rule, key: "" };
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
    const names = [...this.#vocabulary.clientNames].map(([name]) => name);
    const isNew = names.length !== this.#keysFor;
    this.#keysFor = names.length;
    const known = new Map<string, number>();
    // Class 0 is that of clients of which nothing is known.
    const classes: Class[] = [{ rule: undefined, attributes: new Map() }];
    const classOf: number[] = [];
    for (const [row, client] of this.#clients.entries()) {
      if (client === undefined) continue;
      if (isNew || client.key === "") client.key = keyOf(client, names);
      let number = known.get(client.key);
      if (number === undefined) {
        number = classes.push({ rule: client.rule, attributes: client.ad.attributes }) - 1;
        known.set(client.key, number);
      }
      classOf[row] = number;
    }
    return { classes, classOf };
  }
}

function keyOf({ ad, rule }: Compiled, names: readonly string[]): string {
  return JSON.stringify([rule.key, names.map((name) => ad.attributes.get(name))]);
}

function vocabularyFor(kinds: readonly string[]): Vocabulary {
  return {
    kinds,
    agentNames: new Names(NAMES_MAX, [REQUIREMENTS, RANK]),
    clientNames: new Names(NAMES_MAX),
  };
}

/** When names have run out, those that nobody uses any more are forgotten by starting over. */
function isCrowded({ agentNames, clientNames }: Vocabulary): boolean {
  return agentNames.size === NAMES_MAX || clientNames.size === NAMES_MAX;
}
