import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { ask, stream, subscribeCall } from "./support/client.ts";
import { masterInfo, ScriptedMaster } from "./support/scripted-master.ts";

const JSON_TYPE = { "content-type": "application/json" };
let master: ScriptedMaster;

beforeAll(async () => {
  master = await ScriptedMaster.start();
});
afterAll(() => master.stop());

/** A subscribed framework. */
async function subscribed(info: object = {}) {
  const events = await stream(master.port, { body: subscribeCall(info) });
  const first = await events.any();
  const id = first?.subscribed?.framework_id.value ?? "";
  const headers = { ...JSON_TYPE, "mesos-stream-id": events.streamId };
  return { events, id, framework_id: { value: id }, headers };
}

describe("§6.1 a scheduler's request is checked in this order", () => {
  const call = { type: "REVIVE", framework_id: { value: "f" } };
  // Each row is right in what the rows before it get wrong, and wrong in everything after it.
  it.each([
    ["method", { method: "GET", headers: {} }, 405, /POST/],
    ["no Content-Type", { headers: {}, body: "{" }, 400, /Content-Type/],
    ["other Content-Type", { headers: { "content-type": "text/plain" }, body: "{" }, 415, /json/],
    ["no JSON", { body: "{" }, 400, /^Failed to parse body into JSON/],
    ["no JSON object", { body: "[]" }, 400, /^Failed to parse body into JSON/],
    ["not UTF-8", { body: Buffer.from([0x22, 0xff, 0x22]) }, 400, /^Failed to parse/],
    ["empty body", { body: "" }, 400, /^Failed to parse/],
    ["required field", { body: { type: "KILL", kill: {} } }, 400, /kill\.task_id/],
    ["no type", { body: {} }, 400, /Expecting 'type' to be present/],
    ["unheard-of type", { body: { type: "DANCE" } }, 400, /Expecting 'type' to be present/],
    ["type UNKNOWN", { body: { type: "UNKNOWN" } }, 501, /./],
    ["no submessage", { body: { type: "KILL" } }, 400, /Expecting 'kill' to be present/],
    ["no framework", { body: { type: "REVIVE" } }, 400, /Expecting 'framework_id' to be present/],
    ["unknown framework", { body: call }, 400, /Framework cannot be found/],
  ])("%s", async (_, what, status, text) => {
    const answer = await ask(master.port, what as never);
    expect(answer.status).toBe(status);
    expect(answer.text).toMatch(text);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
  });

  test("405 says what is allowed (§1.6)", async () => {
    const answer = await ask(master.port, { method: "GET", headers: {} });
    expect(answer.headers.allow).toBe("POST");
  });

  test("a framework that is gone is 403, before its stream id is looked at", async () => {
    const { events, framework_id } = await subscribed();
    const before = master.closed.length;
    events.close();
    await master.gone(before + 1);
    const answer = await ask(master.port, { body: { type: "REVIVE", framework_id } });
    expect([answer.status, answer.text]).toEqual([403, "Framework is not subscribed"]);
  });

  test("no stream id is 400, a wrong one is 400, the right one is 202 and empty (§2.4)", async () => {
    const { events, framework_id, headers } = await subscribed();
    const body = { type: "REVIVE", framework_id };
    const without = await ask(master.port, { body });
    expect([without.status, without.text]).toEqual([400, expect.stringMatching("Mesos-Stream-Id")]);
    const stale = { ...headers, "mesos-stream-id": "130ae4e3-6b13-4ef4-baa9-9f2e85c3e9af" };
    const wrong = await ask(master.port, { body, headers: stale });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringMatching("didn't match")]);
    const right = await ask(master.port, { body, headers });
    expect([right.status, right.text]).toEqual([202, ""]);
    expect(right.headers["content-length"]).toBe("0");
    expect(right.headers["content-type"]).toBeUndefined();
    expect((await master.heard("revive")).call).toEqual({ type: "revive" });
    events.close();
  });

  test.each(["text/html", "application/json;q=0", "application/x-protobuf;q=0, text/*"])(
    "SUBSCRIBE with Accept %s is 406 (§2.2)",
    async (accept) => {
      const headers = { ...JSON_TYPE, accept };
      const answer = await ask(master.port, { headers, body: subscribeCall() });
      expect(answer.status).toBe(406);
    },
  );

  test("SUBSCRIBE with a stream id is 400", async () => {
    const headers = { ...JSON_TYPE, "mesos-stream-id": "x" };
    expect((await ask(master.port, { headers, body: subscribeCall() })).status).toBe(400);
  });

  test.each([
    ["id only in the call", { ...subscribeCall(), framework_id: { value: "a" } }],
    ["id only in the info", { ...subscribeCall({ id: { value: "a" } }), framework_id: null }],
  ])("SUBSCRIBE with the %s is 400 (§6.2)", async (_, body) => {
    const answer = await ask(master.port, { body });
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching("framework_id")]);
  });

  test.each([
    [
      "ACKNOWLEDGE",
      { agent_id: { value: "a" }, task_id: { value: "t" }, uuid: "AAAA" },
      /16 bytes/,
    ],
    [
      "ACKNOWLEDGE_OPERATION_STATUS",
      { operation_id: { value: "o" }, uuid: Buffer.alloc(16).toString("base64") },
      /agent_id/,
    ],
    ["UPDATE_FRAMEWORK", { framework_info: { user: "u", name: "n" } }, /differs/],
  ])("%s with a bad body is 400 (§6.2)", async (type, inner, text) => {
    const body = { type, framework_id: { value: "f" }, [type.toLowerCase()]: inner };
    const answer = await ask(master.port, { body });
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(text)]);
  });
});

