import type { AgentId } from "../../contract/ids.ts";
import type { PeerNumber } from "./event.ts";
import type { ClusterState } from "./state.ts";

/**
 * An agent waits for the registry on a connection. The newest connection counts: the older one of
 * the same agent, which is returned, waits no more.
 */
export function beginAdmission(
  { admitting, admissions }: ClusterState,
  peer: PeerNumber,
  id: AgentId,
): PeerNumber | undefined {
  const older = admissions.get(id);
  if (older !== undefined) admitting.delete(older);
  admitting.set(peer, id);
  admissions.set(id, peer);
  return older;
}

/** Nobody waits on that connection any more. */
export function endAdmission({ admitting, admissions }: ClusterState, peer: PeerNumber): void {
  const id = admitting.get(peer);
  if (id === undefined) return;
  admitting.delete(peer);
  admissions.delete(id);
}
