import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FetchCache } from "../../agent/fetcher/cache.ts";
import { Fetcher } from "../../agent/fetcher/fetcher.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import type { FetchUri } from "../../contract/schema/command.ts";
import { until } from "../support/until.ts";

// What is cached (F42), and the checksums that tasks name.

let folder: string;
let fetcher: Fetcher;
let server: Server;
let any: FetchUri[];
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-fetch-"));
  fetcher = new Fetcher(join(folder, "cache"), { cacheSize: 1_000, stallTimeout: 3_000 });
  asked = [];
  answer = (_, response) => void response.end("hello");
  server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  any = [{ value: `http://127.0.0.1:${port}/tool`, cache: true }];
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Fetches into a sandbox and gives its path. */
async function fetched(uris: FetchUri[], name = "sandbox"): Promise<string> {
  const sandbox = join(folder, name);
  mkdirSync(sandbox, { recursive: true });
  const spec = { sandbox, command: { uris } } as unknown as ContainerSpec;
  await fetcher.fetch(spec, new AbortController().signal);
  return sandbox;
}

const read = (...path: string[]): string => readFileSync(join(...path), "utf8");

/** The same file for a task that says what is in it. */
function withSum(text: string): FetchUri[] {
  const checksum = `sha256-${createHash("sha256").update(text).digest("hex")}`;
  return any.map((uri) => ({ ...uri, checksum }));
}

test("fetches once more what no longer has the checksum that is asked for", async () => {
  answer = (_, response) => void response.end("one");
  expect(read(await fetched(any, "first"), "tool")).toBe("one");
  answer = (_, response) => void response.end("two");
  expect(read(await fetched(any, "old"), "tool")).toBe("one");
  expect(read(await fetched(withSum("two"), "new"), "tool")).toBe("two");
  expect(read(await fetched(withSum("two"), "again"), "tool")).toBe("two");
  expect(read(await fetched(any, "any"), "tool")).toBe("two");
  expect(asked).toHaveLength(2);
  expect(readdirSync(join(folder, "cache"))).toHaveLength(1);
});

test("keeps nothing of what has another checksum also when it is fetched anew", async () => {
  const refused = { code: "FETCH_CHECKSUM" };
  await expect(fetched(withSum("other"))).rejects.toMatchObject(refused);
  expect(asked).toHaveLength(1);
  await fetched(any);
  await expect(fetched(withSum("other"))).rejects.toMatchObject(refused);
  expect(asked).toHaveLength(3);
  expect(readdirSync(join(folder, "cache"))).toEqual([]);
});

test("fails a wrong checksum alone, and none of those who wait for the same download", async () => {
  let finish = (): void => {};
  answer = (_, response) => {
    if (asked.length === 1) finish = () => response.end("hello");
    else response.end("hello");
  };
  const wrong = fetched(withSum("other"), "wrong");
  const failed = expect(wrong).rejects.toMatchObject({ code: "FETCH_CHECKSUM" });
  await until("it is asked for", () => asked.length === 1);
  const right = [fetched(withSum("hello"), "right"), fetched(any, "any")];
  const late = expect(fetched(withSum("other"), "late")).rejects.toMatchObject({
    code: "FETCH_CHECKSUM",
  });
  // Long enough for all to wait for the one download.
  await sleep(100);
  finish();
  await Promise.all([failed, late]);
  for (const sandbox of await Promise.all(right)) expect(read(sandbox, "tool")).toBe("hello");
  // What the last one waited for might have been older than its checksum.
  expect(asked.length).toBeGreaterThan(1);
});

test("gives nobody what was dropped, and leaves it to those who have it", async () => {
  const cache = new FetchCache(join(folder, "small"), 99);
  const fill = async (path: string) => writeFileSync(path, "some");
  const { signal } = new AbortController();
  const [first, second] = [
    await cache.lease("k", fill, signal),
    await cache.lease("k", fill, signal),
  ];
  expect([first.wasHere, second.wasHere]).toEqual([false, true]);
  first.drop();
  const newer = await cache.lease("k", fill, signal);
  expect(newer.wasHere).toBe(false);
  expect(read(second.path)).toBe("some");
  second.drop();
  expect(existsSync(second.path)).toBe(false);
  newer.release();
  expect((await cache.lease("k", fill, signal)).path).toBe(newer.path);
});