describe("§4 a master that does not lead", () => {
  test("sends clients to the leader with host and port, before any other check (4.1)", async () => {
    master.standing = "standby";
    try {
      const path = "/master/api/v1/scheduler?a=b";
      const answer = await ask(master.port, { path, method: "GET", headers: {} });
      expect(answer.status).toBe(307);
      expect(answer.headers.location).toBe("//localhost:5050/master/api/v1/scheduler?a=b");
      master.leader = undefined;
      const none = await ask(master.port, { body: subscribeCall() });
      expect([none.status, none.text]).toEqual([503, "No leader elected"]);
      expect((await ask(master.port, { method: "GET", path: "/redirect" })).status).toBe(503);
    } finally {
      master.standing = "leading";
      master.leader = masterInfo;
    }
  });

  test("answers 503 while it recovers (4.4)", async () => {
    master.standing = "recovering";
    try {
      const answer = await ask(master.port, { body: subscribeCall() });
      expect([answer.status, answer.text]).toEqual([503, "Master has not finished recovery"]);
    } finally {
      master.standing = "leading";
    }
  });

  test.each(["/redirect", "/master/redirect", "/redirect/"])(
    "%s leads to the leader on the leader itself, without a path (4.2)",
    async (path) => {
      const answer = await ask(master.port, { method: "GET", path, headers: {} });
      expect([answer.status, answer.headers.location]).toEqual([307, "//localhost:5050"]);
    },
  );

  test.each([
    ["POST", "/redirect"],
    ["GET", "/redirect/below"],
  ])("%s %s is 404 (4.2)", async (method, path) => {
    expect((await ask(master.port, { method, path, headers: {} })).status).toBe(404);
  });
});

