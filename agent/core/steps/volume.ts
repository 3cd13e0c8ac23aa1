import { reservationRole } from "../../../contract/resources.ts";
import type { Resource } from "../../../contract/schema/resource.ts";
import { dropEntry, keepVolumeChange } from "../checkpoint.ts";
import type { Effect } from "../effect.ts";
import type { AgentInput } from "../event.ts";
import { nextUpdateId } from "../ids.ts";
import type { AgentState, VolumeChange } from "../state.ts";

// The books say at once what a volume is to be, its folder follows. An agent that ends in between
// must not leave the data of a volume that nobody can name any more, nor give it to the next one of
// that name: so what is to be done stands beside the books until it is done. Nothing runs with a
// volume before it was on record that it had been made, so none is made twice.

/** Ids of volumes are unique by role (E12). */
export function volumeKey(resource: Resource): string | undefined {
  const id = resource.disk?.persistence?.id;
  return id === undefined ? undefined : `${reservationRole(resource)}/${id}`;
}

/** Where the data is: a MOUNT disk is one place, whatever the volume on it is called (E14). */
function placeOf(volume: Resource): string {
  const { type, root = "" } = volume.disk?.source ?? {};
  return type === "MOUNT" ? root : `${root} ${volumeKey(volume)}`;
}

/** Has the folder of a volume made or removed; what was to become of the place before is over. */
export function changeVolume(
  state: AgentState,
  change: VolumeChange["change"],
  volume: Resource,
  out: Effect[],
): void {
  const place = placeOf(volume);
  for (const { id, volume: earlier } of state.volumeChanges.values()) {
    if (placeOf(earlier) === place) drop(state, id, out);
  }
  const kept: VolumeChange = { id: nextUpdateId(state), change, volume };
  state.volumeChanges.set(kept.id, kept);
  keepVolumeChange(kept, out);
  out.push({ type: change, volume });
}

/** It has been done. */
export function stepVolumeChanged(
  state: AgentState,
  { change, volume }: Extract<AgentInput, { type: "volume-changed" }>,
  out: Effect[],
): void {
  const place = placeOf(volume);
  for (const { id, change: wanted, volume: kept } of state.volumeChanges.values()) {
    if (wanted === change && placeOf(kept) === place) drop(state, id, out);
  }
}

function drop(state: AgentState, id: string, out: Effect[]): void {
  state.volumeChanges.delete(id);
  dropEntry(`volume/${id}`, out);
}
