import type { AgentMessage, AgentMessageOf, ReregisterPart } from "../../contract/agent-api.ts";
import { limits } from "../../contract/limits.ts";
import { encodedBytes } from "../../contract/size.ts";

const lists = ["frameworks", "executors", "tasks", "operations"] as const;

/**
 * A message as it goes to the master: alone, but for a return of an agent that brings back so much
 * that no frame holds it.
 */
export function inParts(message: AgentMessage): readonly (AgentMessage | ReregisterPart)[] {
  return message.type === "reregister" ? split(message) : [message];
}

function split(message: AgentMessageOf<"reregister">): (AgentMessage | ReregisterPart)[] {
  const parts: ReregisterPart[] = [];
  let part = nothing();
  let bytes = 0;
  for (const list of lists) {
    for (const item of message[list]) {
      const more = encodedBytes(item);
      if (bytes + more > limits.launchBytesMax && bytes > 0) {
        parts.push(part);
        part = nothing();
        bytes = 0;
      }
      (part[list] as unknown[]).push(item);
      bytes += more;
    }
  }
  if (parts.length === 0) return [message];
  return [...parts, { ...message, ...part, type: message.type, parts: parts.length }];
}

function nothing(): ReregisterPart {
  return { type: "reregister-part", tasks: [], executors: [], frameworks: [], operations: [] };
}
