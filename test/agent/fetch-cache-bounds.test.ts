import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FetchCache, type Fill } from "../../agent/fetcher/cache.ts";
import { Fetcher } from "../../agent/fetcher/fetcher.ts";
import type { ContainerSpec } from "../../contract/ports/isolator.ts";
import { until } from "../support/until.ts";

const CACHE_BYTES = 100_000;

let folder: string;
let fetcher: Fetcher;
let server: Server;
let base: string;
let answer: (response: ServerResponse) => void;
let asked: number;
/** Answers whose receivers are still there. */
let open: Set<ServerResponse>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tepui-fetch-"));
  fetcher = new Fetcher(join(folder, "cache"), { cacheSize: CACHE_BYTES, stallTimeout: 60_000 });
  asked = 0;
  open = new Set();
  server = createServer((_, response) => {
    asked++;
    open.add(response);
    response.on("close", () => open.delete(response));
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

/** Fetches into a sandbox of that name, and gives its path. */
async function fetched(value: string, name: string, signal = new AbortController().signal) {
  const sandbox = join(folder, name);
  mkdirSync(sandbox, { recursive: true });
  const uris = [{ value, cache: true, outputFile: "file" }];
  await fetcher.fetch({ sandbox, command: { uris } } as unknown as ContainerSpec, signal);
  return readFileSync(join(sandbox, "file"), "latin1");
}

const cached = (): string[] => readdirSync(join(folder, "cache"));
const used = (): number | undefined =>
  fetcher.figures()["containerizer/fetcher/cache_size_used_bytes"];

describe("a fetch into the cache (F42)", () => {
  test("ends when the last who waits for it is called off, and not before", async () => {
    const cache = new FetchCache(join(folder, "small"), 99);
    const fills: { signal: AbortSignal; end: () => void }[] = [];
    const fill: Fill = (path, { signal }) =>
      new Promise((resolve, reject) => {
        writeFileSync(path, "some");
        fills.push({ signal, end: resolve });
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    const waiting = (reason: string) => {
      const abort = new AbortController();
      const lease = cache.lease("k", fill, abort.signal);
      lease.catch(() => {});
      const callOff = async (): Promise<void> => {
        abort.abort(new Error(reason));
        await expect(lease).rejects.toThrow(reason);
      };
      return { lease, callOff };
    };
    const [a, b, c] = [waiting("a"), waiting("b"), waiting("c")];
    await a.callOff();
    await b.callOff();
    expect(fills.map(({ signal }) => signal.aborted)).toEqual([false]);
    await c.callOff();
    expect(fills.map(({ signal }) => signal.aborted)).toEqual([true]);
    // Who comes now gets another one, and who leaves does not take it from those who stay.
    const [d, e] = [waiting("d"), waiting("e")];
    await d.callOff();
    fills[1]?.end();
    const { path, release } = await e.lease;
    expect([fills.length, readFileSync(path, "utf8"), cache.bytes]).toEqual([2, "some", 4]);
    await until("the first is gone", () => readdirSync(join(folder, "small")).length === 1);
    release();
  });

  test("leaves nothing when nobody waits, and is done anew for the next", async () => {
    answer = (response) => void response.write("begun");
    const abort = new AbortController();
    const done = fetched(`${base}/live`, "a", abort.signal);
    const told = expect(done).rejects.toThrow("called off");
    await until("it has begun", () => cached().length === 1 && open.size === 1);
    abort.abort(new Error("called off"));
    answer = (response) => void response.end("whole");
    // Asked for at once, while the first one is still being ended.
    expect(await fetched(`${base}/live`, "b")).toBe("whole");
    await told;
    await until("the server sends to nobody", () => open.size === 0);
    await until("one file is there", () => cached().length === 1);
    expect(await fetched(`${base}/live`, "c")).toBe("whole");
    expect([asked, used()]).toEqual([2, 5]);
  });

  const large = "x".repeat(3 * CACHE_BYTES);

  test.each<[string, (response: ServerResponse) => void]>([
    ["says its length", (response) => response.writeHead(200, { "content-length": large.length })],
    ["does not", () => {}],
  ])("of more than there is room for goes past it, where a server %s", async (_how, begin) => {
    let most = 0;
    answer = (response) => {
      begin(response);
      response.end(large);
    };
    const watch = setInterval(() => {
      most = Math.max(most, ...cached().map((name) => sizeOf(join(folder, "cache", name))));
    }, 1);
    expect(await fetched(`${base}/large`, "a")).toBe(large);
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(CACHE_BYTES);
    expect([asked, cached(), used()]).toEqual([2, [], 0]);
  });

  test("of a file of this host that is too large goes past it as well", async () => {
    const path = join(folder, "large");
    writeFileSync(path, large);
    expect(await fetched(path, "a")).toBe(large);
    expect([cached(), used()]).toEqual([[], 0]);
  });

  test("takes the room of what nobody uses, and counts what is on its way", async () => {
    const most = "y".repeat(CACHE_BYTES - 10);
    answer = (response) => void response.end(most);
    await fetched(`${base}/old`, "a");
    answer = (response) => {
      response.writeHead(200, { "content-length": CACHE_BYTES });
      response.write("x");
    };
    const abort = new AbortController();
    const slow = fetched(`${base}/slow`, "b", abort.signal);
    const told = expect(slow).rejects.toThrow("called off");
    await until("the old one went", () => used() === CACHE_BYTES && cached().length === 1);
    answer = (response) => void response.end("small");
    expect(await fetched(`${base}/small`, "c")).toBe("small");
    expect(cached()).toHaveLength(1);
    abort.abort(new Error("called off"));
    await told;
    expect(await fetched(`${base}/small`, "c")).toBe("small");
    expect(used()).toBe(5);
  });
});

describe("what is no regular file of this host", () => {
  test.each([true, false])("is not fetched, with cache: %s", async (cache) => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const value of ["/dev/zero", pipe, folder]) {
      const uris = [{ value, cache, outputFile: "file" }];
      const spec = { sandbox: folder, command: { uris } } as unknown as ContainerSpec;
      await expect(fetcher.fetch(spec, AbortSignal.timeout(20_000))).rejects.toMatchObject({
        code: "FETCH_FAILED",
        message: expect.stringContaining("is no regular file"),
      });
    }
    expect(cached()).toEqual([]);
  });

  test("is not a file that the kernel makes up and calls empty", async () => {
    expect(await fetched("/proc/version", "a")).toBe(readFileSync("/proc/version", "latin1"));
  });
});

function sizeOf(path: string): number {
  try {
    return readFileSync(path).length;
  } catch {
    return 0;
  }
}
