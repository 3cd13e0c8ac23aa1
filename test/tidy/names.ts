import { scan } from "./scan.ts";
import { type Finding, isTest, isTypeScript, lineAt, type SourceFile } from "./source.ts";

const emptyNames = new Set(["util", "utils", "helper", "helpers", "manager", "misc", "common"]);
const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)+$/;

/** Source files whose name says nothing about their subject, or is not lower-case kebab. */
export function nameFindings(files: readonly SourceFile[]): Finding[] {
  return files
    .filter(({ path }) => /\.(ts|mjs)$/.test(path))
    .flatMap(({ path }) => {
      const words = path.replace(/\.\w+$/, "").split(/[/._-]/);
      const empty = words.find((word) => emptyNames.has(word));
      if (empty !== undefined) {
        return [{ path, line: 0, message: `"${empty}" is no subject: name what is in it` }];
      }
      const file = path.split("/").at(-1) ?? "";
      if (kebab.test(file)) return [];
      return [{ path, line: 0, message: "file names are lower case, with dashes" }];
    });
}

const exported = new RegExp(
  "^export (?:declare )?(?:abstract )?(?:async )?" +
    "(?:const|let|function\\*?|class|interface|type) ([\\w$]+)",
  "gm",
);

/** Exported names without a docstring that ends right above them. Tests are free. */
export function docstringFindings(files: readonly SourceFile[]): Finding[] {
  const measured = files.filter((file) => isTypeScript(file) && !isTest(file.path));
  return measured.flatMap(({ path, text }) => {
    const { code, comments } = scan(text);
    const documented = new Set<string>();
    return [...code.matchAll(exported)].flatMap((match) => {
      const name = match[1] ?? "";
      if (hasDocstring(code, comments, match.index)) documented.add(name);
      if (documented.has(name)) return []; // One docstring serves all overloads.
      const message = `${name} is exported without a docstring: say what it is, units, errors`;
      return [{ path, line: lineAt(code, match.index), message }];
    });
  });
}

function hasDocstring(code: string, comments: string, offset: number): boolean {
  const above = comments.slice(0, offset).trimEnd();
  const start = above.lastIndexOf("/**");
  if (!above.endsWith("*/") || start < 0 || above.indexOf("*/", start) !== above.length - 2) {
    return false;
  }
  // Between the docstring and the name there may be line breaks and nothing else.
  const gap = code.slice(above.length, offset);
  if (gap.trim() !== "" || gap.includes("\n\n")) return false;
  return above.slice(start).replace(/[\s*/]/g, "").length >= 8;
}
