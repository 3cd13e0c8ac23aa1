import { appendFileSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errors, reasonOf, TepuiError } from "../../contract/errors.ts";

const golden = new URL("../golden/codes.txt", import.meta.url);
/** Stands for any argument of any entry: prints as text, and has the methods of a list. */
const sample = ["sample"] as never;

/** The codes ever used; a line `CODE retired` is a code that no error may have again. */
function codesEverUsed(): { code: string; retired: boolean }[] {
  const lines = readFileSync(golden, "utf8").split("\n");
  return lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => ({ code: line.split(" ")[0] ?? "", retired: line.endsWith(" retired") }));
}

test("every error carries the code that is its key, an HTTP status and a message", () => {
  for (const [key, make] of Object.entries(errors)) {
    const error = (make as (...args: never[]) => TepuiError)(sample, sample, sample, sample);
    expect(error, key).toBeInstanceOf(TepuiError);
    expect(error.code).toBe(key);
    expect(key).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
    expect(error.status, key).toBeGreaterThanOrEqual(400);
    expect(error.status, key).toBeLessThan(600);
    expect(error.message.length, key).toBeGreaterThan(0);
  }
});

test("codes.txt lists every code ever used, once, and no retired code comes back", () => {
  const listed = new Set(codesEverUsed().map(({ code }) => code));
  const missing = Object.keys(errors).filter((code) => !listed.has(code));
  if (process.env["UPDATE_GOLDEN"] === "1" && missing.length > 0) {
    appendFileSync(golden, `${missing.join("\n")}\n`);
  } else {
    expect(missing, "append these: UPDATE_GOLDEN=1 npx vitest run test/contract").toEqual([]);
  }
  const ever = codesEverUsed();
  expect(new Set(ever.map(({ code }) => code)).size).toBe(ever.length);
  const gone = ever.filter(({ code, retired }) => !retired && !(code in errors));
  expect(gone, "mark a code that is not used any more as `CODE retired`").toEqual([]);
  const back = ever.filter(({ code, retired }) => retired && code in errors);
  expect(back, "a retired code may not be used again").toEqual([]);
});

test("an error prints where, what, its code, and each detail on a line", () => {
  const error = errors.PLUGIN_MANIFEST_INVALID("drf", ["/kind: bad", "/version: bad"]);
  expect(error.describe()).toBe(
    "plugin drf: its plugin.json does not fit plugin-manifest.schema.json " +
      "[PLUGIN_MANIFEST_INVALID]\n  /kind: bad\n  /version: bad",
  );
  expect(errors.PLUGIN_NOT_FOUND("drf", []).describe()).toContain("; give a folder with");
});

test("an error crosses the wire as data, without stack and cause", () => {
  const error = errors.PLUGIN_START_FAILED("drf", "no", new Error("secret"));
  expect(error.cause).toBeInstanceOf(Error);
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    code: "PLUGIN_START_FAILED",
    status: 500,
    message: "start() failed: no",
    where: "plugin drf",
  });
});

test("whatever was thrown has a reason that can be printed", () => {
  expect(reasonOf(new Error("broken"))).toBe("broken");
  expect(reasonOf(new TypeError(""))).toBe("TypeError");
  expect(reasonOf("text")).toBe("text");
  expect(reasonOf(undefined)).toBe("undefined");
  expect(reasonOf(errors.PORT_MISSING("x"))).toContain("[PORT_MISSING]");
});
