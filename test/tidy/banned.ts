import { scan } from "./scan.ts";
import { type Finding, isTest, isTypeScript, lineAt, type SourceFile } from "./source.ts";

/** Something that must not be written in some files, with what to write instead. */
interface Ban {
  readonly pattern: RegExp;
  /** Which view of a file is searched; code unless said. Raw is for files of any language. */
  readonly view?: "code" | "comments" | "raw";
  readonly where: (path: string) => boolean;
  readonly instead: string;
}

const isCore = (path: string): boolean => /^(kernel|agent)\/core\//.test(path);
const isProduct = (path: string): boolean => !/^(test|scripts)\//.test(path);
/** The one file that may write to the terminal; scripts/ stand outside of TypeScript. */
const isOutput = (path: string): boolean => path === "cli/output.ts";
/** Lists of names that were found, by way of npm, are no text of ours. */
const isOurs = (path: string): boolean =>
  path !== "package-lock.json" && !path.startsWith("test/golden/");
/** Decides by feature, which is the only reason to skip a test. */
const isRequire = (path: string): boolean => path === "test/support/require.ts";
const everywhere = (): boolean => true;

// The words are put together so that this file does not find itself.
const unfinished = new RegExp(`\\b(${["TO", "FIX", "XX"].join("|")})`);
const unfinishedWord = new RegExp(`${unfinished.source}(DO|ME|X)\\b`, "g");
const machinePath = new RegExp(`(?<![\\w.~*-])/(${["work", "root"].join("|")})/`, "g");

/** House rules of the form "do not write this", each with its reason and its replacement. */
export const bans: readonly Ban[] = [
  {
    pattern: /\bconsole\s*\./g,
    where: (path) => !isOutput(path),
    instead: "use the logger that is handed in; the command line writes through cli/output.ts",
  },
  {
    pattern: /\beval\s*\(|\bnew\s+Function\s*\(/g,
    where: everywhere,
    instead: "text is data; nothing here is worth running text as code",
  },
  {
    pattern: /\bAbortSignal\.timeout\b/g,
    where: isProduct,
    instead: "wire/within.ts: combined with another signal, a timeout may be collected as garbage",
  },
  {
    pattern: /\bDate\b|\bperformance\b/g,
    where: isCore,
    instead: "time is the argument `now`: a core that reads a clock cannot be replayed",
  },
  {
    pattern: /\bMath\.random\b|\brandomUUID\b|\bcrypto\b/g,
    where: isCore,
    instead: "randomness and ids come in as arguments or from counters in the state",
  },
  {
    pattern: /\b(set|clear)(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/g,
    where: isCore,
    instead: "write the due time into the state and let a tick event find it",
  },
  {
    pattern: /\bprocess\b\s*\.|\bglobalThis\b|\bimport\.meta\b/g,
    where: isCore,
    instead: "what the core needs from its process comes in as configuration",
  },
  {
    pattern: /\basync\b|\bawait\b|\bPromise\b/g,
    where: isCore,
    instead: "push an effect; its result returns as an event",
  },
  {
    pattern: /\bexport\s+\*/g,
    where: everywhere,
    instead: "name what is exported: a public surface is a list",
  },
  {
    pattern: /\bexport\s+default\b/g,
    where: (path) => path !== "vitest.config.ts",
    instead: "export by name, so that a thing has one name everywhere",
  },
  {
    pattern:
      /\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:only|skip|todo|fails|skipIf|runIf)\b/g,
    where: (path) => path.startsWith("test/") && !isRequire(path),
    instead: "finish or delete the test; for needs of the host use describeWith of require.ts",
  },
  {
    pattern: /\bexpect\.soft\b|\.toBeTruthy\(|\.toBeFalsy\(/g,
    where: isTest,
    instead: "say what the value is, and stop at the first thing that is wrong",
  },
  {
    pattern: /@ts-(ignore|nocheck)\b/g,
    view: "comments",
    where: everywhere,
    instead: "use @ts-expect-error with a reason; it fails once it is no longer needed",
  },
  {
    pattern: /(eslint|prettier)-(disable|ignore)/g,
    view: "comments",
    where: everywhere,
    instead: "those tools are not used here; `biome-ignore` takes a reason",
  },
  {
    pattern: unfinishedWord,
    view: "comments",
    where: everywhere,
    instead: "finish it, or open an issue: such notes are read by nobody",
  },
  {
    pattern: machinePath,
    view: "raw",
    where: isOurs,
    instead: "no path of somebody's machine: derive it, or use a temporary folder",
  },
  {
    pattern: /https?:\/\/[\w.-]*\b(registry|artifactory|nexus|verdaccio|npmmirror|jfrog)\b[\w.-]*/g,
    view: "raw",
    where: (path) => isOurs(path) && (isProduct(path) || !isTest(path)),
    instead: "where packages come from is the user's npm configuration",
  },
];

/** Everything in `files` that `bans` forbids. */
export function bannedFindings(files: readonly SourceFile[]): Finding[] {
  return files.flatMap((file) => {
    const isCode = isTypeScript(file) || file.path.endsWith(".mjs");
    const views = isCode ? { ...scan(file.text), raw: file.text } : { raw: file.text };
    return bans.flatMap((ban) => findingsOf(file.path, ban, views));
  });
}

function findingsOf(path: string, ban: Ban, views: Partial<Record<string, string>>): Finding[] {
  const text = views[ban.view ?? "code"];
  if (text === undefined || !ban.where(path)) return [];
  return [...text.matchAll(ban.pattern)].map((match) => ({
    path,
    line: lineAt(text, match.index),
    message: `has "${match[0].trim()}": ${ban.instead}`,
  }));
}
