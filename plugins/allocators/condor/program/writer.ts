import type { StatementView } from "../../../../contract/ports/policy-companion.ts";
import type { Literal } from "../language/syntax.ts";
import { ByteWriter } from "./bytes.ts";
import type { Code } from "./code.ts";
import { STRING_BYTES_MAX } from "./costs.ts";
import type { Names } from "./names.ts";
import { NEVER, type Rule } from "./rules.ts";

/** Clients that are alike: the same rule, and the same values wherever an agent asks for one. */
export interface Class {
  readonly rule: Rule | undefined;
  /** Its own attributes, by name in small letters. */
  readonly attribute: (name: string) => Literal;
}

/** Everything that goes into a program. */
export interface Contents {
  /** For agents that state nothing themselves. */
  readonly defaults: Rule;
  /** By the text that agents state. */
  readonly agentRules: ReadonlyMap<string, Rule>;
  /** Attributes of agents that some expression refers to. */
  readonly attributes: readonly {
    readonly index: number;
    readonly spellings: Iterable<string>;
    readonly texts: Iterable<string>;
  }[];
  readonly clientNames: Names;
  readonly classes: readonly Class[];
  /** By client row. */
  readonly classOf: readonly number[];
  /** Whether any of the rules depends on amounts. */
  readonly moves: boolean;
}

/**
 * Words of the header; assembly/condor/program.ts has the same. Addresses count from the start of
 * the program, 0 stands for none. Each table is followed by its length. Those of words are sorted
 * by the first of each pair, a word's number.
 */
const Header = {
  /** Pairs: number of a name, its index. */
  NAMES: 0,
  INDEX_COUNT: 2,
  /** Pairs: number of a text, address of a string. */
  TEXTS: 3,
  /** Pairs: number of a text, address of a rule. */
  STATEMENTS: 5,
  DEFAULT_RULE: 7,
  /** Words: the class of each client row. */
  CLIENTS: 8,
  /** Pairs: address of a rule, address of the values. */
  CLASSES: 10,
  /** Values of a class, 16 bytes each. */
  VALUE_COUNT: 12,
  /** Instructions: fixed ones of all classes, moving ones of all classes and of all clients. */
  FIXED_STEPS: 13,
  MOVING_STEPS: 14,
  CLIENT_STEPS: 15,
  /** 1 when anything depends on amounts. */
  MOVES: 16,
} as const;
const HEADER_WORDS = 20;

/** Words of a rule: addresses of its three codes, whether the rank moves, and its instructions. */
const RULE_WORDS = 6;
const VALUE_BYTES = 16;

const TAGS = { undefined: 0, error: 1, boolean: 2, integer: 3, real: 4, string: 5 } as const;

const utf8 = new TextEncoder();

/**
 * Lays a program out. When it would pass the most bytes, agents' texts are left out, which makes
 * them errors, and then the rules of clients, which then match nothing: the lowest rows come first.
 */
export function programOf(contents: Contents, view: StatementView): Uint8Array {
  return new ProgramWriter(view).write(contents);
}

class ProgramWriter {
  readonly #view: StatementView;
  readonly #writer = new ByteWriter();
  readonly #rules = new Map<string, number>();
  readonly #never: number;

  constructor(view: StatementView) {
    this.#view = view;
    this.#writer.words(HEADER_WORDS);
    this.#never = this.#putRule(NEVER);
  }

  write(contents: Contents): Uint8Array {
    const writer = this.#writer;
    writer.setWord(Header.MOVES * 4, Number(contents.moves));
    writer.setWord(Header.DEFAULT_RULE * 4, this.#rule(contents.defaults));
    this.#statements(contents.agentRules);
    this.#attributes(contents.attributes);
    this.#classes(contents);
    return writer.take();
  }

  /** Is there room for so many bytes, and what every class needs at least? */
  #hasRoom(bytes: number): boolean {
    return this.#writer.length + bytes <= this.#view.bytesMax;
  }

