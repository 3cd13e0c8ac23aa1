import { randomBytes } from "node:crypto";
import type { UpdateId } from "../../contract/ids.ts";

const PREFIX = randomBytes(8).toString("hex");
let count = 0;

/**
 * Update ids that are unique and cheap: drawing sixteen random bytes each would be measured too.
 */
export function nextUpdateId(): UpdateId {
  return (PREFIX + (count++).toString(16).padStart(16, "0")) as UpdateId;
}
