import { connect } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect } from "vitest";
import { softwareVersion } from "../../../wire/index.ts";
import { ask } from "../support/client.ts";
import { encoded } from "../support/framework.ts";
import { both, type Client, jsonOnly, type Row } from "./suite.ts";

const NO_TYPE = /Expecting 'type' to be present/;
const views = ["/flags", "/frameworks", "/metrics/snapshot", "/roles", "/slaves", "/state"];
const allViews = [...views, "/state-summary", "/tasks", "/version", "/health"];

/** Sends text to the master and answers all that comes until it holds `count` answers. */
function exchange(
  client: Client,
  text: string | Buffer,
  count: number,
  end = /\}$/,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(client.master, "127.0.0.1", () => socket.write(text));
    let all = "";
    const done = (): void => {
      socket.destroy();
      resolve(all);
    };
    socket.on("data", (more) => {
      all += more.toString("latin1");
      if (all.split("HTTP/1.1 ").length > count && end.test(all)) done();
    });
    socket.on("end", done);
    socket.on("error", reject);
  });
}

const request = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: m\r\n${more}\r\n`;

/** §1: the surface and its routes. */
const routing: Row[] = [
  both("1.1", "the scheduler API is served with and without /master", async (client) => {
    for (const path of ["/api/v1/scheduler", "/master/api/v1/scheduler"]) {
      const answer = await client.send({}, {}, path);
      expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(NO_TYPE)]);
    }
  }),
  both(
    "1.1",
    "the executor API is served bare, as slave(1) and as slave%281%29",
    async (client) => {
      for (const prefix of ["", "/slave(1)", "/slave%281%29"]) {
        const { headers } = encoded(client.wire, {});
        const path = `${prefix}/api/v1/executor`;
        const answer = await ask(client.agent, { path, headers, body: "{" });
        expect([answer.status, answer.text]).toEqual([
          400,
          expect.stringMatching(/executor::Call/),
        ]);
      }
    },
  ),
  both("1.2", "deeper paths belong to the nearest above, a last slash to none", async (client) => {
    for (const path of ["/api/v1/operator", "/api/v1/", "/master/api/v1/x/y"]) {
      expect((await client.operator({ type: "GET_HEALTH" }, path)).value).toEqual({
        type: "GET_HEALTH",
        get_health: { healthy: true },
      });
    }
    expect((await client.send({}, {}, "/api/v1/scheduler/")).text).toMatch(NO_TYPE);
  }),
  both("1.2", "several slashes are one, as clients send them", async (client) => {
    for (const path of ["//api/v1/scheduler", "/master//api/v1/scheduler"]) {
      expect((await client.send({}, {}, path)).text).toMatch(NO_TYPE);
    }
    expect(await client.view("//master//state")).toHaveProperty("frameworks");
  }),
  jsonOnly("1.2", "paths with .. in them are 404", async (client) => {
    expect(await exchange(client, request("/master/../state", "Connection: close\r\n"), 9)).toMatch(
      /^HTTP\/1\.1 404/,
    );
  }),
  jsonOnly("1.3", "views have an alias in .json", async (client) => {
    for (const path of views) {
      const answer = await client.get(`${path}.json`);
      expect([path, answer.status]).toEqual([path, 200]);
      expect(JSON.parse(answer.text)).toBeTypeOf("object");
    }
  }),
  jsonOnly("1.4", "each view is served with and without /master", async (client) => {
    for (const path of allViews) {
      for (const prefix of ["", "/master"]) {
        expect([path, (await client.get(prefix + path)).status]).toEqual([path, 200]);
      }
    }
    expect((await client.get("/no-such-page")).status).toBe(404);
  }),
  jsonOnly("1.5", "/version is dotted numbers, from 1.0.0 on", async (client) => {
    const { version, ...rest } = await client.view<Record<string, unknown>>("/version");
    expect(version).toMatch(/^[1-9]\d*\.\d+\.\d+$/);
    expect(rest).toMatchObject({
      build_date: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      build_time: expect.any(Number),
      build_user: "",
      git_sha: expect.stringMatching(/^([0-9a-f]{40,64})?$/),
    });
    expect(rest).toMatchObject({ software: "tepui", tepui_version: softwareVersion() });
  }),
  jsonOnly("1.6", "the v1 endpoints take POST, and say so", async (client) => {
    for (const path of ["/api/v1", "/api/v1/scheduler"]) {
      const answer = await client.get(path);
      expect([answer.status, answer.headers["allow"]]).toEqual([405, "POST"]);
    }
    const agent = await ask(client.agent, { method: "GET", path: "/api/v1/executor", headers: {} });
    expect([agent.status, agent.headers["allow"]]).toEqual([405, "POST"]);
  }),
  jsonOnly("1.6", "views take GET, and wrap their answer for jsonp", async (client) => {
    const posted = await ask(client.master, { path: "/state", body: "{}" });
    expect([posted.status, posted.headers["allow"]]).toEqual([405, "GET"]);
    const wrapped = await client.get("/version?jsonp=call.back");
    expect(wrapped.text).toMatch(/^call\.back\(\{.*\}\);$/);
  }),
  jsonOnly("1.7", "messages of libprocess are 404", async (client) => {
    const headers = { "user-agent": "libprocess/scheduler(1)@10.0.0.1:5000" };
    const path = "/master/mesos.internal.RegisterFrameworkMessage";
    expect((await ask(client.master, { path, headers, body: "x" })).status).toBe(404);
  }),
];

/** §1.8: connections and bodies. */
const bodies: Row[] = [
  jsonOnly("1.8", "connections are kept, pipelined requests answered in order", async (client) => {
    const text = await exchange(
      client,
      request("/version") + request("/health") + request("/flags"),
      3,
    );
    const answers = text.split("HTTP/1.1 ").slice(1);
    expect(answers).toHaveLength(3);
    expect(answers[0]).toContain('"version"');
    expect(answers[1]).toMatch(/^200 OK[^{]*Content-Length: 0/s);
    expect(answers[2]).toContain('"flags"');
  }),
  both("1.8", "calls of a scheduler may be pipelined, whatever they are", async (client) => {
    const framework = await client.framework({ name: "before" });
    const { headers: form, body: revive } = framework.encode("REVIVE");
    const framework_info = {
      user: "root",
      name: "before",
      id: framework.id,
      webui_url: "http://u",
    };
    const update = framework.encode("UPDATE_FRAMEWORK", { update_framework: { framework_info } });
    const bad = { framework_info: { ...framework_info, user: "other" } };
    const wrong = framework.encode("UPDATE_FRAMEWORK", { update_framework: bad });
    const bytes = [revive, update.body, wrong.body, revive].map((body) => {
      const lines = ["POST /api/v1/scheduler HTTP/1.1", "Host: m"];
      const all = { ...form, "content-length": body.length };
      for (const [name, value] of Object.entries(all)) lines.push(`${name}: ${value}`);
      return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
    });
    const path = `/frameworks?framework_id=${framework.id?.value}`;
    const links = async (): Promise<string[]> => {
      const { frameworks } = await client.view<{ frameworks: { webui_url: string }[] }>(path);
      return frameworks.map(({ webui_url }) => webui_url);
    };
    expect(await links()).toEqual([""]);
    const text = await exchange(client, Buffer.concat(bytes), 4, /\r\n\r\n$/);
    const heads = text.match(/HTTP\/1\.1 \d+/g)?.map((head) => Number(head.slice(-3)));
    expect(heads).toEqual([202, 200, 400, 202]);
    expect(await links()).toEqual(["http://u"]);
  }),
  jsonOnly(
    "1.8",
    "HTTP/1.0 is refused, so that a proxy that speaks it is noticed",
    async (client) => {
      expect(await exchange(client, "GET /version HTTP/1.0\r\n\r\n", 9)).toMatch(/^HTTP\/1\.1 505/);
    },
  ),
  jsonOnly("1.8", "Connection: close is done", async (client) => {
    const text = await exchange(client, request("/version", "Connection: close\r\n"), 9);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    expect(text).toMatch(/\r\nconnection: close\r\n/i);
  }),
  both("1.8", "bodies may come in chunks", async (client) => {
    const { headers, body } = encoded(client.wire, { type: "REVIVE" });
    const lines = ["POST /api/v1/scheduler HTTP/1.1", "Host: m", "Connection: close"];
    lines.push(`Content-Type: ${headers["content-type"]}`, "Transfer-Encoding: chunked", "", "");
    const cut = body.length >> 1;
    const chunk = (part: Buffer): Buffer[] => [
      Buffer.from(`${part.length.toString(16)}\r\n`),
      part,
      Buffer.from("\r\n"),
    ];
    const parts = [...chunk(body.subarray(0, cut)), ...chunk(body.subarray(cut))];
    const all = Buffer.concat([
      Buffer.from(lines.join("\r\n")),
      ...parts,
      Buffer.from("0\r\n\r\n"),
    ]);
    expect(await exchange(client, all, 9)).toContain("Expecting 'framework_id' to be present");
  }),
  both("1.8", "bodies may be packed with gzip", async (client) => {
    const { headers, body } = encoded(client.wire, { type: "REVIVE" });
    const answer = await client.raw(gzipSync(body), { ...headers, "content-encoding": "gzip" });
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching("'framework_id'")]);
  }),
  jsonOnly("1.8", "answers from 1 KiB on are packed for those who take it", async (client) => {
    const packed = await client.get("/state", { "accept-encoding": "gzip" });
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(JSON.parse(gunzipSync(packed.body).toString("utf8"))).toHaveProperty("slaves");
    const small = await client.get("/version", { "accept-encoding": "gzip" });
    expect(small.headers["content-encoding"]).toBeUndefined();
  }),
];

const accepts: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, "application/json"],
  ["*/*", "application/json"],
  ["application/*", "application/json"],
  ["application/json, application/x-protobuf", "application/json"],
  ["application/x-protobuf, application/json;q=0.1", "application/json"],
  ["APPLICATION/X-PROTOBUF", "application/x-protobuf"],
  ["application/json;q=0, application/x-protobuf", "application/x-protobuf"],
  ["application/json;q=0, */*", "application/x-protobuf"],
  ["text/html", undefined],
  ["application/json;q=0", undefined],
];

/** §2: what form a request is in, and what form it is answered in. */
const negotiation: Row[] = [
  both("2.1", "a charset after the type of a request is let pass", async (client) => {
    const { headers, body } = encoded(client.wire, {});
    const type = `${headers["content-type"]}; charset=utf-8`;
    expect((await client.raw(body, { "content-type": type })).text).toMatch(NO_TYPE);
  }),
  both(
    "2.2",
    "Accept decides the form of the answer, JSON wherever it is taken",
    async (client) => {
      for (const [accept, expected] of accepts) {
        const { headers, body } = encoded(client.wire, { type: "GET_HEALTH" });
        const sent: Record<string, string> = { "content-type": headers["content-type"] as string };
        if (accept !== undefined) sent["accept"] = accept;
        const path = "/api/v1";
        const own = client.wire === "json" ? body : Buffer.from("0801", "hex");
        const answer = await ask(client.master, { path, headers: sent, body: own });
        const got = answer.status === 200 ? answer.headers["content-type"] : undefined;
        expect([accept, got]).toEqual([accept, expected]);
        if (expected === undefined) expect(answer.status).toBe(406);
      }
    },
  ),
  both("2.2", "Accept matters to SUBSCRIBE, and not to calls without a body", async (client) => {
    expect((await client.open({}, { accept: "text/html" })).status).toBe(406);
    const framework = await client.framework();
    const { headers, body } = encoded(client.wire, { type: "REVIVE", framework_id: framework.id });
    const id = { "mesos-stream-id": framework.events.streamId };
    expect((await client.raw(body, { ...headers, ...id, accept: "text/html" })).status).toBe(202);
  }),
  both("2.3", "answers and streams have the exact type, without a charset", async (client) => {
    const type = client.wire === "json" ? "application/json" : "application/x-protobuf";
    expect((await client.operator({ type: "GET_HEALTH" })).headers["content-type"]).toBe(type);
    expect((await client.open()).headers["content-type"]).toBe(type);
  }),
  both("2.4", "single answers have a length, streams are chunked and have none", async (client) => {
    const answer = await client.operator({ type: "GET_HEALTH" });
    expect(Number(answer.headers["content-length"])).toBe(answer.body.length);
    const framework = await client.framework();
    expect(framework.events.headers["transfer-encoding"]).toBe("chunked");
    expect(framework.events.headers["content-length"]).toBeUndefined();
    const revive = await framework.ask("REVIVE");
    expect(revive.headers["content-length"]).toBe("0");
    expect(revive.headers["content-type"]).toBeUndefined();
  }),
  both("2.5", "refusals are plain text, the reason", async (client) => {
    const answer = await client.send({ type: "REVIVE", framework_id: { value: "none" } });
    expect([answer.status, answer.text]).toEqual([400, "Framework cannot be found"]);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
  }),
];

/** §4: finding the leader, as far as one master can show it. */
const leading: Row[] = [
  jsonOnly(
    "4.2",
    "/redirect leads to host and port of the leader, on itself too",
    async (client) => {
      for (const path of ["/redirect", "/master/redirect"]) {
        const { status, headers } = await client.get(path);
        expect([status, headers["location"]]).toEqual([307, `//127.0.0.1:${client.master}`]);
        const posted = await ask(client.master, { path, headers: {}, body: "" });
        expect([posted.status, (await client.get(`${path}/x`)).status]).toEqual([404, 404]);
      }
    },
  ),
];

/** §1, §2 and §4 of the API's description. */
export const surfaceRows: readonly Row[] = [...routing, ...bodies, ...negotiation, ...leading];
