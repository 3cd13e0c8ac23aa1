import { errors } from "../../contract/errors.ts";
import { roleProblem } from "../../contract/ids.ts";
import { didYouMean } from "../../contract/nearest.ts";
import { type Parsed, parsed, unparsed } from "../../contract/parsed.ts";
import {
  type Workload,
  type WorkloadAgents,
  type WorkloadFramework,
  type WorkloadJob,
  type WorkloadRole,
  workloadDefaults,
  workloadLimits,
} from "./model.ts";
import { Statement, type WorkloadProblem } from "./statement.ts";
import { readDuration, readPriority, readWeight, readWhole, wordsOf } from "./words.ts";

/** Problems that are listed at most: after a hundred nobody reads on. */
const PROBLEMS_MAX = 100;

/** How many of each kind a workload has so far. */
type Totals = Record<keyof typeof workloadLimits, number>;

type Draft = { -readonly [Key in keyof Workload]: Workload[Key] } & {
  agents: WorkloadAgents[];
  roles: WorkloadRole[];
  frameworks: WorkloadFramework[];
  jobs: WorkloadJob[];
  readonly totals: Totals;
};

/** Adds to how many of a kind there are; a line that makes them too many is a problem. */
function count(line: Statement, what: keyof Totals, totals: Totals, key?: string): number {
  const most = workloadLimits[what];
  const before = totals[what];
  const tooMany = `there are more than ${most} ${what} with it`;
  const read = (text: string): Parsed<number> => {
    const value = readWhole(text, 1);
    return value.ok && before + value.value > most ? unparsed(0, tooMany) : value;
  };
  const more = (key === undefined ? undefined : line.take(key, read)) ?? 1;
  if (before + more > most) line.problem(1, tooMany);
  totals[what] = Math.min(before + more, most);
  return more;
}

function readIdle(text: string): Parsed<WorkloadFramework["idle"]> {
  if (text === "suppress" || text === "decline") return parsed(text);
  return unparsed(0, `"${text}" is neither suppress nor decline`);
}

function readRole(text: string): Parsed<string> {
  const problem = roleProblem(text);
  return problem === undefined ? parsed(text) : unparsed(0, `"${text}": ${problem}`);
}

function readOption(line: Statement, draft: Draft): void {
  const interval = line.take("allocation-interval", (text) => atLeast(1, readDuration(text)));
  const timeout = line.take("offer-timeout", (text) => atLeast(1, readDuration(text)));
  if (interval !== undefined) draft.allocationIntervalMs = interval;
  if (timeout !== undefined) draft.offerTimeoutMs = timeout;
}

function atLeast(least: number, value: Parsed<number>): Parsed<number> {
  return value.ok && value.value < least ? unparsed(0, `it is below ${least} ms`) : value;
}

function span(line: Statement): { fromMs: number; untilMs: number | undefined } {
  const fromMs = line.take("from", readDuration) ?? 0;
  const untilMs = line.take("until", readDuration);
  if (untilMs !== undefined && untilMs <= fromMs) line.problem(1, "until: it is not after from");
  return { fromMs, untilMs };
}

function readAgents(line: Statement, draft: Draft): void {
  const name = line.name("a name");
  const number = count(line, "agents", draft.totals, "count");
  const resources = line.quantities();
  if (resources === undefined) line.problem(1, "agents need resources, such as cpus=8 mem=16GB");
  const attributes = line.attributes();
  const about = { resources: resources ?? {}, attributes, ...span(line) };
  draft.agents.push({ name, count: number, ...about });
}

function readRoleLine(line: Statement, draft: Draft): void {
  count(line, "roles", draft.totals);
  const name = line.name("a name");
  const problem = roleProblem(name);
  if (problem !== undefined) line.problem(line.nameColumn, `"${name}": ${problem}`);
  if (draft.roles.some((role) => role.name === name)) {
    line.problem(line.nameColumn, `role ${name} is there twice`);
  }
  draft.roles.push({
    name,
    weight: line.take("weight", readWeight) ?? 1,
    guarantee: line.quantities("guarantee."),
    limit: line.quantities("limit."),
  });
}

