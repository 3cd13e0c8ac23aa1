import type {
  ClientTally,
  PolicyDiff,
  PolicyEventView,
  PolicyName,
  PolicyView,
  RoleTally,
} from "../../contract/schema/policy.ts";
import type { OperatorResult } from "../../sdk/index.ts";
import { timeCell } from "../cells.ts";
import type { Output } from "../output.ts";
import type { Cell } from "../table.ts";

/** Digits of a digest that people are shown; `-o json` has all 64. */
const DIGEST_SHOWN = 12;

const right = (title: string) => ({ title, align: "right" }) as const;

/** A policy's name with the beginning of its digest. */
export function policyText({ name, digest }: PolicyName): string {
  return digest === "" ? name : `${name}@${digest.slice(0, DIGEST_SHOWN)}`;
}

/** `tepui policy list`. */
export function printPolicies(output: Output, answer: OperatorResult<"policies">): void {
  const columns = ["NAME", "STATE", "VERSION", "DIGEST", "FROM", "PARAMETERS"];
  output.table(
    columns.map((title) => ({ title })),
    [
      ...answer.policies.map((policy) => policyRow(policy, answer.standing)),
      ...answer.available.map((name) => [name, "available"]),
    ],
  );
  if (answer.standing === "built-in") output.note("the policy that is built in decides");
}

function policyRow(policy: PolicyView, standing: string): Cell[] {
  const { name, version, digest, source, plugin, parameters } = policy;
  const values = parameters.map((parameter) => `${parameter.name}=${parameter.value}`);
  return [
    name,
    stateCell(policy, standing),
    version,
    digest.slice(0, DIGEST_SHOWN),
    plugin ?? source,
    values.join(" "),
  ];
}

function stateCell({ state, shadowed }: PolicyView, standing: string): Cell {
  if (state === "live") {
    if (standing === "live") return { text: "live", tone: "good" };
    const isOut = standing === "previous" || standing === "built-in";
    return { text: `live, ${isOut ? "quarantined" : standing}`, tone: "bad" };
  }
  const words = [
    state,
    ...(state === "previous" && standing === "previous" ? ["deciding"] : []),
    ...(shadowed ? ["shadow"] : []),
  ];
  return { text: words.join(", "), tone: shadowed ? "busy" : "plain" };
}

/** `tepui policy history`. */
export function printHistory(output: Output, events: readonly PolicyEventView[]): void {
  const columns = [
    { title: "TIME" },
    right("ROUND"),
    { title: "POLICY" },
    { title: "WHAT" },
    { title: "STANDING" },
    { title: "CODE" },
    right("ROW"),
    { title: "DETAIL" },
  ];
  output.table(columns, events.map(eventRow));
}

function eventRow(event: PolicyEventView): Cell[] {
  const { timeMs, round, what, standing, code, row, detail, previous, tookOver } = event;
  const isBad = what === "fault" || what === "refused" || what === "shadow-fault";
  const swap = previous && `from ${policyText(previous)}${tookOver ? ", with its state" : ""}`;
  return [
    timeCell(timeMs),
    round,
    policyText(event),
    { text: what, tone: isBad ? "bad" : "plain" },
    standing,
    code,
    row,
    detail ?? swap,
  ];
}

/** `tepui policy diff`. */
export function printDiff(output: Output, diff: PolicyDiff, more: boolean): void {
  const { live, shadow, run, rounds, disagreeing } = diff;
  output.line(`${policyText(shadow)} in the shadow of ${policyText(live)}: ${run.state}`);
  if (run.code !== undefined) output.line(`  ${run.code}: ${run.detail ?? ""}`);
  output.line(`  ${rounds} rounds compared since round ${run.sinceRound}, ${disagreeing} disagree`);
  output.line(`  ${run.skipped} sat out to save time, ${run.unmatched} without a live decision`);
  if (rounds === 0) output.note("a round runs when there is something to offer; none did so far");
  output.line();
  output.table([{ title: "OVERALL" }, right("LIVE"), right("SHADOW")], overall(diff));
  output.line();
  printTallies(output, ["FRAMEWORK", "NAME", "ROLE"], diff.frameworks, (tally) => [
    tally.frameworkId,
    tally.name,
    tally.role,
  ]);
  if (more) output.note("more frameworks, which differ less, are not shown: see --limit");
  output.line();
  printTallies(output, ["ROLE"], diff.roles, ({ role }) => [role]);
}

function overall({ rows, fairness, utilisation, cost }: PolicyDiff): Cell[][] {
  return [
    ["offers", rows.live, rows.shadow],
    ["the same in both", rows.same, rows.same],
    ["fairness, frameworks", index(fairness.frameworks.live), index(fairness.frameworks.shadow)],
    ["fairness, roles", index(fairness.roles.live), index(fairness.roles.shadow)],
    ...utilisation
      .filter((each) => each.live > 0 || each.shadow > 0)
      .map(({ resource, live, shadow }) => [`${resource} in use`, share(live), share(shadow)]),
    ["time of a round, mean", micros(cost.live.meanMicros), micros(cost.shadow.meanMicros)],
    ["time of a round, most", micros(cost.live.maxMicros), micros(cost.shadow.maxMicros)],
  ];
}

function printTallies<Tally extends ClientTally | RoleTally>(
  output: Output,
  titles: readonly string[],
  tallies: readonly Tally[],
  nameOf: (tally: Tally) => Cell[],
): void {
  const pairs = ["OFFERS", "CPUS", "MEM", "SHARE"].flatMap((title) => [
    right(title),
    right("SHADOW"),
  ]);
  output.table(
    [...titles.map((title) => ({ title })), ...pairs],
    tallies.map((tally) => {
      const { live, shadow } = tally;
      const amount = (side: typeof live, name: string) => (side.resources[name] ?? 0) / 1_000;
      return [
        ...nameOf(tally),
        ...[live.offers, shadow.offers],
        ...[amount(live, "cpus"), amount(shadow, "cpus")],
        ...[amount(live, "mem"), amount(shadow, "mem")],
        ...[share(live.share), share(shadow.share)],
      ];
    }),
  );
}

function index(value: number): string {
  return value.toFixed(3);
}

function share(value: number): string {
  return `${(value * 100).toFixed(1)}%`;
}

function micros(value: number): string {
  return `${Math.round(value)} µs`;
}
