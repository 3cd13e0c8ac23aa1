import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { silentLog } from "../../contract/ports/log.ts";
import { silentMetrics } from "../../contract/ports/metrics.ts";
import type { Transport, TransportHandlers } from "../../contract/ports/transport.ts";
import { create, type UwsConfig } from "../../plugins/transports/uws-msgpack/index.ts";
import { hubSettings, systemClock } from "../../wire/index.ts";
import { pause, until } from "../support/until.ts";

const folder = mkdtempSync(join(tmpdir(), "tepui-tls-"));
const keyFile = join(folder, "key.pem");
const certFile = join(folder, "cert.pem");
let hasOpenssl = true;

beforeAll(() => {
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", keyFile, "-out", certFile, "-days", "2", "-nodes"];
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  try {
    execFileSync("openssl", ["req", "-x509", ...key, ...files, ...subject], { stdio: "ignore" });
  } catch {
    hasOpenssl = false;
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const handlers: TransportHandlers = {
  onHello: () => ({ accept: true, welcome: { server: "m1", software: "t" } }),
  onMessages() {},
  onClosed() {},
};

function transportOf(tls: UwsConfig["tls"]): Transport {
  const config = {
    ...hubSettings(),
    host: "127.0.0.1",
    port: 0,
    pageHosts: [],
    httpBodyDeadlineMs: 60_000,
    httpAnswerDeadlineMs: 60_000,
    httpStreamBytesMax: 1 << 20,
    httpBytesMax: 1 << 27,
    ...(tls === undefined ? {} : { tls }),
  };
  const unused = (): never => {
    throw new Error("it requires no ports");
  };
  const plugin = create({
    name: "uws-msgpack",
    config,
    log: silentLog,
    metrics: silentMetrics,
    clock: systemClock,
    use: unused,
    useAll: unused,
  } as Parameters<typeof create>[0]);
  return (plugin as { ports: { transport: Transport } }).ports.transport;
}

test("with a certificate the server speaks wss, and only links that trust it are welcomed", async ({
  skip,
}) => {
  if (!hasOpenssl) skip("openssl is not installed");
  const transport = transportOf({ keyFile, certFile });
  const { port } = await transport.server.listen({ peers: { agent: () => undefined } }, handlers);
  const addresses = [`wss://localhost:${port}`];
  const options = { addresses, peer: "agent", name: "a", software: "t", redialMsMin: 10 } as const;
  let trusting = 0;
  let doubting = 0;
  const quiet = { onMessages() {} };
  const trust = readFileSync(certFile, "utf8");
  const good = transport.dial({ ...options, trust }, { ...quiet, onOpen: () => void trusting++ });
  const bad = transport.dial(options, { ...quiet, onOpen: () => void doubting++ });
  await until("the welcome", () => trusting === 1);
  await pause(50);
  expect(doubting).toBe(0);
  expect(bad.state).toBe("connecting");
  await Promise.all([good.close(), bad.close()]);
  await transport.server.close(100);
});

test("files that are no certificate are refused before anything listens", async () => {
  const nonsense = join(folder, "nonsense.pem");
  writeFileSync(nonsense, "nonsense");
  for (const name of [nonsense, join(folder, "missing.pem")]) {
    const transport = transportOf({ keyFile: name, certFile: name });
    const listening = transport.server.listen({ peers: {} }, handlers);
    await expect(listening).rejects.toMatchObject({ code: "TLS_INVALID" });
  }
});
