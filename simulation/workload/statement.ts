import { didYouMean } from "../../contract/nearest.ts";
import type { Parsed } from "../../contract/parsed.ts";
import type { Quantities } from "../../contract/resources.ts";
import type { Attributes } from "./model.ts";
import { readAmount, readMegabytes, type Word } from "./words.ts";

/** What is wrong, and where. */
export interface WorkloadProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Setting {
  readonly value: string;
  /** Where the key and the value begin. */
  readonly keyColumn: number;
  readonly valueColumn: number;
}

/** The scalars that have keys of their own; others are written `scalar.NAME`. */
const SCALARS = ["cpus", "mem", "disk", "gpus"] as const;

/**
 * One line of a workload: a statement, a name, and settings. Settings are taken by those who know
 * them; what is left over at the end is a mistake. Problems are noted, and reading goes on.
 */
export class Statement {
  readonly line: number;
  readonly #words: readonly Word[];
  readonly #settings = new Map<string, Setting>();
  readonly #known: string[] = [];
  readonly #note: (problem: WorkloadProblem) => void;

  constructor(line: number, words: readonly Word[], note: (problem: WorkloadProblem) => void) {
    this.line = line;
    this.#words = words;
    this.#note = note;
    for (const { text, column } of words.slice(this.#isNamed ? 2 : 1)) {
      const equals = text.indexOf("=");
      const key = text.slice(0, Math.max(0, equals));
      if (equals <= 0) this.problem(column, `"${text}" is not of the form KEY=VALUE`);
      else if (this.#settings.has(key)) this.problem(column, `"${key}" is given twice`);
      else {
        const value = text.slice(equals + 1);
        this.#settings.set(key, { value, keyColumn: column, valueColumn: column + equals + 1 });
      }
    }
  }

  /** The first word. */
  get verb(): string {
    return this.#words[0]?.text ?? "";
  }

  get #isNamed(): boolean {
    const second = this.#words[1];
    return second !== undefined && !second.text.includes("=");
  }

  /** The word after the first; a problem if there is none. */
  name(what: string): string {
    const [verb, second] = this.#words;
    if (this.#isNamed && second !== undefined) return second.text;
    this.problem((verb?.column ?? 1) + this.verb.length, `${this.verb} needs ${what}`);
    return "";
  }

  /** Column of the word after the first. */
  get nameColumn(): number {
    return this.#words[1]?.column ?? 1;
  }

  /** Notes a problem on this line. */
  problem(column: number, message: string): void {
    this.#note({ line: this.line, column, message });
  }

  /** The value of a setting as `read` reads it; a problem if it cannot, or it is not there. */
  take<T>(key: string, read: (text: string) => Parsed<T>): T | undefined {
    this.#known.push(key);
    const setting = this.#settings.get(key);
    if (setting === undefined) return undefined;
    this.#settings.delete(key);
    const value = read(setting.value);
    if (value.ok) return value.value;
    this.problem(setting.valueColumn + value.position, `${key}: ${value.message}`);
    return undefined;
  }

  /** As `take`, for a setting that must be there. */
  must<T>(key: string, read: (text: string) => Parsed<T>): T | undefined {
    const isThere = this.#settings.has(key);
    const value = this.take(key, read);
    if (!isThere) this.problem(1, `${this.verb} needs ${key}=…`);
    return value;
  }

  /**
   * Amounts of scalars whose keys begin with `prefix`, in thousandths; `undefined` when there is no
   * such key.
   */
  quantities(prefix = ""): Quantities | undefined {
    const before = this.#settings.size;
    // Without a prototype, so that any word may be a name here.
    const amounts: Record<string, number> = Object.create(null);
    for (const name of SCALARS) {
      const inMegabytes = name === "mem" || name === "disk";
      const amount = this.take(prefix + name, inMegabytes ? readMegabytes : readAmount);
      if (amount !== undefined) amounts[name] = amount;
    }
    for (const [key, name] of this.#below(`${prefix}scalar.`)) {
      const amount = this.take(key, readAmount);
      if (amount !== undefined) amounts[name] = amount;
    }
    return this.#settings.size === before ? undefined : amounts;
  }

  /** Attributes, whose keys begin with `attr.`. */
  attributes(): Attributes {
    const found: Record<string, string> = Object.create(null);
    for (const [key, name] of this.#below("attr.")) {
      found[name] = this.take(key, (value) => ({ ok: true, value })) ?? "";
    }
    return found;
  }

  /** Notes what nobody took. */
  finish(): void {
    for (const [key, { keyColumn }] of this.#settings) {
      const hint = didYouMean(key, this.#known);
      const help = hint === undefined ? "" : `; ${hint}`;
      this.problem(keyColumn, `${this.verb} has no setting "${key}"${help}`);
    }
  }

  #below(prefix: string): [key: string, name: string][] {
    return [...this.#settings.keys()]
      .filter((key) => key.startsWith(prefix) && key.length > prefix.length)
      .map((key) => [key, key.slice(prefix.length)]);
  }
}