function readFramework(line: Statement, draft: Draft): void {
  count(line, "frameworks", draft.totals);
  const name = line.name("a name");
  if (draft.frameworks.some((framework) => framework.name === name)) {
    line.problem(line.nameColumn, `framework ${name} is there twice`);
  }
  draft.frameworks.push({
    name,
    role: line.take("role", readRole) ?? workloadDefaults.role,
    refuseMs: line.take("refuse", readDuration) ?? workloadDefaults.refuseMs,
    idle: line.take("idle", readIdle) ?? workloadDefaults.idle,
    priority: line.take("priority", readPriority),
    demand: line.quantities("demand."),
    ...span(line),
  });
}

function readJob(line: Statement, draft: Draft): void {
  const framework = line.name("the name of its framework");
  const arrivalMs = line.take("at", readDuration) ?? 0;
  const tasks = count(line, "tasks", draft.totals, "tasks");
  const durationMs = line.must("duration", readDuration) ?? 0;
  const resources = line.quantities();
  const amounts = Object.values(resources ?? {});
  if (resources === undefined || (amounts.length > 0 && amounts.every((each) => each === 0))) {
    line.problem(1, "a job needs resources, such as cpus=1 mem=512");
  }
  const attributes = line.attributes();
  draft.jobs.push({
    framework,
    arrivalMs,
    tasks,
    durationMs,
    resources: resources ?? {},
    attributes,
  });
}

const statements: Readonly<Record<string, (line: Statement, draft: Draft) => void>> = {
  option: readOption,
  agents: readAgents,
  role: readRoleLine,
  framework: readFramework,
  job: readJob,
};

/**
 * Reads a workload (docs/workload.md).
 * @throws WORKLOAD_INVALID with the line and column of every problem
 */
export function parseWorkload(text: string, file: string): Workload {
  const { allocationIntervalMs } = workloadDefaults;
  const draft: Draft = {
    allocationIntervalMs,
    offerTimeoutMs: undefined,
    agents: [],
    roles: [],
    frameworks: [],
    jobs: [],
    totals: { agents: 0, roles: 0, frameworks: 0, tasks: 0 },
  };
  const problems: WorkloadProblem[] = [];
  const note = (problem: WorkloadProblem): void => void problems.push(problem);
  const jobLines: Statement[] = [];
  for (const [at, line] of text.split(/\r?\n/).entries()) {
    const words = wordsOf(line);
    if (words.length === 0) continue;
    const statement = new Statement(at + 1, words, note);
    const read = Object.hasOwn(statements, statement.verb) && statements[statement.verb];
    if (!read) {
      const hint = didYouMean(statement.verb, Object.keys(statements));
      const help = hint ?? `there are ${Object.keys(statements).join(", ")}`;
      statement.problem(
        words[0]?.column ?? 1,
        `there is no statement "${statement.verb}"; ${help}`,
      );
      continue;
    }
    read(statement, draft);
    statement.finish();
    if (statement.verb === "job") jobLines.push(statement);
  }
  checkFrameworks(draft, jobLines);
  if (problems.length === 0) {
    const { totals: _totals, ...workload } = draft;
    return workload;
  }
  problems.sort((a, b) => a.line - b.line || a.column - b.column);
  const listed = problems.slice(0, PROBLEMS_MAX).map(problemText);
  throw errors.WORKLOAD_INVALID(file, listed);
}

/** A job may come before its framework, so this is looked at in the end. */
function checkFrameworks({ frameworks, jobs }: Draft, lines: readonly Statement[]): void {
  const names = new Set(frameworks.map(({ name }) => name));
  for (const [at, { framework }] of jobs.entries()) {
    const line = lines[at];
    if (line === undefined || framework === "" || names.has(framework)) continue;
    const hint = didYouMean(framework, names);
    const help = hint === undefined ? "" : `; ${hint}`;
    line.problem(line.nameColumn, `there is no framework "${framework}"${help}`);
  }
}

function problemText({ line, column, message }: WorkloadProblem): string {
  return `${line}:${column}: ${message}`;
}
