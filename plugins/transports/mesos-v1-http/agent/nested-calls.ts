import { constants } from "node:os";
import { errors } from "../../../../contract/errors.ts";
import type { HttpExchange } from "../../../../contract/ports/http.ts";
import type { ExitStatus } from "../../../../contract/ports/isolator.ts";
import type { NestedContainers } from "../../../../contract/ports/nested-containers.ts";
import { Refusal } from "../http/answers.ts";
import { absent } from "../map/files.ts";
import { nestedIdFrom, nestedLaunchFrom } from "../map/nested.ts";
import type { AgentCall, AgentResponse } from "./agent-queries.ts";

/** The field of a call, which the call is nothing without. */
function field<Name extends keyof AgentCall>(
  call: AgentCall,
  name: Name,
): NonNullable<AgentCall[Name]> {
  const value = call[name];
  if (value === undefined) throw absent("agent::Call", name);
  return value;
}

type LaunchCall = NonNullable<AgentCall["launch_nested_container"]>;
type NamedCall = NonNullable<AgentCall["remove_container"]>;
type KillCall = NonNullable<AgentCall["kill_container"]>;

async function launch(nested: NestedContainers, given: LaunchCall): Promise<200 | 202> {
  const isNew = await nested.launch(
    nestedIdFrom(given.container_id),
    nestedLaunchFrom(given, false),
  );
  return isNew ? 200 : 202;
}

function kill(nested: NestedContainers, { container_id, signal }: KillCall): 200 {
  nested.kill(nestedIdFrom(container_id), signal ?? constants.signals.SIGKILL);
  return 200;
}

function remove(nested: NestedContainers, { container_id }: NamedCall): 200 {
  nested.remove(nestedIdFrom(container_id));
  return 200;
}

type Act = (nested: NestedContainers, call: AgentCall) => number | Promise<number>;

/** The calls that act on nested containers, by type; each answers a status without a body (§8). */
export const nestedActs = {
  LAUNCH_NESTED_CONTAINER: (nested, call) => launch(nested, field(call, "launch_nested_container")),
  KILL_NESTED_CONTAINER: (nested, call) => kill(nested, field(call, "kill_nested_container")),
  REMOVE_NESTED_CONTAINER: (nested, call) => remove(nested, field(call, "remove_nested_container")),
  LAUNCH_CONTAINER: (nested, call) => {
    const given = field(call, "launch_container");
    const { container_id, resources, limits } = given;
    if (container_id.parent === undefined) {
      throw new Refusal(501, `LAUNCH_CONTAINER is not served: ${NO_STANDALONE}`);
    }
    if ((resources?.length ?? 0) > 0 || Object.keys(limits ?? {}).length > 0) {
      throw errors.NESTED_REFUSED(
        "Resources and limits may only be specified for standalone containers",
      );
    }
    return launch(nested, given);
  },
  KILL_CONTAINER: (nested, call) => kill(nested, field(call, "kill_container")),
  REMOVE_CONTAINER: (nested, call) => remove(nested, field(call, "remove_container")),
} as const satisfies Readonly<Record<string, Act>>;

/** Why containers are nested in those of tasks and executors only. */
export const NO_STANDALONE =
  "without a parent: what an agent runs by itself has been offered by the master";

/** How something ended, as the number that `wait` gives. */
export function waitStatus({ code, signal }: ExitStatus): number {
  if (signal === undefined) return (code ?? 0) << 8;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[signal] ?? Number(/^SIG(\d+)$/.exec(signal)?.[1] ?? constants.signals.SIGKILL);
}

/** Waits for the end of a container, or that its asker goes. */
function ended(
  nested: NestedContainers,
  { container_id }: NamedCall,
  exchange: HttpExchange,
): Promise<{ exit_status: number }> {
  exchange.waitLong();
  return new Promise((resolve, reject) => {
    const stop = nested.onEnded(nestedIdFrom(container_id), (exit) => {
      resolve({ exit_status: waitStatus(exit) });
    });
    exchange.onAborted(() => {
      stop();
      reject(errors.REQUEST_ABORTED());
    });
  });
}

type Wait = (
  nested: NestedContainers,
  call: AgentCall,
  exchange: HttpExchange,
) => Promise<Omit<AgentResponse, "type">>;

/** The calls that are answered when a container has ended (§8). */
export const nestedWaits = {
  WAIT_NESTED_CONTAINER: async (nested, call, exchange) => ({
    wait_nested_container: await ended(nested, field(call, "wait_nested_container"), exchange),
  }),
  WAIT_CONTAINER: async (nested, call, exchange) => ({
    wait_container: await ended(nested, field(call, "wait_container"), exchange),
  }),
} as const satisfies Readonly<Record<string, Wait>>;
