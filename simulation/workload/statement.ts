import { didYouMean } from "../../contract/nearest.ts";
import type { Parsed } from "../../contract/parsed.ts";
import type { Quantities } from "../../contract/resources.ts";
import type { WantedAttributes, WorkloadAttribute, WorkloadLabel } from "./model.ts";
import type { Word } from "./quoted.ts";
import { readAmount, readMegabytes, readNumber, readText } from "./words.ts";

/** What is wrong, and where. */
export interface WorkloadProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

interface Setting extends Word {
  readonly key: string;
}

/** Keys that may be there several times begin with one of these, by statement. */
const REPEATED: Readonly<Record<string, readonly string[]>> = {
  agents: ["attr.", "number."],
  framework: ["label."],
};

/** The scalars that have keys of their own; others are written `scalar.NAME`. */
const SCALARS = ["cpus", "mem", "disk", "gpus"] as const;

/**
 * One line of a workload: a statement, a name, and settings. Settings are taken by those who know
 * them; what is left over at the end is a mistake. Problems are noted, and reading goes on.
 */
export class Statement {
  readonly line: number;
  readonly #words: readonly Word[];
  readonly #settings: Setting[] = [];
  readonly #known: string[] = [];
  readonly #note: (problem: WorkloadProblem) => void;

  constructor(line: number, words: readonly Word[], note: (problem: WorkloadProblem) => void) {
    this.line = line;
    this.#words = words;
    this.#note = note;
    const seen = new Set<string>();
    for (const word of words.slice(this.#isNamed ? 2 : 1)) {
      const { key, text, column } = word;
      if (key === undefined || key === "") {
        const written = key === undefined ? text : `=${text}`;
        this.problem(column, `"${written}" is not of the form KEY=VALUE`);
      } else if (seen.has(key) && !this.#isRepeated(key)) {
        this.problem(column, `"${key}" is given twice`);
      } else this.#settings.push({ ...word, key });
      seen.add(key ?? "");
    }
  }

  /** The first word. */
  get verb(): string {
    return this.#words[0]?.key ?? this.#words[0]?.text ?? "";
  }

  get #isNamed(): boolean {
    const second = this.#words[1];
    return second !== undefined && second.key === undefined;
  }

  #isRepeated(key: string): boolean {
    return REPEATED[this.verb]?.some((prefix) => key.startsWith(prefix)) ?? false;
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
    const at = this.#settings.findIndex((setting) => setting.key === key);
    const [setting] = at < 0 ? [] : this.#settings.splice(at, 1);
    if (setting === undefined) return undefined;
    const value = read(setting.text);
    if (value.ok) return value.value;
    this.problem(setting.valueColumn + value.position, `${key}: ${value.message}`);
    return undefined;
  }

  /** As `take`, for a setting that must be there. */
  must<T>(key: string, read: (text: string) => Parsed<T>): T | undefined {
    const isThere = this.#settings.some((setting) => setting.key === key);
    const value = this.take(key, read);
    if (!isThere) this.problem(1, `${this.verb} needs ${key}=…`);
    return value;
  }

  /**
   * Amounts of scalars whose keys begin with `prefix`, in thousandths; `undefined` when there is no
   * such key.
   */
  quantities(prefix = ""): Quantities | undefined {
    const before = this.#settings.length;
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
    return this.#settings.length === before ? undefined : amounts;
  }

  /** What a task asks of agents, by keys that begin with `attr.`. */
  wanted(): WantedAttributes {
    const found: Record<string, string> = Object.create(null);
    for (const [key, name] of this.#below("attr.")) found[name] = this.take(key, readText) ?? "";
    return found;
  }

  /** What an agent states, in texts and numbers, in their order. */
  attributes(): WorkloadAttribute[] {
    return this.#below("attr.", "number.").flatMap(([key, name]): WorkloadAttribute[] => {
      if (key.startsWith("attr.")) return [{ name, text: this.take(key, readText) ?? "" }];
      const scalar = this.take(key, readNumber);
      return scalar === undefined ? [] : [{ name, scalar }];
    });
  }

  /** Labels, in their order. */
  labels(): WorkloadLabel[] {
    const keys = this.#below("label.");
    return keys.map(([key, name]) => ({ key: name, value: this.take(key, readText) ?? "" }));
  }

  /** Notes what nobody took. */
  finish(): void {
    for (const { key, column } of this.#settings) {
      const hint = didYouMean(key, this.#known);
      const help = hint === undefined ? "" : `; ${hint}`;
      this.problem(column, `${this.verb} has no setting "${key}"${help}`);
    }
  }

  /** Keys that begin with one of these, and what comes behind. */
  #below(...prefixes: string[]): [key: string, name: string][] {
    return this.#settings.flatMap(({ key }) => {
      const prefix = prefixes.find((each) => key.startsWith(each) && key.length > each.length);
      return prefix === undefined ? [] : [[key, key.slice(prefix.length)] as [string, string]];
    });
  }
}
