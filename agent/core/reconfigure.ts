import { printResources } from "../../contract/resources/text.ts";
import { add, contains, normalize, type Resources, subtract } from "../../contract/resources.ts";
import type { AgentInfo } from "../../contract/schema/agent.ts";
import { sameJson } from "./same.ts";

/** What of an agent's description must not change behind the master's back (B32). */
export type Declared = Pick<AgentInfo, "hostname" | "resources" | "attributes" | "domain">;

/** How much an agent may differ from what it was when it registered (B32). */
export type ReconfigurationPolicy = "equal" | "additive" | "any";

/** What an agent has after a restart, or what it may not be any more, and how it was before. */
export type Reconfigured =
  | { readonly resources: AgentInfo["resources"]; readonly problem?: never }
  | { readonly problem: string };

/** The agent must not go on: it is not what it registered as (B32). */
export class Reconfiguration extends Error {}

/** The parts of a description that count. */
export function declaredOf({ hostname, resources, attributes, domain }: AgentInfo): Declared {
  return {
    hostname,
    resources,
    ...(attributes === undefined ? {} : { attributes }),
    ...(domain === undefined ? {} : { domain }),
  };
}

/**
 * Compares what an agent is configured with now and what it was when it registered (B32). What
 * operations have made of its resources since then, `held`, stays (E11, E12).
 */
export function reconfigure(
  before: Declared,
  now: Declared,
  held: AgentInfo["resources"],
  policy: ReconfigurationPolicy,
): Reconfigured {
  const had = normalize(before.resources);
  const has = normalize(now.resources);
  const isSame = contains(had, has) && contains(has, had);
  if (policy === "any") return { resources: isSame ? held : now.resources };
  if (before.hostname !== now.hostname) {
    return { problem: `its hostname was ${before.hostname} and is ${now.hostname}` };
  }
  const grown = policy === "additive";
  if (!isSame && !(grown && contains(has, had))) {
    return { problem: `${changeOf("resources", grown)}: ${differences(had, has)}` };
  }
  if (!sameJson(before.domain, now.domain) && !(grown && before.domain === undefined)) {
    return { problem: changeOf("domain", grown) };
  }
  const kept = (before.attributes ?? []).every((old) =>
    (now.attributes ?? []).some((each) => sameJson(old, each)),
  );
  const isLonger = (now.attributes ?? []).length > (before.attributes ?? []).length;
  if (!kept || (isLonger && !grown)) return { problem: changeOf("attributes", grown) };
  if (isSame) return { resources: held };
  const resources: Resources = add(normalize(held), subtract(has, had));
  return { resources: [...resources] };
}

/** Each kind of resources that differs, as it was and as it is. */
function differences(had: Resources, has: Resources): string {
  const names = new Set([...had, ...has].map(({ name }) => name));
  const changed = [...names].flatMap((name) => {
    const [before, now] = [had, has].map((all) => all.filter((one) => one.name === name));
    if (contains(before as Resources, now as Resources)) {
      if (contains(now as Resources, before as Resources)) return [];
    }
    const [was, is] = [before, now].map((one) => printResources(one as Resources) || `no ${name}`);
    return [`${was} before and ${is} now`];
  });
  return changed.join(", ");
}

function changeOf(what: string, grown: boolean): string {
  return grown ? `some of its ${what} are gone or changed` : `its ${what} changed`;
}
