import type {
  Finding,
  FindingExample,
  RoleStanding,
  Share,
} from "../../contract/operator/explain-methods.ts";
import type { OperatorResult } from "../../contract/operator-api.ts";
import { printQuantities } from "../../contract/resources/text.ts";
import type { Quantities } from "../../contract/schema/framework.ts";
import { roughDuration } from "../../contract/units.ts";
import { printResources } from "../../sdk/index.ts";
import { timeCell } from "../cells.ts";
import { tableLines } from "../table.ts";

type FrameworkTold = OperatorResult<"explain-framework">;
type AgentTold = OperatorResult<"explain-agent">;
type RoleTold = OperatorResult<"explain-role">;
type TaskTold = OperatorResult<"explain-task">;

/** An explanation of a framework as people read it. */
export function frameworkLines(told: FrameworkTold): string[] {
  const { name, frameworkId, state, blocked, roles, otherRoles } = told;
  const lines = [`framework ${name} (${frameworkId}), ${state}`, momentLine(told)];
  lines.push(...blockedLines(blocked, ""));
  for (const role of roles) lines.push("", ...roleStandingLines(role, told.nowMs));
  if (otherRoles.length > 0) {
    lines.push("", `ask for the other roles with --role: ${otherRoles.join(", ")}`);
  }
  return lines;
}

function roleStandingLines(standing: RoleStanding, nowMs: number): string[] {
  const { role, roleShare, share, holds, offers, offeredMs, usedMs, blocked, agents } = standing;
  const ago = (timeMs: number | undefined): string =>
    timeMs === undefined ? "never" : `${roughDuration(nowMs - timeMs)} ago`;
  return [
    `in role ${role}: share ${shareText(share)}, the role ${shareText(roleShare)}`,
    `  holds ${amountsText(holds)}; ${countText(offers, "open offer")}`,
    `  last offered something ${ago(offeredMs)}, last used some of it ${ago(usedMs)}`,
    ...statedLines(standing),
    ...blockedLines(blocked, "  "),
    ...findingLines(agents, "agent", "  "),
  ];
}

/** What the framework stated for policies that go by it. */
function statedLines({ priority, demand, wants = {} }: RoleStanding): string[] {
  const lines = priority === undefined ? [] : [`  stated priority ${priority}`];
  if (demand === undefined) return lines;
  const lacks =
    Object.keys(wants).length === 0 ? "has all of it" : `wants ${amountsText(wants)} more`;
  return [...lines, `  stated a demand of ${amountsText(demand)}, and ${lacks}`];
}

/** An explanation of an agent as people read it. */
export function agentLines(told: AgentTold): string[] {
  const { hostname, agentId, total, free, holders, blocked, frameworks, lookedIn } = told;
  const lines = [
    `agent ${hostname || "?"} (${agentId})`,
    momentLine(told),
    `  has ${printResources(total) || "nothing"}`,
    `  free ${printResources(free) || "nothing"}`,
    `  looked at last in round ${lookedIn ?? "-"}`,
    ...blockedLines(blocked, ""),
  ];
  if (holders.length > 0) {
    const columns = [
      { title: "HELD BY" },
      { title: "ROLE" },
      { title: "TASKS", align: "right" },
      { title: "EXECUTORS", align: "right" },
      { title: "OFFERS", align: "right" },
      { title: "RESOURCES" },
    ] as const;
    const rows = holders.map(({ framework, role, tasks, executors, offers, resources }) => [
      framework,
      role,
      tasks,
      executors,
      offers,
      printResources(resources),
    ]);
    lines.push("", ...tableLines(columns, rows));
  }
  return [...lines, ...findingLines(frameworks, "framework", "")];
}