describe("§1 routing and bodies", () => {
  test.each([
    "/api/v1/scheduler",
    "/master/api/v1/scheduler",
    "/api/v1/scheduler/",
    "/api/v1/scheduler/x",
  ])("%s is the scheduler API (1.1, 1.2)", async (path) => {
    const answer = await ask(master.port, { path, body: {} });
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching("'type'")]);
  });

  test.each(["/version", "/master/version", "/version.json"])(
    "%s is plain numbers (1.5)",
    async (path) => {
      const answer = await ask(master.port, { method: "GET", path, headers: {} });
      expect(answer.headers["content-type"]).toBe("application/json");
      expect(JSON.parse(answer.text).version).toMatch(/^\d+\.\d+\.\d+$/);
    },
  );

  test("/health is 200 and empty, jsonp wraps a view (1.6)", async () => {
    const health = await ask(master.port, { method: "GET", path: "/master/health", headers: {} });
    expect([health.status, health.text]).toEqual([200, ""]);
    const path = "/master/version?jsonp=f";
    const wrapped = await ask(master.port, { method: "GET", path, headers: {} });
    expect(wrapped.text).toMatch(/^f\(\{.*\}\);$/);
    const evil = await ask(master.port, {
      method: "GET",
      path: "/version?jsonp=a(b)",
      headers: {},
    });
    expect(evil.status).toBe(400);
  });

  test("gzip bodies are unpacked, and not beyond the bound (1.8)", async () => {
    const headers = { ...JSON_TYPE, "content-encoding": "gzip" };
    const packed = await ask(master.port, { headers, body: gzipSync("{}") });
    expect([packed.status, packed.text]).toEqual([400, expect.stringMatching("'type'")]);
    const bomb = await ask(master.port, { headers, body: gzipSync(Buffer.alloc(8 << 20)) });
    expect([bomb.status, bomb.text]).toEqual([400, expect.stringMatching("unpacks to more")]);
    const torn = await ask(master.port, { headers, body: "no gzip" });
    expect(torn.status).toBe(400);
    const other = { ...JSON_TYPE, "content-encoding": "br" };
    expect((await ask(master.port, { headers: other, body: "{}" })).status).toBe(400);
  });

  test("a body over the bound is 413", async () => {
    const body = `{"x":"${"a".repeat(2 << 20)}"}`;
    const answer = await ask(master.port, { body }).catch((error: Error) => error);
    // The connection is closed after the answer, which a client that still writes may not see.
    if (!(answer instanceof Error)) expect(answer.status).toBe(413);
    expect((await ask(master.port, { body: {} })).status).toBe(400);
  });
});

describe("§2.5 authentication", () => {
  test("401 names the realm, a wrong principal is 400, the right one subscribes", async () => {
    const guarded = await ScriptedMaster.start({
      credentials: [
        { principal: "p", secret: "s:1" },
        { principal: "q", secret: "t" },
      ],
    });
    try {
      const no = await ask(guarded.port, { body: subscribeCall() });
      expect([no.status, no.headers["www-authenticate"]]).toEqual([
        401,
        'Basic realm="mesos-master-scheduler"',
      ]);
      const basic = (text: string) => ({
        ...JSON_TYPE,
        authorization: `Basic ${Buffer.from(text).toString("base64")}`,
      });
      const bad = await ask(guarded.port, { headers: basic("p:x"), body: subscribeCall() });
      expect(bad.status).toBe(401);
      const other = subscribeCall({ principal: "q" });
      expect((await ask(guarded.port, { headers: basic("p:s:1"), body: other })).status).toBe(400);
      const events = await stream(guarded.port, { headers: basic("p:s:1"), body: subscribeCall() });
      const { call } = await guarded.heard("subscribe");
      expect(call).toMatchObject({ framework: { principal: "p" } });
      const value = (await events.any())?.subscribed?.framework_id.value;
      const body = { type: "REVIVE", framework_id: { value } };
      const stolen = { ...basic("q:t"), "mesos-stream-id": events.streamId };
      const answer = await ask(guarded.port, { headers: stolen, body });
      expect([answer.status, answer.text]).toEqual([400, expect.stringMatching("principal 'q'")]);
      events.close();
    } finally {
      await guarded.stop();
    }
  });
});
