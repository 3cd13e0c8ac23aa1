import { cpus, freemem, loadavg, totalmem } from "node:os";
import type { HttpExchange, HttpHandler } from "../../../../contract/ports/http.ts";
import type { Verbosity } from "../../../../contract/ports/log.ts";
import { parseDurationMs } from "../../../../contract/units.ts";
import { guarded, Refusal, refuse } from "../http/answers.ts";
import type { Gate } from "../http/credentials.ts";
import { jsonAscii } from "./json-pieces.ts";
import { answerView, getOnly } from "./small-views.ts";

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;

/** What a query asks of the log; nothing when it only wants to know the level. */
function toggleOf(query: URLSearchParams): { level: number; durationMs: number } | undefined {
  const [level, duration] = [query.get("level"), query.get("duration")];
  if (level === null && duration === null) return undefined;
  if (duration === null) throw new Refusal(400, "Expecting 'duration=value' in query.");
  if (level === null) throw new Refusal(400, "Expecting 'level=value' in query.");
  if (!/^\d{1,9}$/.test(level)) throw new Refusal(400, `Invalid level '${level}'.`);
  const parsed = parseDurationMs(duration);
  if (!parsed.ok) throw new Refusal(400, `Invalid duration '${duration}': ${parsed.message}.`);
  return { level: Number(level), durationMs: parsed.value };
}

/** Tells the level of the log, or logs more for a while: `?level=1&duration=15mins`. */
function toggle(exchange: HttpExchange, verbosity: Verbosity): void {
  const asked = toggleOf(new URLSearchParams(exchange.query));
  if (asked !== undefined) verbosity.set(asked.level, asked.durationMs);
  exchange.respond(200, TEXT, asked === undefined ? `${verbosity.level()}\n` : "");
}

/** What the views of a process itself are made of; each process answers for its own. */
export interface ProcessSource {
  readonly view: { readonly verbosity: Verbosity };
  readonly gate: Gate;
}

/** Views of the process, the same on masters and agents (§1.4). */
export const processViews: Readonly<Record<string, (source: ProcessSource) => HttpHandler>> = {
  "/logging/toggle":
    ({ view, gate }) =>
    (exchange) => {
      if (exchange.method !== "GET" && exchange.method !== "POST") {
        const reason = `Expecting one of { 'GET', 'POST' }, but received '${exchange.method}'`;
        return refuse(exchange, 405, reason, { allow: "GET, POST" });
      }
      if (gate.admit(exchange, "readwrite") === undefined) return;
      return guarded(exchange, async () => toggle(exchange, view.verbosity));
    },
  "/system/stats": ({ gate }) =>
    getOnly((exchange) => {
      if (gate.admit(exchange, "readonly") === undefined) return;
      const [one, five, fifteen] = loadavg();
      return answerView(
        exchange,
        jsonAscii({
          avg_load_1min: one,
          avg_load_5min: five,
          avg_load_15min: fifteen,
          cpus_total: cpus().length,
          mem_total_bytes: totalmem(),
          mem_free_bytes: freemem(),
        }),
      );
    }),
};

const ELSEWHERE = "what there is stands in docs/mesos-compat.md";
const OUTSIDE = "this process is profiled from outside, by node --prof or an inspector";

/** Endpoints of Mesos that are not served, with the reason why they are answered with 501. */
export const refusedEndpoints = {
  master: {
    "/help": ELSEWHERE,
    "/profiler/start": OUTSIDE,
    "/profiler/stop": OUTSIDE,
  },
  agent: {
    "/api/v1/resource_provider": "there are no resource providers",
    "/containerizer/debug": "there is no list of what the containerizer waits for",
    "/help": ELSEWHERE,
    "/profiler/start": OUTSIDE,
    "/profiler/stop": OUTSIDE,
  },
} as const;

/** Answers that something is not served, and why. */
export function refusedView(path: string, why: string): HttpHandler {
  return (exchange) => refuse(exchange, 501, `${path} is not served: ${why}`);
}
