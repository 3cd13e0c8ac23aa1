import type { Rule } from "../rule.ts";
import { endRules } from "./ends.ts";
import { handshakeRules } from "./handshake.ts";
import { hostileRules } from "./hostile.ts";
import { messageRules } from "./messages.ts";
import type { MakeTransport } from "./subject.ts";

/** What every native transport must do. */
export const transportRules: readonly Rule<MakeTransport>[] = [
  ...handshakeRules,
  ...messageRules,
  ...hostileRules,
  ...endRules,
];
