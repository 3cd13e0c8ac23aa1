import { expect, test } from "vitest";
import { referencesOf, scan } from "./scan.ts";

test("comments, strings, templates and regular expressions are told from code", () => {
  const text = [
    "const a = 'it // is'; // why",
    `const b = \`x \${f({ y: "}" })} z\`; /* two`,
    "lines */ const c = /[/'\"]\\/+/g.test(a) ? a / b / 2 : 1;",
  ].join("\n");
  const { code, comments } = scan(text);
  expect(code).toHaveLength(text.length);
  expect(comments).toHaveLength(text.length);
  expect(comments.replace(/\s+/g, " ").trim()).toBe("// why /* two lines */");
  const seen = [
    "const a = ' '; ",
    `const b = \` \${f({ y: " " })} \`; `,
    " const c = / /g.test(a) ? a / b / 2 : 1;",
  ];
  expect(code.replace(/ +/g, " ")).toBe(seen.join("\n"));
});

test("a literal that never ends does not hang the scanner", () => {
  for (const text of ["'", "`", "`$" + "{", "/*", "//", "= /a", "'\\", "`\\"]) {
    expect(scan(text).code).toHaveLength(text.length);
  }
});

test("every way to refer to a module is seen, with its line, and prose is not", () => {
  const text = [
    'import { a } from "./a.ts";',
    'import type {\n  B,\n} from "../b.ts";',
    'import "side-effect";',
    'export { c } from "./c.ts";',
    'const d = await import("./d.ts");',
    'const e = new URL("./e.js", import.meta.url);',
    'const page = new URL("http://x.example");',
    '// import { no } from "./comment.ts";',
    'const text = "import no from \\"./string.ts\\"";',
    "export const after = 1;",
  ].join("\n");
  expect(referencesOf({ path: "x.ts", text }).map((r) => `${r.line} ${r.target}`)).toEqual([
    "1 ./a.ts",
    "2 ../b.ts",
    "5 side-effect",
    "6 ./c.ts",
    "7 ./d.ts",
    "8 ./e.js",
  ]);
});
