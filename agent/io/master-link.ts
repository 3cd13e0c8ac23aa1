import type { AgentOrder } from "../../contract/agent-api.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { LinkHandlers } from "../../contract/ports/transport.ts";
import type { AgentLoop } from "./loop.ts";

/** What becomes of all that the link to the master tells: it goes into the inbox of the loop. */
export function masterHandlers(loop: AgentLoop, log: Logger): LinkHandlers {
  return {
    onOpen: (_welcome, address) => {
      log.info({ address }, "connected to the master");
      loop.enqueue({ type: "link-up" });
    },
    onMessages: (messages) => {
      for (const message of messages) {
        loop.enqueue({ type: "order", order: message as AgentOrder });
      }
    },
    onDown: ({ code, message }, refused) => {
      const reason = refused?.message ?? message;
      log.warn({ code: refused?.code ?? code, reason }, "the master is out of reach");
      loop.enqueue({ type: "link-down" });
    },
    onClosed: (_reason, refused) => {
      if (refused === undefined) return;
      const { code, message } = refused;
      loop.enqueue({ type: "link-refused", code, message });
    },
  };
}
