import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  openSandboxFile,
  openSandboxPath,
  pathInSandbox,
  readSandboxFile,
  sandboxText,
  sandboxUrl,
} from "../../sdk/index.ts";

let server: Server;
let place = { ip: "127.0.0.1", port: 0, frameworkId: "fw/1", taskId: "a b" };
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    asked.push(request.url ?? "");
    if (url.pathname.endsWith("/broken")) {
      response.writeHead(200, { "content-length": "100" });
      response.write("only this");
      setTimeout(() => response.destroy(), 20);
    } else if (url.pathname.endsWith("/stdout")) {
      const offset = Number(url.searchParams.get("offset") ?? 0);
      const length = Number(url.searchParams.get("length") ?? 1e9);
      response.end("grüße".slice(offset, offset + length));
    } else if (url.pathname.endsWith("/trap")) {
      response.setHeader("content-type", "application/json");
      response.end('[{ "path": "/sandbox/.." }]');
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  place = { ...place, port: (server.address() as AddressInfo).port };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test("a file is asked for by framework, task and name, each part encoded", () => {
  const url = sandboxUrl({ ...place, ip: "::1", port: 80 }, "out/ä.txt", { offset: 3, length: 9 });
  expect(url.href).toBe("http://[::1]/sandbox/fw%2F1/a%20b/out/%C3%A4.txt?offset=3&length=9");
});

test("a file is read whole or from an offset, as bytes or as text", async () => {
  expect(await sandboxText(place, "stdout")).toBe("grüße");
  expect(await sandboxText(place, "stdout", { offset: 3, length: 1 })).toBe("ß");
  expect(await readSandboxFile(place, "stdout", { offset: 99 })).toEqual(new Uint8Array());
  expect(asked[0]).toBe("/sandbox/fw%2F1/a%20b/stdout");
});

test("files that are missing, cut short, or on a lost agent are coded errors", async () => {
  const code = expect.objectContaining({ code: "SANDBOX_UNREADABLE" });
  await expect(readSandboxFile(place, "missing")).rejects.toEqual(code);
  await expect(readSandboxFile(place, "broken")).rejects.toEqual(code);
  await expect(readSandboxFile({ ...place, port: 1 }, "stdout")).rejects.toEqual(code);
});

test("a stream that its reader gives up ends the request", async () => {
  const body = await openSandboxFile(place, "stdout");
  await body.cancel();
  await expect(openSandboxFile(place, "stdout", {}, AbortSignal.abort())).rejects.toMatchObject({
    code: "SANDBOX_UNREADABLE",
  });
});

test("paths stay in the sandbox, whatever way they take", () => {
  const plain = (path: string) => pathInSandbox(path);
  expect(["a//b/", "/a", "b/../a", "", ".", "/", "..a", "a/.."].map(plain)).toEqual([
    "a/b",
    "a",
    "a",
    "",
    "",
    "",
    "..a",
    "",
  ]);
  for (const path of ["..", "../a", "a/../../b", "/..", "a/../.."]) {
    expect(() => pathInSandbox(path), path).toThrow(/leads out of the sandbox/);
  }
});

test("a list that would name something else than a file in the folder is refused", async () => {
  await expect(openSandboxPath(place, "trap")).rejects.toMatchObject({
    code: "SANDBOX_UNREADABLE",
  });
});
