import { expect, test } from "vitest";
// @ts-expect-error The scripts are plain JavaScript: they run before anything is compiled.
import { wrapComments } from "../../scripts/wrap-comments.mjs";

const wrap = wrapComments as (text: string) => string;
const words = "word ".repeat(18).trim(); // 89 columns.

test("a wide docstring on one line becomes a block, a wide line flows into the next", () => {
  expect(wrap(`  /** ${words} one two three. */\n  const a = 1;`)).toBe(
    `  /**\n   * ${words} one\n   * two three.\n   */\n  const a = 1;`,
  );
  expect(wrap(`// ${words} one two three\n// four.\nconst a = 1;`)).toBe(
    `// ${words} one two\n// three four.\nconst a = 1;`,
  );
});

test("paragraphs, tags and list items are not joined", () => {
  const wide = ` * ${words} one two three`;
  for (const next of [" * @throws Error always", " * - item", " *", " */"]) {
    expect(wrap(`${wide}\n${next}`)).toBe(` * ${words} one two\n * three\n${next}`);
  }
  expect(wrap(` * - ${words} one two three\n * - item`)).toBe(
    ` * - ${words} one\n *   two three\n * - item`,
  );
});

test("code, addresses and what fits stay as they are", () => {
  const wide = "x".repeat(120);
  for (const text of [
    `const a = "${words} one two three";`,
    `// https://a.b/${wide}`,
    `// ${wide}`,
  ]) {
    expect(wrap(text)).toBe(text);
  }
  expect(wrap(`/** ${words} */\n`)).toBe(`/** ${words} */\n`);
});
