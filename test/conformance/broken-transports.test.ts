import { expect, test } from "vitest";
import { transportRules } from "../../conformance/transport/rules.ts";
import type { MakeTransport } from "../../conformance/transport/subject.ts";
import type { Transport, TransportHandlers } from "../../contract/ports/transport.ts";
import type { WireMessage } from "../../contract/wire-protocol.ts";
import { setPatience } from "../support/until.ts";
import { ruleNamed } from "./conform.ts";
import { makeMemory } from "./transports.ts";

/** The memory transport with one thing broken between it and the kernel. */
function broken(breakIt: (handlers: TransportHandlers) => TransportHandlers): MakeTransport {
  return async (settings) => {
    const under = await makeMemory(settings);
    const { server, dial } = under.transport;
    const transport: Transport = {
      dial,
      server: {
        listen: (options, handlers) => server.listen(options, breakIt(handlers)),
        flushAll: () => server.flushAll(),
        close: (deadlineMs) => server.close(deadlineMs),
      },
    };
    return { ...under, transport };
  };
}

// What these transports lose never comes.
setPatience(5_000);

const reversed = (messages: readonly WireMessage[]): WireMessage[] => [...messages].reverse();

/** What is broken, and a rule that has to notice. */
const cases: readonly (readonly [string, string, MakeTransport])[] = [
  [
    "turns the messages of a frame around",
    "10,000 messages each way arrive once and in order",
    broken((handlers) => ({
      ...handlers,
      onMessages: (peer, messages, bytes) => handlers.onMessages(peer, reversed(messages), bytes),
    })),
  ],
  [
    "loses a message now and then",
    "10,000 messages each way arrive once and in order",
    broken((handlers) => ({
      ...handlers,
      onMessages: (peer, messages, bytes) =>
        handlers.onMessages(peer, messages.slice(0, 500), bytes),
    })),
  ],
  [
    "never tells of the end",
    "an abrupt disconnect is reported once, as the peer's doing",
    broken((handlers) => ({ ...handlers, onClosed: () => {} })),
  ],
  [
    "tells of the end twice",
    "an abrupt disconnect is reported once, as the peer's doing",
    broken((handlers) => ({
      ...handlers,
      onClosed(peer, reason) {
        handlers.onClosed(peer, reason);
        handlers.onClosed(peer, reason);
      },
    })),
  ],
  [
    "lets slow readers pile up",
    "a slow reader is cut off with its reason, and what waited for it is freed",
    (settings) => makeMemory({ ...settings, queueBytesMax: 1 << 30 }),
  ],
  [
    "waits for a hello for ever",
    "a connection without a hello ends at the deadline",
    (settings) => makeMemory({ ...settings, helloDeadlineMs: 3_600_000 }),
  ],
];

test.each(cases)("the suite catches a transport that %s", async (_, name, make) => {
  await expect(ruleNamed(transportRules, name).run(make, () => {})).rejects.toThrow();
});
