import { request } from "node:http";
import { until } from "../../support/until.ts";
import type { AgentProcess } from "./agent-process.ts";

/** Where a task of framework f1 is, for the SDK. */
export function placeOf(agent: AgentProcess, taskId = "t1") {
  const [ip = "", port = ""] = agent.address?.split(":") ?? [];
  return { ip, port: Number(port), frameworkId: "f1", taskId };
}

/** What the agent answers to a bare request. */
export async function post(
  agent: AgentProcess,
  path: string,
  body: string | Uint8Array = JSON.stringify({ command: ["true"] }),
  headers: Readonly<Record<string, string>> = { "x-tepui-exec": "1" },
): Promise<[number, string | undefined]> {
  const answer = await fetch(`http://${agent.address}${path}`, { method: "POST", headers, body });
  if (answer.status !== 200) {
    const { code } = (await answer.json().catch(() => ({}))) as { code?: string };
    return [answer.status, code];
  }
  await answer.body?.cancel();
  return [200, undefined];
}

/** Begins a session over a bare connection, which says nothing more by itself. */
export function bare(agent: AgentProcess, command: readonly string[], stdin = false) {
  const sent = request(`http://${agent.address}/exec/f1/t1`, {
    method: "POST",
    headers: { "x-tepui-exec": "1" },
  });
  let bytes = Buffer.alloc(0);
  sent.on("response", (answer) => {
    answer.on("error", () => {});
    answer.on("data", (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
    });
  });
  sent.on("error", () => {});
  sent.end(JSON.stringify({ command, stdin }));
  const session = () =>
    until("the session", () => /"session":"([0-9a-f]{32})"/.exec(bytes.toString("latin1"))?.[1]);
  return { sent, session, bytes: () => bytes };
}
