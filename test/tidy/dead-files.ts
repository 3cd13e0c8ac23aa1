import { posix } from "node:path";
import { referencesOf } from "./scan.ts";
import { type Finding, isTest, isTypeScript, type SourceFile } from "./source.ts";

/**
 * Files that start on their own: a process, a benchmark, the configuration of a tool, or the face
 * of a package. All others have to be imported by something that is reached from one of these.
 */
const entryPatterns = [
  /(^|\/)main\.ts$/, // A process: master, agent, command line, bench.
  /^bench\/[^/]+\.ts$/, // Found by folder, see bench/main.ts.
  /^sdk\/index\.ts$/,
  /^examples\//,
  /^vitest\.config\.ts$/,
  /^test\/support\/seed\.ts$/, // Named in vitest.config.ts.
];

/** TypeScript that nothing starts and nothing imports, not even a test. */
export function deadFindings(files: readonly SourceFile[]): Finding[] {
  const sources = new Map(files.filter(isTypeScript).map((file) => [file.path, file]));
  const reached = new Set<string>();
  const queue = [...sources.keys()]
    .filter((path) => isTest(path) || entryPatterns.some((pattern) => pattern.test(path)))
    .concat(files.flatMap(entriesOf));
  while (queue.length > 0) {
    const path = queue.pop() ?? "";
    const file = sources.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { target } of referencesOf(file)) {
      const resolved = posix.join(posix.dirname(path), target);
      if (target.startsWith(".")) queue.push(resolved.replace(/\.js$/, ".ts"));
    }
  }
  return [...sources.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => ({ path, line: 0, message: "is imported by nothing: delete it, or use it" }));
}

/** Sources that a manifest or package.json names by the JavaScript that they become. */
function entriesOf({ path, text }: SourceFile): string[] {
  if (path === "package.json") {
    return [...text.matchAll(/"\.\/dist\/([^"]+)\.js"/g)].map((match) => `${match[1]}.ts`);
  }
  if (posix.basename(path) !== "plugin.json") return [];
  // Not parsed: a manifest that is not JSON is another test's finding.
  return [...text.matchAll(/"(?:entry|companion|client|server)":\s*"([^"]+)\.js"/g)].map((match) =>
    posix.join(posix.dirname(path), `${match[1]}.ts`),
  );
}
