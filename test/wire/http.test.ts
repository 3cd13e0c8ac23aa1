import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { errors } from "../../contract/errors.ts";
import { until } from "../support/until.ts";
import { type HttpBench, httpBench } from "./http-bench.ts";

let bench: HttpBench;
beforeEach(async () => {
  bench = await httpBench();
});
afterEach(() => bench.stop());

const echo = (): void =>
  bench.router.route("POST", "/echo", async (exchange) => {
    const body = await exchange.readBody(100_000);
    exchange.respond(200, { "content-type": "text/plain" }, body);
  });

async function json(path: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  const response = await fetch(bench.url + path, init);
  return { status: response.status, ...((await response.json()) as object) };
}

describe("routes", () => {
  test("an exact path wins over prefixes, a longer prefix over a shorter one", async () => {
    for (const path of ["/*", "/a/*", "/a/b/*", "/a/b"]) {
      bench.router.route("*", path, (exchange) => {
        exchange.respond(200, {}, `${path} ${exchange.path} [${exchange.rest}]`);
      });
    }
    const at = async (path: string): Promise<string> => (await fetch(bench.url + path)).text();
    expect(await at("/a/b")).toBe("/a/b /a/b []");
    expect(await at("/a/b/")).toBe("/a/b /a/b []");
    expect(await at("/a/b/c/d")).toBe("/a/b/* /a/b/c/d [c/d]");
    expect(await at("/a")).toBe("/a/* /a []");
    expect(await at("/ab")).toBe("/* /ab [ab]");
    expect(await at("/")).toBe("/* / []");
    expect(await at("/a/slave%281%29")).toBe("/a/* /a/slave(1) [slave(1)]");
  });

  test("an unknown path is 404 and a wrong method is 405 with what is allowed", async () => {
    bench.router.route("POST", "/only", (exchange) => exchange.respond(202, {}));
    bench.router.route("GET", "/read", (exchange) => exchange.respond(200, {}));
    expect(await json("/nowhere")).toMatchObject({ status: 404, code: "ROUTE_UNKNOWN" });
    expect(await json("/only")).toMatchObject({ status: 405, code: "METHOD_NOT_ALLOWED" });
    expect((await fetch(`${bench.url}/only`)).headers.get("allow")).toBe("POST");
    const wrong = await fetch(`${bench.url}/read`, { method: "PUT", body: "x" });
    expect(wrong.headers.get("allow")).toBe("GET, HEAD");
  });

  test("paths that climb, or do not decode, are nowhere", async () => {
    bench.router.route("*", "/*", (exchange) => exchange.respond(200, {}));
    const raw = await bench.socket();
    const long = `/${"x".repeat(5000)}`;
    for (const path of ["/../x", "/a/..", "/a/%2e%2e/b", "/%ff", "/a%00b", long]) {
      raw.socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`);
    }
    await until("answers or the end", () => raw.isClosed || raw.text().split("404 Not").length > 5);
    expect(raw.text()).not.toContain("200 OK");
    expect((await fetch(`${bench.url}/fine`)).status).toBe(200);
  });

  test("the same route twice is refused", () => {
    bench.router.route("GET", "/x", () => {});
    bench.router.route("POST", "/x", () => {});
    expect(() => bench.router.route("GET", "/x/", () => {})).toThrow(/already has a handler/);
  });

  test("a request is handed over with its query, headers and address", async () => {
    bench.router.route("GET", "/q", (exchange) => {
      const { method, query, headers, remote } = exchange;
      exchange.respond(200, {}, JSON.stringify({ method, query, x: headers["x-one"], remote }));
    });
    const got = await json("/q?a=1&b=%20", { headers: { "X-One": "yes" } });
    expect(got).toMatchObject({ method: "GET", query: "a=1&b=%20", x: "yes", remote: "127.0.0.1" });
  });
});

describe("answers", () => {
  test("a whole answer has its length, HEAD has it too but no body", async () => {
    bench.router.route("GET", "/x", (exchange) => exchange.respond(200, { etag: "1" }, "héllo"));
    const get = await fetch(`${bench.url}/x`);
    expect(get.headers.get("content-length")).toBe("6");
    expect(get.headers.get("transfer-encoding")).toBeNull();
    expect(await get.text()).toBe("héllo");
    const head = await fetch(`${bench.url}/x`, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("6");
    expect(head.headers.get("etag")).toBe("1");
    expect(await head.text()).toBe("");
  });

  test("an empty answer says that it has no bytes", async () => {
    bench.router.route("POST", "/x", (exchange) => exchange.respond(202, {}));
    const response = await fetch(`${bench.url}/x`, { method: "POST" });
    expect([response.status, response.headers.get("content-length")]).toEqual([202, "0"]);
  });

  test("a handler that throws answers 500 and the server goes on", async () => {
    bench.router.route("GET", "/throws", () => {
      throw new Error("a secret");
    });
    bench.router.route("GET", "/rejects", async () => {
      await null;
      throw new Error("a secret");
    });
    bench.router.route("GET", "/coded", () => {
      throw errors.FRAMEWORK_UNKNOWN("f1");
    });
    bench.router.route("GET", "/twice", (exchange) => {
      exchange.respond(200, {}, "one");
      exchange.respond(200, {}, "two");
    });
    bench.router.route("GET", "/split", (exchange) => {
      exchange.respond(200, { "x-a": "b\r\nset-cookie: c" });
    });
    for (const path of ["/throws", "/rejects", "/split"]) {
      const got = await json(path);
      expect(got).toMatchObject({ status: 500, code: "HANDLER_FAILED" });
      expect(JSON.stringify(got)).not.toContain("secret");
    }
    expect(await json("/coded")).toMatchObject({ status: 404, code: "FRAMEWORK_UNKNOWN" });
    expect(await (await fetch(`${bench.url}/twice`)).text()).toBe("one");
    await until("nothing is left", () => bench.open() === 0);
  });

  test("a handler that never answers is answered for", async () => {
    await bench.stop();
    bench = await httpBench({ answerDeadlineMs: 100 });
    bench.router.route("GET", "/never", () => {});
    expect(await json("/never")).toMatchObject({ status: 504, code: "ANSWER_LATE" });
  });

  test("an answer after the client has gone is a no-op", async () => {
    const order: string[] = [];
    bench.router.route("GET", "/slow", async (exchange) => {
      exchange.onAborted(() => order.push("aborted"));
      await until("the abort", () => exchange.isAborted);
      exchange.onAborted(() => order.push("late"));
      exchange.respond(200, {}, "nobody reads this");
      order.push("answered");
    });
    const raw = await bench.socket();
    raw.socket.write("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n");
    await until("the request", () => bench.open() === 1);
    raw.socket.destroy();
    await until("all of it", () => order.length === 3);
    expect(order).toEqual(["aborted", "late", "answered"]);
    await until("nothing is left", () => bench.open() === 0);
  });
});

describe("bodies", () => {
  test("come whole, with a length or in chunks, split wherever the network likes", async () => {
    echo();
    const text = "é".repeat(20_000);
    expect(await (await fetch(`${bench.url}/echo`, { method: "POST", body: text })).text()).toBe(
      text,
    );
    const raw = await bench.socket();
    const head = "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    // The request line comes at once: uWebSockets.js takes the first few bytes of one for an old
    // version of HTTP.
    raw.socket.write(head);
    for (const byte of `3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n`) {
      raw.socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until("the echo", () => raw.text().endsWith("abc0123456789"));
  });

  test("of no bytes are empty", async () => {
    echo();
    const response = await fetch(`${bench.url}/echo`, { method: "POST" });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  test("over the limit are refused, announced or not, and the connection closed", async () => {
    echo();
    for (const head of ["content-length: 200000", "transfer-encoding: chunked"]) {
      const raw = await bench.socket();
      const body = "x".repeat(200_000);
      const sent = head.startsWith("c") ? body : `30d40\r\n${body}\r\n0\r\n\r\n`;
      raw.socket.write(`POST /echo HTTP/1.1\r\nhost: x\r\n${head}\r\n\r\n${sent}`);
      await until("the end", () => raw.isClosed);
      expect(raw.text()).toContain("413 Payload Too Large");
      expect(raw.text()).toContain("BODY_TOO_LARGE");
    }
    await until("nothing is left", () => bench.open() === 0);
  });

  test("that stop coming are given up at the deadline", async () => {
    await bench.stop();
    bench = await httpBench({ bodyDeadlineMs: 200 });
    echo();
    const raw = await bench.socket();
    raw.socket.write("POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
    await until("the end", () => raw.isClosed);
    expect(raw.text()).toContain("408 Request Timeout");
    expect(raw.text()).toContain("BODY_LATE");
  });

  test("whose client goes away reject, and nothing is left", async () => {
    let code = "";
    bench.router.route("POST", "/up", async (exchange) => {
      await exchange.readBody(1000).catch((thrown) => {
        code = thrown.code;
        throw thrown;
      });
    });
    const raw = await bench.socket();
    raw.socket.write("POST /up HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc");
    await until("the request", () => bench.open() === 1);
    raw.socket.destroy();
    await until("the rejection", () => code !== "");
    expect(code).toBe("REQUEST_ABORTED");
    await until("nothing is left", () => bench.open() === 0);
  });

  test("asked for too late are our own mistake, and said to be", async () => {
    bench.router.route("POST", "/late", async (exchange) => {
      await null;
      await new Promise((resolve) => setImmediate(resolve));
      await exchange.readBody(10);
    });
    expect(await json("/late", { method: "POST", body: "x" })).toMatchObject({ status: 500 });
  });
});

describe("one connection", () => {
  test("serves pipelined requests in order, with bodies in between", async () => {
    echo();
    bench.router.route("GET", "/a", (exchange) => exchange.respond(200, {}, "first"));
    const raw = await bench.socket();
    raw.socket.write(
      "GET /a HTTP/1.1\r\nhost: x\r\n\r\n" +
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\nsecond" +
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" +
        "5\r\nthird\r\n0\r\n\r\n" +
        "GET /nowhere HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    await until("all four", () => raw.text().includes("ROUTE_UNKNOWN"));
    const text = raw.text();
    const order = ["first", "second", "third", "ROUTE_UNKNOWN"].map((word) => text.indexOf(word));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(raw.isClosed).toBe(false);
  });

  test("is closed by a request that overtakes an unanswered one, and only that one", async () => {
    let aborted = 0;
    bench.router.route("GET", "/waits", (exchange) => exchange.onAborted(() => void aborted++));
    const raw = await bench.socket();
    raw.socket.write(
      "GET /waits HTTP/1.1\r\nhost: x\r\n\r\nGET /waits HTTP/1.1\r\nhost: x\r\n\r\n",
    );
    await until("the end", () => raw.isClosed && aborted === 1);
    expect(await json("/nowhere")).toMatchObject({ status: 404 });
  });

  test("that speaks no HTTP hurts nobody", async () => {
    for (const noise of [
      "\0\0\0\0\r\n\r\n",
      "GET / HTTP/9.9\r\n\r\n",
      `GET / HTTP/1.1\r\nx: ${"y".repeat(90_000)}`,
    ]) {
      const raw = await bench.socket();
      raw.socket.end(noise);
      await until("the end", () => raw.isClosed);
    }
    expect(await json("/nowhere")).toMatchObject({ status: 404 });
  });
});
