import { test } from "vitest";
import type { MakeTransport } from "./transport/bench.ts";
import { endRules } from "./transport/ends.ts";
import { handshakeRules } from "./transport/handshake.ts";
import { hostileRules } from "./transport/hostile.ts";
import { messageRules } from "./transport/messages.ts";
import type { Rule } from "./transport/rule.ts";

/** All that a transport must do, as rules that can be run against any, broken ones too. */
export const transportRules: readonly Rule[] = [
  ...handshakeRules,
  ...messageRules,
  ...hostileRules,
  ...endRules,
];

/** Runs every rule against a transport. */
export function conformTransport(name: string, make: MakeTransport): void {
  for (const rule of transportRules) test(`${name}: ${rule.name}`, () => rule.run(make));
}