  #table(at: number, pairs: readonly (readonly [number, number])[]): void {
    const writer = this.#writer;
    const start = writer.words(pairs.length * 2);
    for (const [n, [number, value]] of pairs.toSorted(([a], [b]) => a - b).entries()) {
      writer.setWord(start + n * 8, number);
      writer.setWord(start + n * 8 + 4, value);
    }
    writer.setWord(at * 4, start);
    writer.setWord((at + 1) * 4, pairs.length);
  }

  #statements(rules: ReadonlyMap<string, Rule>): void {
    const pairs: [number, number][] = [];
    for (const [text, rule] of rules) {
      const number = this.#view.numberOf(text);
      if (number !== 0) pairs.push([number, this.#rule(rule)]);
    }
    this.#table(Header.STATEMENTS, pairs);
  }

  #attributes(attributes: Contents["attributes"]): void {
    const names: [number, number][] = [];
    const texts = new Map<number, number>();
    for (const { index, spellings, texts: spelled } of attributes) {
      for (const spelling of spellings) {
        const number = this.#view.numberOf(spelling);
        if (number !== 0) names.push([number, index]);
      }
      for (const text of spelled) this.#text(texts, text);
    }
    this.#table(Header.NAMES, names);
    this.#writer.setWord(Header.INDEX_COUNT * 4, attributes.length);
    this.#table(Header.TEXTS, [...texts]);
  }

  #text(texts: Map<number, number>, text: string): void {
    const number = this.#view.numberOf(text);
    if (number === 0 || texts.has(number)) return;
    const bytes = utf8.encode(text);
    if (bytes.length > STRING_BYTES_MAX || !this.#hasRoom(bytes.length + 64)) return;
    texts.set(number, this.#writer.string(bytes));
  }

  #classes({ classes, classOf, clientNames }: Contents): void {
    const writer = this.#writer;
    const clients = writer.words(classOf.length);
    for (const [row, number] of classOf.entries()) writer.setWord(clients + row * 4, number);
    const start = writer.words(classes.length * 2);
    const words = [clients, classOf.length, start, classes.length, clientNames.size];
    for (const [n, word] of words.entries()) writer.setWord((Header.CLIENTS + n) * 4, word);
    let [fixed, moving, ofClients] = [0, 0, 0];
    for (const [number, { rule, attribute }] of classes.entries()) {
      const at = start + number * 8;
      writer.setWord(at, rule === undefined ? 0 : this.#rule(rule));
      writer.setWord(at + 4, this.#values(attribute, clientNames));
      if (rule === undefined) continue;
      fixed += fixedSteps(rule);
      moving += movingSteps(rule);
    }
    for (const number of classOf) {
      const rule = classes[number]?.rule;
      if (rule !== undefined) ofClients += movingSteps(rule);
    }
    writer.setWord(Header.FIXED_STEPS * 4, fixed);
    writer.setWord(Header.MOVING_STEPS * 4, moving);
    writer.setWord(Header.CLIENT_STEPS * 4, ofClients);
  }

  /** What agents may ask of a client, each as the evaluator holds it. */
  #values(attribute: Class["attribute"], names: Names): number {
    const writer = this.#writer;
    if (names.size === 0 || !this.#hasRoom(names.size * VALUE_BYTES)) return 0;
    const start = writer.words((names.size * VALUE_BYTES) / 4);
    for (const [name, index] of names) {
      const at = start + index * VALUE_BYTES;
      const value = attribute(name);
      writer.setWord(at, TAGS[value.type]);
      if (value.type === "string") this.#string(at, value.value);
      else if ("value" in value) writer.setDouble(at + 8, Number(value.value));
    }
    return start;
  }

  #string(at: number, text: string): void {
    const writer = this.#writer;
    const bytes = utf8.encode(text);
    if (bytes.length > STRING_BYTES_MAX || !this.#hasRoom(bytes.length + 4)) {
      writer.setWord(at, TAGS.error);
      return;
    }
    writer.setWord(at + 4, bytes.length);
    writer.setWord(at + 8, writer.bytes(bytes));
  }

  /** Address of a rule. Rules that are the same are there once. */
  #rule(rule: Rule): number {
    const known = this.#rules.get(rule.key);
    if (known !== undefined) return known;
    if (!this.#hasRoom(rule.key.length + RULE_WORDS * 4 + 16)) return this.#never;
    return this.#putRule(rule);
  }

  #putRule(rule: Rule): number {
    const writer = this.#writer;
    const at = writer.words(RULE_WORDS);
    const codes = [rule.fixed, rule.moving, rule.rank].map((code) => this.#code(code));
    const words = [...codes, Number(rule.rankMoves), fixedSteps(rule), movingSteps(rule)];
    for (const [n, word] of words.entries()) writer.setWord(at + n * 4, word);
    this.#rules.set(rule.key, at);
    return at;
  }

  #code(code: Code | undefined): number {
    return code === undefined ? 0 : this.#writer.bytes(code.bytes);
  }
}

function fixedSteps({ fixed, rank, rankMoves }: Rule): number {
  return (fixed?.steps ?? 0) + (rankMoves ? 0 : (rank?.steps ?? 0));
}

function movingSteps({ moving, rank, rankMoves }: Rule): number {
  return (moving?.steps ?? 0) + (rankMoves ? (rank?.steps ?? 0) : 0);
}
