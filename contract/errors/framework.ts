import type { StatementProblem } from "../ports/policy-companion.ts";
import { type FaultTable, fault } from "./fault.ts";

/** Refusals of what a framework asks for (features B.1, C, M). */
export const frameworkErrors = {
  FRAMEWORK_UNKNOWN: (framework: string) =>
    fault("FRAMEWORK_UNKNOWN", 404, `framework ${framework} is not known`, {
      where: `framework ${framework}`,
      hint: "subscribe first",
    }),
  FRAMEWORK_NOT_FOUND: (framework: string) =>
    fault("FRAMEWORK_NOT_FOUND", 404, `no framework has the id or the name "${framework}"`, {
      where: `framework ${framework}`,
      hint: "`tepui frameworks -a` lists them",
    }),
  FRAMEWORK_AWAITED: (framework: string, agents: number) =>
    fault(
      "FRAMEWORK_AWAITED",
      503,
      `no framework "${framework}" is known yet: ${agents} ` +
        `${agents === 1 ? "agent has" : "agents have"} not come back to the new master`,
      {
        where: `framework ${framework}`,
        hint: "ask again when `tepui agents` shows none as recovering",
      },
    ),
  FRAMEWORK_NAME_AMBIGUOUS: (name: string, found: readonly string[]) =>
    fault("FRAMEWORK_NAME_AMBIGUOUS", 409, `${found.length} frameworks have the name "${name}"`, {
      where: `framework ${name}`,
      details: found,
      hint: "give the id",
    }),
  FRAMEWORK_FAILED_OVER: () => fault("FRAMEWORK_FAILED_OVER", 409, "Framework failed over"),
  FRAMEWORK_REMOVED: () => fault("FRAMEWORK_REMOVED", 410, "Framework has been removed"),
  FRAMEWORK_INVALID: (problem: string) => fault("FRAMEWORK_INVALID", 400, problem),
  STATEMENT_INVALID: (policy: string, problem: StatementProblem) =>
    fault(
      "STATEMENT_INVALID",
      400,
      `${problem.where}, column ${problem.column}: ${problem.message}`,
      { where: `policy ${policy}`, hint: problem.hint },
    ),
  FRAMEWORK_NOT_SUBSCRIBED: (call: string) =>
    fault("FRAMEWORK_NOT_SUBSCRIBED", 403, `${call} came before subscribe`, {
      hint: "subscribe first",
    }),
  FRAMEWORK_SUBSCRIBED: (framework: string) =>
    fault("FRAMEWORK_SUBSCRIBED", 409, `this connection is framework ${framework} already`, {
      hint: "open another connection, or change the framework with update-framework",
    }),
  CALL_INVALID: (call: string, problem: string) =>
    fault("CALL_INVALID", 400, `${call}: ${problem}`, { where: call }),
  TASK_UNKNOWN: (task: string) =>
    fault("TASK_UNKNOWN", 404, `task ${task} is not known, or has ended`, {
      where: `task ${task}`,
    }),
  TASK_UNEXPLAINED: (task: string) =>
    fault("TASK_UNEXPLAINED", 404, `the master remembers no task "${task}"`, {
      where: `task ${task}`,
      hint:
        "it knows tasks from their launch on; `tepui explain framework` says why a framework " +
        "has nothing to launch on",
    }),
  ROLE_UNKNOWN: (role: string, reason: string) =>
    fault("ROLE_UNKNOWN", 404, `there is no role ${role} here: ${reason}`, {
      where: `role ${role}`,
      hint: "`tepui roles` lists them",
    }),
  WEIGHT_INVALID: (role: string, problem: string) =>
    fault("WEIGHT_INVALID", 400, `weight of role ${role}: ${problem}`, { where: `role ${role}` }),
  QUOTA_INVALID: (role: string, problem: string) =>
    fault("QUOTA_INVALID", 400, `quota of role ${role}: ${problem}`, { where: `role ${role}` }),
  QUOTA_KIND_ABSENT: (role: string, name: string, there: readonly string[]) =>
    fault("QUOTA_KIND_ABSENT", 409, `no agent has ${name}, which the quota of ${role} names`, {
      where: `role ${role}`,
      hint: `agents have ${there.join(", ") || "nothing yet"}; for a typing error set it again`,
    }),
  QUOTA_UNMET: (name: string, asked: number, there: number) =>
    fault(
      "QUOTA_UNMET",
      409,
      `guarantees add up to ${asked / 1000} ${name}, and the cluster has ${there / 1000}`,
      { hint: "guarantee less, add agents, or use force" },
    ),
  QUOTA_CONSUMED: (role: string, name: string, limit: number, used: number) =>
    fault(
      "QUOTA_CONSUMED",
      409,
      `role ${role} uses ${used / 1000} ${name}, more than the limit of ${limit / 1000}`,
      { where: `role ${role}`, hint: "raise the limit, end tasks first, or use force" },
    ),
} satisfies FaultTable;
