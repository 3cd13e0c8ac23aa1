import { printResources } from "../../contract/resources/text.ts";
import {
  add,
  normalize,
  type Resources,
  sameIdentity,
  trySubtract,
} from "../../contract/resources.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import type { Resource } from "../../contract/schema/resource.ts";
import type { ReconfigurationPolicy, Reconfigured } from "./reconfigure.ts";

/**
 * What operations have made of an agent's resources: reservations and volumes that it was not
 * configured with (E11, E12). Like the volumes' data, they are the work folder's and outlive the
 * agent's id.
 */
export function madeOf(declared: readonly Resource[], held: readonly Resource[]): Resources {
  const configured = normalize(declared);
  return normalize(held).flatMap((resource) => {
    if (!isVolume(resource) && !isDynamic(resource)) return [];
    const own = configured.filter((one) => {
      return one.name === resource.name && sameIdentity(one, resource);
    });
    return trySubtract([resource], own) ?? [];
  });
}

/**
 * What an agent has that begins in the folder of one that has left: what it is configured with,
 * `now`, and in it what operations had `made`. It may differ from the one before in all else.
 */
export function inherit(
  made: Resources,
  now: AgentInfo["resources"],
  policy: ReconfigurationPolicy,
): Reconfigured {
  let rest: Resources = normalize(now);
  for (const resource of made) {
    const left = withoutOrigin(rest, resource);
    if (left !== undefined) rest = left;
    else if (policy === "any") return { resources: now };
    else return { problem: `it has not got what ${printResources([resource])} is made of` };
  }
  return { resources: [...add(rest, made)] };
}

/**
 * `pool` without what a resource was made of: a volume of disk that is reserved, by an operation or
 * in the config, a reservation of what is less reserved.
 */
function withoutOrigin(pool: Resources, made: Resource): Resources | undefined {
  let origin = isVolume(made) ? withoutVolume(made) : withoutTop(made);
  for (;;) {
    const rest = trySubtract(pool, normalize([origin]));
    if (rest !== undefined || !isDynamic(origin)) return rest;
    origin = withoutTop(origin);
  }
}

function isVolume({ disk }: Resource): boolean {
  return disk?.persistence !== undefined;
}

function isDynamic({ reservations }: Resource): boolean {
  return reservations?.at(-1)?.type === "dynamic";
}

function withoutVolume({ disk, shared, ...rest }: Resource): Resource {
  return disk?.source === undefined ? rest : { ...rest, disk: { source: disk.source } };
}

function withoutTop({ reservations, ...rest }: Resource): Resource {
  return { ...rest, reservations: reservations?.slice(0, -1) ?? [] };
}
