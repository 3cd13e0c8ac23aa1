import { expect, test } from "vitest";
import { errors } from "../../contract/errors.ts";
import { silentLog } from "../../contract/ports/log.ts";
import type { Peer } from "../../contract/ports/transport.ts";
import { type EffectTargets, perform } from "../../kernel/io/effects.ts";
import { Peers } from "../../kernel/io/peers.ts";

/** A peer that no message fits, as the real one says it. */
function narrowPeer(closed: string[]): Peer {
  return {
    name: "narrow",
    isOpen: true,
    send: (message: { type: string }) => {
      throw errors.MESSAGE_TOO_LARGE(message.type, 5_000_000, 4_194_304);
    },
    close: (code: string) => closed.push(code),
  } as unknown as Peer;
}

test.each(["send-framework", "send-agent"] as const)(
  "%s of a message that fits no frame cuts off that peer and nobody else",
  (type) => {
    const closed: string[] = [];
    const peers = new Peers();
    const to = peers.add(narrowPeer(closed));
    const targets = { peers, log: silentLog } as unknown as EffectTargets;
    const message = { type: "rescind", offerId: "o" };
    const effect =
      type === "send-framework" ? { type, to, event: message } : { type, to, order: message };
    perform(effect as never, targets);
    expect(closed).toEqual(["SESSION_ENDED"]);
  },
);

test("what operators should know is written into the log, with its code", () => {
  const lines: unknown[] = [];
  const log = { ...silentLog, warn: (...said: unknown[]) => void lines.push(said) } as never;
  const problem = { code: "AGENT_KINDS_BEYOND", status: 409, message: "too many kinds" };
  perform({ type: "warn", problem }, { log } as unknown as EffectTargets);
  expect(lines).toEqual([[{ code: "AGENT_KINDS_BEYOND" }, "too many kinds"]]);
});
