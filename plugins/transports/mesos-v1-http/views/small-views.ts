import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { HttpExchange, HttpHandler } from "../../../../contract/ports/http.ts";
import { softwareVersion } from "../../../../wire/index.ts";
import type { MesosConfig } from "../config.ts";
import { answer, refuse } from "../http/answers.ts";
import { redirect } from "../http/leadership.ts";
import { buildFacts } from "./build-facts.ts";
import { ViewText } from "./view-cache.ts";

const JSON_TYPE = "application/json";
/** Names that a JSONP callback may have; anything else could be a script of its own. */
const CALLBACK = /^[\w$.]{1,128}$/;

/** Answers a GET with JSON, wrapped in the client's function when it asks for that (§1.6). */
export async function answerView(exchange: HttpExchange, json: string | ViewText): Promise<void> {
  const text = typeof json === "string" ? new ViewText([Buffer.from(json)]) : json;
  const callback = new URLSearchParams(exchange.query).get("jsonp");
  if (callback === null) return answer(exchange, JSON_TYPE, text);
  if (!CALLBACK.test(callback)) return refuse(exchange, 400, "'jsonp' is not a function's name");
  const script = [Buffer.from(`${callback}(`), ...text.parts, Buffer.from(");")];
  return answer(exchange, "text/javascript", Buffer.concat(script));
}

/** A handler that takes nothing but GET. */
export function getOnly(handle: (exchange: HttpExchange) => void | Promise<void>): HttpHandler {
  return (exchange) => {
    if (exchange.method === "GET") return handle(exchange);
    refuse(exchange, 405, `Expecting one of { 'GET' }, but received '${exchange.method}'`, {
      allow: "GET",
    });
  };
}

/** `/version`: plain numbers with dots, because clients read each part as one (§1.5). */
export function versionView(config: MesosConfig): HttpHandler {
  const json = JSON.stringify({
    version: config.version,
    ...buildFacts(),
    // Not of Mesos: what answers here, and in which version of its own.
    software: "tepui",
    tepui_version: softwareVersion(),
  });
  return getOnly((exchange) => answerView(exchange, json));
}

/** `/health`: the process answers, whatever its standing. */
export const healthView: HttpHandler = getOnly((exchange) => exchange.respond(200, {}, ""));

/** `/redirect`: to the leader, on the leader too; anything else there is nothing (§4.2). */
export function redirectView(view: ClusterView): HttpHandler {
  return (exchange) => {
    if (exchange.method !== "GET" || exchange.rest !== "") return refuse(exchange, 404, "");
    redirect(exchange, view.leader(), "");
  };
}
