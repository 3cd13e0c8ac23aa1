import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

/** One file of the repository. `path` is relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A broken house rule. `line` counts from 1; 0 means the file as a whole. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** A file's text taken apart. Both views keep every offset and every line break. */
export interface Scan {
  /** Comments, and the insides of strings, templates and regular expressions, are spaces. */
  readonly code: string;
  /** All but the comments is spaces. */
  readonly comments: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const skippedFolders = new Set(["node_modules", "dist", ".git", ".tepui", "coverage"]);
const textFile = /\.(ts|mjs|js|json|md|txt|ya?ml|sh|html|css|svg|proto|wat|c|h)$|^[^.]+$|\/run$/;

/** Every text file of the repository, built and installed ones left out. Sorted by path. */
export function readTree(): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(posix.join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) walk(path);
      else if (entry.isFile() && textFile.test(entry.name)) {
        files.push({ path, text: readFileSync(posix.join(root, path), "utf8") });
      }
    }
  };
  walk("");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** TypeScript of ours: not AssemblyScript, a language of its own, and not what templates hold. */
export function isTypeScript({ path }: SourceFile): boolean {
  const isOther = /^(assembly|templates)\//.test(path);
  return path.endsWith(".ts") && !path.endsWith(".d.ts") && !isOther;
}

/** A file that only the test runner starts. */
export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** The line, counted from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** Findings as text that fails a test readably; empty when there are none. */
export function listing(findings: readonly Finding[]): string {
  return findings.map(({ path, line, message }) => `${path}:${line} ${message}`).join("\n");
}
