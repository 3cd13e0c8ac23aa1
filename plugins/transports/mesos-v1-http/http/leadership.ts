import { hostPort } from "../../../../contract/address.ts";
import type { ClusterView } from "../../../../contract/ports/cluster-view.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { MasterInfo } from "../../../../contract/schema/agent.ts";
import { refuse } from "./answers.ts";

/**
 * True when this master may answer; otherwise the request has been answered: by a redirect to the
 * leader, or with 503 while there is none or it has not recovered (§4.1, §4.4).
 */
export function isServing(exchange: HttpExchange, view: ClusterView, isOpen: boolean): boolean {
  const standing = view.standing();
  if (standing === "standby") {
    redirect(exchange, view.leader(), exchange.path + (exchange.query && `?${exchange.query}`));
    return false;
  }
  if (standing === "recovering" || !isOpen) {
    refuse(exchange, 503, "Master has not finished recovery");
    return false;
  }
  return true;
}

/** Redirects to the leader; without a scheme and always with a port, as clients read it (§4.3). */
export function redirect(
  exchange: HttpExchange,
  leader: MasterInfo | undefined,
  path: string,
): void {
  if (leader === undefined) {
    refuse(exchange, 503, "No leader elected");
    return;
  }
  const location = `//${hostPort(leader.hostname, leader.port)}${encodeURI(path)}`;
  exchange.respond(307, { location }, "");
}
