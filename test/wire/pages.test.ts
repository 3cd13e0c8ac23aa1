import { request as httpRequest, type RequestOptions } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HttpBench, httpBench } from "./http-bench.ts";

let bench: HttpBench;
beforeEach(async () => {
  bench = await httpBench({ pageHosts: ["console.example"] });
  bench.router.route("POST", "/change", (exchange) => exchange.respond(200, {}));
});
afterEach(() => bench.stop());

/** The status of an answer; 101 for one that became a WebSocket. */
function asked(path: string, options: RequestOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(bench.url + path, options);
    sent.on("response", (response) => resolve(response.resume().statusCode ?? 0));
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve(101);
    });
    sent.on("error", reject);
    sent.end();
  });
}

const upgrade = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

test.each([
  ["127.0.0.1", "127.0.0.1", true],
  ["127.0.0.1", "evil.example", false],
  // A name that was bound anew to this machine: to its browser the page is of this host.
  ["evil.example", "evil.example", false],
  ["console.example", "console.example", true],
  ["localhost", "localhost", true],
  ["[::1]", "[::1]", true],
])("a call to %s by a page of %s is heard: %s", async (host, page, isHeard) => {
  const { port } = bench;
  const headers = { host: `${host}:${port}`, origin: `http://${page}:${port}` };
  expect(await asked("/change", { method: "POST", headers })).toBe(isHeard ? 200 : 403);
  const upgraded = await asked("/tepui/v1", { headers: { ...headers, ...upgrade } });
  expect(upgraded).toBe(isHeard ? 101 : 403);
});
