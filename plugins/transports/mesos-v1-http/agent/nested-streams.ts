import { constants } from "node:os";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import { answerEmpty } from "../http/answers.ts";
import { absent } from "../map/files.ts";
import { nestedIdFrom, nestedLaunchFrom } from "../map/nested.ts";
import type { AgentApiParts } from "./agent-api.ts";
import type { AgentCall } from "./agent-queries.ts";
import type { ProcessOutput } from "./process-output.ts";

type Begin = (
  parts: AgentApiParts,
  call: AgentCall,
  exchange: HttpExchange,
  output: ProcessOutput,
) => void | Promise<void>;

/** The calls that are answered with what a container writes (§8). */
export const nestedStreams = {
  /** Launches one that lives as long as the answer is read. */
  LAUNCH_NESTED_CONTAINER_SESSION: async ({ view }, call, exchange, output) => {
    const given = call.launch_nested_container_session;
    if (given === undefined) throw absent("agent::Call", "launch_nested_container_session");
    const id = nestedIdFrom(given.container_id);
    // Whoever reads slowly holds up the command, and loses nothing.
    exchange.waitLong();
    const isNew = await view.nested.launch(id, nestedLaunchFrom(given, true), output);
    if (!isNew) return answerEmpty(exchange, 202);
    let isOver = false;
    view.nested.onEnded(id, () => {
      isOver = true;
    });
    const end = (): void => {
      if (!isOver) view.nested.kill(id, constants.signals.SIGKILL);
    };
    if (exchange.isAborted) end();
    else output.open(exchange, end);
  },
  ATTACH_CONTAINER_OUTPUT: ({ view }, call, exchange, output) => {
    const given = call.attach_container_output;
    if (given === undefined) throw absent("agent::Call", "attach_container_output");
    const detach = view.nested.attachOutput(nestedIdFrom(given.container_id), output);
    output.open(exchange, detach);
  },
} as const satisfies Readonly<Record<string, Begin>>;

/** The calls that are requests which go on. */
export const nestedInputs = ["ATTACH_CONTAINER_INPUT"] as const;
