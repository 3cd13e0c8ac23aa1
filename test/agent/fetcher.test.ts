import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FetchCache } from "../../agent/fetcher/cache.ts";
import { Fetcher } from "../../agent/fetcher/fetcher.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import type { FetchUri } from "../../contract/schema/command.ts";
import { describeWith } from "../support/require.ts";
import { until } from "../support/until.ts";

let folder: string;
let fetcher: Fetcher;
let server: Server;
let base: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { url: string; range: string | undefined }[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-fetch-"));
  fetcher = new Fetcher(join(folder, "cache"), { cacheSize: 1_000, stallTimeout: 300 });
  asked = [];
  answer = (_, response) => void response.end("hello");
  server = createServer((request, response) => {
    asked.push({ url: request.url ?? "", range: request.headers.range });
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function sandboxOf(name = "sandbox"): string {
  const sandbox = join(folder, name);
  mkdirSync(sandbox, { recursive: true });
  return sandbox;
}

/** Fetches into a sandbox and gives its path. */
async function fetched(
  uris: FetchUri[],
  name = "sandbox",
  signal = new AbortController().signal,
): Promise<string> {
  const sandbox = sandboxOf(name);
  await fetcher.fetch({ sandbox, command: { uris } } as unknown as ContainerSpec, signal);
  return sandbox;
}

const read = (...path: string[]): string => readFileSync(join(...path), "utf8");
const sha256 = (text: string): string =>
  `sha256-${createHash("sha256").update(text).digest("hex")}`;

/** A folder with files, packed by `tar` or `zip`. */
function packed(file: string, words: string[]): string {
  const from = join(folder, "packed");
  mkdirSync(join(from, "dir"), { recursive: true });
  writeFileSync(join(from, "dir", "file"), "packed");
  symlinkSync("file", join(from, "dir", "link"));
  const path = join(folder, file);
  execFileSync(words[0] ?? "", [...words.slice(1), path, "dir"], { cwd: from });
  return path;
}

describe("fetching (F41)", () => {
  test("files by URL and by path, in their order, with name, mode and checksum", async () => {
    writeFileSync(join(folder, "local"), "from here");
    const sandbox = await fetched([
      { value: `${base}/a/file?x=1`, checksum: sha256("hello") },
      { value: join(folder, "local"), outputFile: "sub/dir/tool", executable: true },
      { value: `file://${folder}/local`, outputFile: "file" },
    ]);
    expect(read(sandbox, "file")).toBe("from here");
    expect(read(sandbox, "sub/dir/tool")).toBe("from here");
    expect(statSync(join(sandbox, "sub/dir/tool")).mode & 0o777).toBe(0o755);
    expect(readdirSync(sandbox).sort()).toEqual(["file", "sub"]);
  });

  test.each([
    ["a.tar", ["tar", "-cf"]],
    ["a.tar.gz", ["tar", "-czf"]],
    ["a.tbz2", ["tar", "-cjf"]],
    ["a.txz", ["tar", "-cJf"]],
    ["a.zip", ["zip", "-qry"]],
  ])("%s is unpacked, and merged with what is there", async (file, words) => {
    const path = packed(file, words);
    mkdirSync(join(sandboxOf(), "dir"));
    writeFileSync(join(sandboxOf(), "dir", "before"), "");
    const sandbox = await fetched([{ value: path }]);
    expect(read(sandbox, "dir/link")).toBe("packed");
    expect(readdirSync(join(sandbox, "dir")).sort()).toEqual(["before", "file", "link"]);
    expect(readdirSync(sandbox).sort()).toEqual([file, "dir"]);
    const plain = await fetched([{ value: path, extract: false }], "plain");
    expect(readdirSync(plain)).toEqual([file]);
  });

  test("a single compressed file is unpacked", async () => {
    writeFileSync(join(folder, "words"), "squeezed");
    execFileSync("gzip", [join(folder, "words")]);
    const sandbox = await fetched([{ value: join(folder, "words.gz") }]);
    expect(read(sandbox, "words")).toBe("squeezed");
  });

  test.each([
    ["a.tar", ["tar", "-P", "--transform=s,^dir,../evil,", "-cf"], "dir"],
    ["b.tar", ["tar", "-P", "--transform=s,^dir,/evil,", "-cf"], "dir"],
    ["c.zip", ["zip", "-qr"], "../evil"],
  ])("%s with a path that leads out is refused", async (file, [program = "", ...words], what) => {
    const path = join(folder, file);
    const cwd = sandboxOf("from");
    for (const place of [join(cwd, "dir"), join(folder, "evil")]) writeFileSync(place, "evil");
    execFileSync(program, [...words, path, what], { cwd });
    rmSync(join(folder, "evil"));
    await expect(fetched([{ value: path }])).rejects.toMatchObject({
      code: "FETCH_ARCHIVE_ESCAPES",
    });
    expect(existsSync(join(folder, "evil"))).toBe(false);
    expect(readdirSync(sandboxOf())).toEqual([]);
  });

  test("nothing goes through a link that an archive brought", async () => {
    const outside = join(folder, "outside");
    mkdirSync(outside);
    const path = join(folder, "links.tar");
    const from = sandboxOf("from");
    symlinkSync(outside, join(from, "out"));
    execFileSync("tar", ["-cf", path, "-C", from, "out"]);
    writeFileSync(join(folder, "plain"), "x");
    for (const outputFile of ["out/file", "out/made/file"]) {
      const bad = [{ value: path }, { value: join(folder, "plain"), outputFile }];
      await expect(fetched(bad)).rejects.toMatchObject({ code: "FETCH_URI_INVALID" });
    }
    expect(readdirSync(outside)).toEqual([]);
  });

  test.each([
    ["a wrong checksum", { value: "/hello", checksum: sha256("other") }, "FETCH_CHECKSUM"],
    ["a checksum of another kind", { value: "/x", checksum: "md5-00" }, "FETCH_URI_INVALID"],
    ["a missing file", { value: "file:///no/such/file" }, "FETCH_FAILED"],
    ["what is not found", { value: "/missing" }, "FETCH_FAILED"],
    ["no archive", { value: "/hello.tar.gz" }, "FETCH_ARCHIVE"],
  ])("%s is refused", async (_, uri, code) => {
    answer = ({ url }, response) => {
      if (url === "/missing") response.statusCode = 404;
      response.end("hello");
    };
    const value = uri.value.startsWith("file:") ? uri.value : base + uri.value;
    await expect(fetched([{ ...uri, value }])).rejects.toMatchObject({ code });
    expect(asked.length).toBeLessThanOrEqual(1);
    expect(readdirSync(sandboxOf())).toEqual([]);
  });

  test("what breaks off or stalls is taken up where it did", async () => {
    const text = "0123456789";
    const arrived = (bytes: number) =>
      until("so much has arrived", () => {
        const part = readdirSync(sandboxOf()).find((name) => name.startsWith(".fetching"));
        return part !== undefined && statSync(join(sandboxOf(), part)).size === bytes;
      });
    answer = ({ headers }, response) => {
      const from = Number(/bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
      response.writeHead(from === 0 ? 200 : 206, {
        etag: '"v1"',
        "content-length": text.length - from,
        ...(from === 0 ? {} : { "content-range": `bytes ${from}-9/10` }),
      });
      response.write(text.slice(from, from + 4));
      // The first breaks off, the second says nothing more, the third ends.
      if (asked.length === 1) void arrived(4).then(() => response.destroy());
      else if (asked.length > 2) response.end(text.slice(from + 4));
    };
    const sandbox = await fetched([{ value: `${base}/digits`, checksum: sha256(text) }]);
    expect(read(sandbox, "digits")).toBe(text);
    expect(asked.map(({ range }) => range)).toEqual([undefined, "bytes=4-", "bytes=8-"]);
  });

  test("what has changed meanwhile is fetched from the start", async () => {
    answer = (_, response) => {
      const isFirst = asked.length === 1;
      response.writeHead(200, { etag: `"v${asked.length}"`, "content-length": 8 });
      response.write(isFirst ? "old!" : "new text");
      if (isFirst) setTimeout(() => response.destroy(), 100);
      else response.end();
    };
    const sandbox = await fetched([{ value: `${base}/text` }]);
    expect(read(sandbox, "text")).toBe("new text");
  });

  test("a launch that is called off ends it", async () => {
    answer = () => {};
    const abort = new AbortController();
    const going = fetched([{ value: `${base}/never` }], "sandbox", abort.signal);
    const failed = expect(going).rejects.toThrow("called off");
    await until("it is asked for", () => asked.length > 0);
    abort.abort(new Error("called off"));
    await failed;
    expect(readdirSync(sandboxOf())).toEqual([]);
  });
});

describe("the cache (F42)", () => {
  const cached = (path: string): FetchUri[] => [{ value: base + path, cache: true }];

  test("fetches once for all who ask, at the same time and later", async () => {
    const names = ["a", "b", "c"];
    await Promise.all(names.map((name) => fetched(cached("/file"), name)));
    const later = await fetched(cached("/file"), "later");
    expect(asked).toHaveLength(1);
    expect([...names, "later"].map((name) => read(folder, name, "file"))).toEqual(
      Array(4).fill("hello"),
    );
    expect(readdirSync(later)).toEqual(["file"]);
  });

  test("tries anew after a failure, which all who asked share", async () => {
    answer = (_, response) => void response.writeHead(404).end();
    const both = await Promise.allSettled(["a", "b"].map((name) => fetched(cached("/x"), name)));
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(asked).toHaveLength(1);
    answer = (_, response) => void response.end("now");
    expect(read(await fetched(cached("/x")), "x")).toBe("now");
  });

  test("removes what was not used for longest when there is no more room", async () => {
    answer = (_, response) => void response.end("x".repeat(400));
    for (const name of ["a", "b"]) await fetched(cached(`/${name}`));
    await fetched(cached("/a"));
    await fetched(cached("/c"));
    expect(readdirSync(join(folder, "cache"))).toHaveLength(2);
    asked.length = 0;
    for (const name of ["a", "c", "b"]) await fetched(cached(`/${name}`));
    expect(asked.map(({ url }) => url)).toEqual(["/b"]);
  });

  test("keeps what is in use, and gives out even what is larger than itself", async () => {
    const cache = new FetchCache(join(folder, "small"), 3);
    const fill = async (path: string) => writeFileSync(path, "large");
    const { signal } = new AbortController();
    const first = await cache.lease("k", fill, signal);
    const again = await cache.lease("k", fill, signal);
    first.release();
    first.release();
    expect(read(again.path)).toBe("large");
    again.release();
    expect(existsSync(again.path)).toBe(false);
    expect(cache.bytes).toBe(0);
  });

  test("is empty when the agent starts", () => {
    const place = join(folder, "old");
    mkdirSync(place);
    writeFileSync(join(place, "0"), "");
    new FetchCache(place, 1);
    expect(readdirSync(place)).toEqual([]);
  });
});

describeWith("root", "an agent that runs as root", () => {
  test("a task's user gets what it fetches, and cannot fetch what it cannot read", async () => {
    const sandbox = sandboxOf();
    execFileSync("chmod", ["755", folder]);
    chownSync(sandbox, 65_534, 65_534);
    writeFileSync(join(folder, "secret"), "secret", { mode: 0o600 });
    const value = join(folder, "secret");
    for (const cache of [true, false]) {
      await expect(fetched([{ value, cache }])).rejects.toMatchObject({ code: "FETCH_FAILED" });
    }
    const path = packed("mine.tar", ["tar", "-cf"]);
    await fetched([
      { value: path, cache: true },
      { value: `${base}/a`, outputFile: "s/a" },
    ]);
    for (const name of ["dir", "dir/file", "s", "s/a"]) {
      expect(statSync(join(sandbox, name)).uid).toBe(65_534);
    }
  });
});
