import { errors } from "../../contract/errors.ts";
import { type RoleName, roleProblem } from "../../contract/ids.ts";
import { didYouMean } from "../../contract/nearest.ts";
import { type Parsed, parsed, unparsed } from "../../contract/parsed.ts";
import { parseQuantities } from "../../contract/resources/text.ts";
import { frameworkProblem } from "../../kernel/core/validate-framework.ts";
import { quotaProblem } from "../../kernel/core/validate-quota.ts";
import { descriptionOf } from "./description.ts";
import {
  optionDefaults,
  type Workload,
  type WorkloadAgents,
  type WorkloadCapability,
  type WorkloadFramework,
  type WorkloadJob,
  type WorkloadOptions,
  type WorkloadRole,
  workloadCapabilities,
  workloadDefaults,
  workloadLimits,
} from "./model.ts";
import { wordsOf } from "./quoted.ts";
import { Statement, type WorkloadProblem } from "./statement.ts";
import { readDuration, readPriority, readText, readTruth, readWeight, readWhole } from "./words.ts";

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

function readCapabilities(text: string): Parsed<readonly WorkloadCapability[]> {
  const found: WorkloadCapability[] = [];
  for (const name of text.split(",")) {
    const known = workloadCapabilities.find((each) => each === name);
    const all = workloadCapabilities.join(" nor ");
    if (known === undefined) return unparsed(text.indexOf(name), `"${name}" is neither ${all}`);
    found.push(known);
  }
  return parsed(found);
}

function readOption(line: Statement, { options }: Draft): void {
  const positive = (text: string) => atLeast(1, readDuration(text));
  const read = {
    allocationIntervalMs: line.take("allocation-interval", positive),
    offerTimeoutMs: line.take("offer-timeout", positive),
    freedResourcesDelayMs: line.take("freed-resources-delay", readDuration),
    backOffCyclesMax: line.take("hoarding-back-off-cycles", (text) => readWhole(text, 0)),
    filterGpuResources: line.take("filter-gpu-resources", readTruth),
    minAllocatable: line.take("min-allocatable-resources", parseQuantities),
    region: line.take("region", readText),
  } satisfies Record<keyof WorkloadOptions, unknown>;
  const given = Object.entries(read).filter(([, value]) => value !== undefined);
  Object.assign(options, Object.fromEntries(given));
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
  const about = {
    resources: resources ?? {},
    attributes: line.attributes(),
    domain: readDomain(line),
    ...span(line),
  };
  draft.agents.push({ name, count: number, ...about });
}

function readDomain(line: Statement): WorkloadAgents["domain"] {
  const region = line.take("region", readText);
  const zone = line.take("zone", readText);
  if (region !== undefined && zone !== undefined) return { region, zone };
  if (region !== zone) line.problem(1, "region and zone are given together, or neither");
  return undefined;
}

function readRoleLine(line: Statement, draft: Draft): void {
  count(line, "roles", draft.totals);
  const name = line.name("a name");
  const problem = roleProblem(name);
  if (problem !== undefined) line.problem(line.nameColumn, `"${name}": ${problem}`);
  if (draft.roles.some((role) => role.name === name)) {
    line.problem(line.nameColumn, `role ${name} is there twice`);
  }
  const weight = line.take("weight", readWeight) ?? 1;
  const guarantee = line.quantities("guarantee.");
  const limit = line.quantities("limit.");
  if (problem === undefined && (guarantee !== undefined || limit !== undefined)) {
    const refused = quotaProblem({ role: name as RoleName, guarantee, limit });
    if (refused !== undefined) line.problem(line.nameColumn, `quota of role ${name}: ${refused}`);
  }
  draft.roles.push({ name, weight, guarantee, limit });
}

function readFramework(line: Statement, draft: Draft): void {
  count(line, "frameworks", draft.totals);
  const name = line.name("a name");
  if (draft.frameworks.some((framework) => framework.name === name)) {
    line.problem(line.nameColumn, `framework ${name} is there twice`);
  }
  const about = {
    name,
    subscribedName: line.take("name", readText) ?? name,
    user: line.take("user", readText) ?? workloadDefaults.user,
    principal: line.take("principal", readText),
    role: line.take("role", readRole) ?? workloadDefaults.role,
    refuseMs: line.take("refuse", readDuration) ?? workloadDefaults.refuseMs,
    idle: line.take("idle", readIdle) ?? workloadDefaults.idle,
    priority: line.take("priority", readPriority),
    demand: line.quantities("demand."),
    labels: line.labels(),
    capabilities: line.take("capabilities", readCapabilities) ?? [],
    minAllocatable: line.take("min-allocatable-resources", parseQuantities),
    ...span(line),
  };
  // Masters refuse such a framework, whatever it is that they would find.
  const refused = frameworkProblem({ framework: descriptionOf(about, false) });
  if (refused !== undefined) line.problem(line.nameColumn, refused);
  draft.frameworks.push(about);
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
  const attributes = line.wanted();
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
  const draft: Draft = {
    options: { ...optionDefaults },
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
    const read = wordsOf(line);
    if (!read.ok) note({ line: at + 1, column: read.position + 1, message: read.message });
    if (!read.ok || read.value.length === 0) continue;
    const statement = new Statement(at + 1, read.value, note);
    const fill = Object.hasOwn(statements, statement.verb) && statements[statement.verb];
    if (!fill) {
      const hint = didYouMean(statement.verb, Object.keys(statements));
      const help = hint ?? `there are ${Object.keys(statements).join(", ")}`;
      statement.problem(
        read.value[0]?.column ?? 1,
        `there is no statement "${statement.verb}"; ${help}`,
      );
      continue;
    }
    fill(statement, draft);
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
