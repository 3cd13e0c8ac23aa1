import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { longFiles, longFirst } from "./long-first.ts";

test("the long files begin first, and each of them is there", () => {
  const long = longFiles.map((name) => `${process.cwd()}/test/${name}.test.ts`);
  for (const path of long) expect(existsSync(path), path).toBe(true);
  const short = ["/x/test/a.test.ts", "/x/test/b.test.ts"];
  const [first = "", ...others] = short;
  const sorted = longFirst([first, ...long, ...others].map((moduleId) => ({ moduleId })));
  expect(sorted.map(({ moduleId }) => moduleId)).toEqual([...long, ...short]);
});
