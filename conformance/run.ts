import { reasonOf } from "../contract/errors.ts";
import { Broken, type BrokenWhere, type Rule } from "./rule.ts";

/** What came of one rule. */
export interface Verdict extends BrokenWhere {
  readonly rule: string;
  readonly ok: boolean;
  /** What was wrong; absent when nothing was. */
  readonly problem?: string;
  /** Figures and other remarks. */
  readonly notes: readonly string[];
  readonly tookMs: number;
}

/** How rules are run. */
export interface RunOptions {
  /** A rule that takes longer counts as broken; only a promise can be given up. */
  readonly deadlineMs: number;
  /** Called with each verdict as it comes. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Calls the rest off between two rules. */
  readonly signal?: AbortSignal;
}

/** Runs every rule against a plugin, one after the other, whatever becomes of those before it. */
export async function runRules<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  options: RunOptions,
): Promise<readonly Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const rule of rules) {
    options.signal?.throwIfAborted();
    const verdict = await verdictOn(rule, subject, options.deadlineMs);
    verdicts.push(verdict);
    options.onVerdict?.(verdict);
    // Lets signals and progress through: the rules of allocators never wait for anything.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return verdicts;
}

async function verdictOn<Subject>(
  rule: Rule<Subject>,
  subject: Subject,
  deadlineMs: number,
): Promise<Verdict> {
  const notes: string[] = [];
  const startMs = performance.now();
  const close = (rest: Omit<Verdict, "rule" | "notes" | "tookMs">): Verdict => ({
    rule: rule.name,
    ...rest,
    notes,
    tookMs: Math.round(performance.now() - startMs),
  });
  try {
    await within(
      deadlineMs,
      rule.run(subject, (text) => void notes.push(text)),
    );
    return close({ ok: true });
  } catch (thrown) {
    const where = thrown instanceof Broken ? thrown.where : {};
    return close({ ok: false, problem: problemOf(thrown), ...where });
  }
}

function within(deadlineMs: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Broken(`it did not end within ${deadlineMs} ms`));
    const timer = setTimeout(late, deadlineMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What was thrown, without the drawings that assertions add below their first line. */
function problemOf(thrown: unknown): string {
  const reason = reasonOf(thrown);
  if (!(thrown instanceof Error) || thrown.name !== "AssertionError") return reason;
  const { actual, expected } = thrown as { actual?: unknown; expected?: unknown };
  const [first = ""] = reason.split("\n");
  if (!/^Expected|^The expression/.test(first)) return first;
  return `expected ${shown(expected)}, and there was ${shown(actual)}`;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