/** An explanation of a role as people read it. */
export function roleLines(told: RoleTold): string[] {
  const { role, share, holds, consumed, guarantee, limit, blocked, frameworks, siblings } = told;
  const lines = [
    `role ${role}: share ${shareText(share)}, weight ${share.weight}`,
    momentLine(told),
    `  holds ${amountsText(holds)}`,
    `  quotas count ${amountsText(consumed)}; guarantee ${amountsText(guarantee ?? {})}, limit ${
      limit === undefined ? "none" : amountsText(limit)
    }`,
    ...blockedLines(blocked, ""),
    ...findingLines(frameworks, "framework", ""),
  ];
  if (siblings.length > 1) {
    const columns = [
      { title: "ROLES BESIDE IT" },
      { title: "SHARE", align: "right" },
      { title: "WEIGHT", align: "right" },
      { title: "SHARE/WEIGHT", align: "right" },
    ] as const;
    const place = siblings.findIndex((each) => each.role === role);
    const near = siblings.slice(Math.max(0, place - 5), place + 6);
    const rows = near.map((each) => [
      each.role,
      rounded(each.share.dominant),
      each.share.weight,
      rounded(each.share.dominant / each.share.weight),
    ]);
    lines.push("", ...tableLines(columns, rows));
    if (near.length < siblings.length) {
      lines.push(`these are around place ${place + 1} of ${siblings.length}, by share/weight`);
    }
  }
  return lines;
}

/** An explanation of a task as people read it. */
export function taskLines(told: TaskTold): string[] {
  const { task, framework, hostname, holds, findings } = told;
  const where = hostname === undefined ? task.agentId : `${hostname} (${task.agentId})`;
  const lines = [
    `task ${task.taskId} of ${framework} (${task.frameworkId}), ${task.state}`,
    `  on agent ${where}, in role ${task.role}`,
    `  ${holds ? "holds" : "held"} ${printResources(task.resources)}`,
    ...blockedLines(findings, ""),
  ];
  const rows = task.statuses.map((status) => [
    timeCell(status.timestampMs),
    status.state.replace(/^TASK_/, ""),
    status.message ?? status.reason ?? "-",
  ]);
  const launched = [timeCell(task.launchedMs), "launched", "-"];
  const columns = [{ title: "WHEN" }, { title: "WHAT" }, { title: "MESSAGE" }] as const;
  return [...lines, "", ...tableLines(columns, [launched, ...rows])];
}

function momentLine({
  nowMs,
  policy,
  lastRound,
}: Pick<AgentTold, "nowMs" | "policy" | "lastRound">) {
  if (lastRound === undefined) return `  policy ${policy.name}; no round has run yet`;
  const { round, atMs, looked, offers } = lastRound;
  const did = `${countText(looked, "agent")} looked at, ${countText(offers, "offer")} made`;
  return `  policy ${policy.name}; round ${round}, ${roughDuration(nowMs - atMs)} ago: ${did}`;
}

/** Findings about the whole, each with what would change it. */
function blockedLines(findings: readonly Finding[], indent: string): string[] {
  return findings.flatMap(({ code, text, change }) => [
    `${indent}  ${code}: ${text}`,
    ...(change === undefined ? [] : [`${indent}    to change it: ${change}`]),
  ]);
}

/** Findings about many, with how many and a few of them. */
function findingLines(findings: readonly Finding[], noun: string, indent: string): string[] {
  if (findings.length === 0) return [];
  const sum = findings.reduce((all, { count }) => all + count, 0);
  const lines = ["", `${indent}${countText(sum, noun)}:`];
  const width = Math.max(...findings.map(({ count }) => String(count).length));
  for (const { code, text, change, count, examples } of findings) {
    const inner = `${indent}  ${" ".repeat(width)}   `;
    lines.push(`${indent}  ${String(count).padStart(width)}  ${code}: ${text}`);
    if (change !== undefined) lines.push(`${inner}to change it: ${change}`);
    for (const example of examples) lines.push(`${inner}- ${exampleText(example)}`);
    const others = count - examples.length;
    if (examples.length > 0 && others > 0) lines.push(`${inner}- and ${others} more`);
  }
  return lines;
}

function exampleText({ agentId, hostname, frameworkId, framework, role, text }: FindingExample) {
  const who =
    agentId === undefined
      ? `${framework} (${frameworkId})${role === undefined ? "" : ` in role ${role}`}`
      : `${hostname} (${agentId})`;
  return text === undefined ? who : `${who}: ${text}`;
}

function shareText({ dominant, resource, weight }: Share): string {
  const of = resource === undefined ? "" : ` of the ${resource}`;
  return weight === 1
    ? `${rounded(dominant)}${of}`
    : `${rounded(dominant)}${of} at weight ${weight}`;
}

function rounded(share: number): number {
  return Number(share.toPrecision(4));
}

function amountsText(quantities: Quantities): string {
  return Object.keys(quantities).length === 0 ? "nothing" : printQuantities([quantities]);
}

function countText(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
