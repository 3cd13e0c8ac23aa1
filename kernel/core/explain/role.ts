import type { Finding, FindingCode } from "../../../contract/operator/explain-methods.ts";
import type { OperatorParams, OperatorResult } from "../../../contract/operator-api.ts";
import { roughDuration } from "../../../contract/units.ts";
import type { Client, ClusterState, Role } from "../state.ts";
import { KINDS } from "../tables/shape.ts";
import { type Asked, EXAMPLES_DEFAULT, heedsNow, momentOf } from "./asked.ts";
import { clientObstacles, frameworkObstacles, single } from "./clients.ts";
import { groupsOf, told, type Words } from "./findings.ts";
import { lackOf } from "./headroom.ts";
import { Ranking } from "./ranking.ts";
import { roleShare, siblingsOf } from "./shares.ts";
import { findRole } from "./subjects.ts";
import { amountsText, namedAmounts, shareText } from "./words.ts";

/**
 * How a role stands: its share beside those of the roles around it, its quota, and its frameworks
 * by what they wait for.
 * @throws TepuiError ROLE_UNKNOWN
 */
export function explainRole(
  state: ClusterState,
  params: OperatorParams<"explain-role">,
  asked: Asked,
): OperatorResult<"explain-role"> {
  const { examples = EXAMPLES_DEFAULT } = params;
  const role = findRole(state, params.role);
  const ranking = new Ranking(state, heedsNow(asked).excludedKinds);
  const { roles } = state.tables;
  const clients = Array.from(role.clients, (client) => judged(state, client, asked));
  const result: OperatorResult<"explain-role"> = {
    ...momentOf(state, asked),
    role: role.name,
    share: roleShare(state, role, ranking),
    holds: namedAmounts(state.tables, roles.used, role.row),
    consumed: namedAmounts(state.tables, roles.consumed, role.row),
    blocked: obstaclesOf(state, role, clients, asked),
    frameworks: tellClients(state, clients, ranking, examples, asked),
    siblings: siblingsOf(state, role, ranking),
  };
  const quota = state.registry.quotas.get(role.name);
  if (quota?.guarantee !== undefined) result.guarantee = { ...quota.guarantee };
  if (quota?.limit !== undefined) result.limit = { ...quota.limit };
  return result;
}

interface Judged {
  readonly code: FindingCode;
  readonly client: Client;
  /** What keeps it from offers, where something does. */
  readonly finding?: Finding;
}

function judged(state: ClusterState, client: Client, { nowMs }: Asked): Judged {
  const [finding] = [
    ...frameworkObstacles(client.framework, nowMs),
    ...clientObstacles(state, client, nowMs),
  ];
  if (finding !== undefined) return { code: finding.code, client, finding };
  for (const offer of client.framework.offers) {
    if (offer.client === client) return { code: "has-offers", client };
  }
  return { code: "wants-offers", client };
}

function tellClients(
  state: ClusterState,
  clients: readonly Judged[],
  ranking: Ranking,
  examples: number,
  { nowMs }: Asked,
): Finding[] {
  const { tables } = state;
  const text: Partial<Record<FindingCode, string>> = {
    "has-offers": "have offers that they have not answered yet",
    "wants-offers": "want offers, and have none at the moment",
  };
  const groups = groupsOf(clients, examples, { codeOf: ({ code }) => code });
  const words: Words<Judged> = {
    text: ({ code, shown: [{ finding }] }) => finding?.text ?? text[code] ?? code,
    change: ({ code, shown: [{ finding }] }) =>
      code === "wants-offers" ? "`tepui explain framework` says why, by agent" : finding?.change,
    example: ({ client }) => {
      const { framework, row } = client;
      const holds = row < 0 ? {} : namedAmounts(tables, tables.clients.used, row);
      const share = row < 0 ? 0 : ranking.ofClient(client).share;
      const last =
        client.offeredCycle === 0
          ? "never offered anything"
          : `last offered ${roughDuration(nowMs - client.offeredMs)} ago`;
      return {
        frameworkId: framework.id,
        framework: framework.info.name,
        text: `holds ${amountsText(holds)}, share ${shareText(share)}, ${last}`,
      };
    },
  };
  return groups.map((group) => told(group, examples, words));
}

/** What concerns the whole role. */
function obstaclesOf(
  state: ClusterState,
  role: Role,
  clients: readonly Judged[],
  asked: Asked,
): Finding[] {
  const findings: Finding[] = [];
  const below = [...state.roles.values()].some(
    ({ name, clients: of }) => of.size > 0 && name.startsWith(`${role.name}/`),
  );
  if (clients.length === 0 && !below) {
    findings.push(
      single({
        code: "no-frameworks",
        text: "no framework is in the role, or in one below it",
        change: "a framework has to name it among its roles",
      }),
    );
  }
  const wanting = clients.some(({ code }) => code === "has-offers" || code === "wants-offers");
  const idle = clients.some(({ code }) => code === "stands-behind" || code === "on-trial");
  if (clients.length > 0 && !below && !wanting && !idle) {
    findings.push(
      single({
        code: "nobody-asks",
        text: "none of its frameworks can be offered anything",
        change: "see below what each of them waits for",
      }),
    );
  }
  return [...findings, ...limitsOf(state, role), ...guaranteeOf(state, role, asked)];
}

/** Limits of the role and of those above it that are reached. */
function limitsOf({ tables, registry }: ClusterState, role: Role): Finding[] {
  const findings: Finding[] = [];
  for (let at: Role | undefined = role; at !== undefined; at = at.parent) {
    for (const name of Object.keys(registry.quotas.get(at.name)?.limit ?? {})) {
      const cell = at.row * KINDS + tables.kindNames.indexOf(name);
      const limit = tables.roles.limit[cell] ?? Number.POSITIVE_INFINITY;
      const consumed = tables.roles.consumed[cell] ?? 0;
      if (consumed < limit) continue;
      const figures = `${consumed / 1_000} of ${limit / 1_000}`;
      findings.push(
        single({
          code: "limit-reached",
          text: `of the ${name} of role ${at.name} ${figures} are consumed`,
          change: `raise the limit of role ${at.name} (\`tepui quota set\`), or end tasks in it`,
        }),
      );
    }
  }
  return findings;
}

function guaranteeOf({ tables }: ClusterState, role: Role, asked: Asked): Finding[] {
  if (role.row < 0) return [];
  const lack = lackOf(tables, role.row);
  if (!lack.some((amount) => amount > 0)) return [];
  const lacks = amountsText(namedAmounts(tables, lack));
  const [more, change] = guaranteeWords(asked);
  const text = `the role lacks ${lacks} to its guarantee${more}`;
  return [single({ code: "guarantee-unmet", text, change })];
}

/** What the policy makes of a guarantee that is not met, and what would help. */
function guaranteeWords(asked: Asked): readonly [more: string, change: string] {
  const policy = `the policy ${asked.policy.name}`;
  const other = "`tepui policy promote` one that holds back for guarantees, such as drf";
  switch (heedsNow(asked).guarantees) {
    case "held-back":
      return [
        ", which is held back from others",
        "it is served before all others as soon as something of that is free",
      ];
    case "served-first":
      return [
        `, for which ${policy} serves it first and holds nothing back`,
        `wait until tasks of others end; or ${other}`,
      ];
    case "ignored":
      return [`, which ${policy} does not look at`, other];
    default:
      return ["", `what ${policy} does about it is in its README`];
  }
}
