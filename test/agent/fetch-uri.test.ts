import { describe, expect, test } from "vitest";
import { sourceOf } from "../../agent/fetcher/uri.ts";
import { fetchUriOf } from "../../cli/run/fetch-uri.ts";

describe("what a URI names (F41)", () => {
  test.each([
    ["ftp://host/x", "only http, https and file are fetched"],
    ["no url", "it is neither a URL nor an absolute path"],
    ["http://host/", "it names no file; outputFile would"],
    ["http://host/%zz", "its path is not well encoded"],
    ["file://elsewhere/x", "a file is on the agent's own host"],
    ["http://host/a%2F..", '".." leads out of the sandbox'],
  ])("%s is refused", (value, problem) => {
    expect(() => sourceOf({ value })).toThrow(problem);
  });

  test.each(["/etc/passwd", "../x", "a/../../x", "a/"])("output file %s is refused", (name) => {
    expect(() => sourceOf({ value: "/x", outputFile: name })).toThrow(
      expect.objectContaining({ code: "FETCH_URI_INVALID" }),
    );
  });

  test("is told without what may be secret", () => {
    expect(sourceOf({ value: "https://me:pass@host/x?key=1" }).shown).toBe("https://host/x");
  });
});

describe("tepui run --uri", () => {
  test("takes what is to be done with a URI behind commas", () => {
    expect(fetchUriOf("http://h/a.tgz,cache,executable,noextract,as=b,sha256=ab")).toEqual({
      value: "http://h/a.tgz",
      cache: true,
      executable: true,
      extract: false,
      outputFile: "b",
      checksum: "sha256-ab",
    });
  });

  test.each([",cache", "http://h/a,b"])("refuses %s", (text) => {
    expect(() => fetchUriOf(text)).toThrow(expect.objectContaining({ code: "CLI_USAGE" }));
  });
});
