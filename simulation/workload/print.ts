import { printAttributeValue } from "../../contract/resources/attributes.ts";
import { printQuantities } from "../../contract/resources/text.ts";
import type { Quantities } from "../../contract/resources.ts";
import {
  optionDefaults,
  type Workload,
  type WorkloadAgents,
  type WorkloadFramework,
  type WorkloadJob,
  type WorkloadOptions,
  workloadDefaults,
} from "./model.ts";
import { printValue, printWord } from "./quoted.ts";
import { printDuration } from "./words.ts";

const OWN_KEY = new Set(["cpus", "mem", "disk", "gpus"]);

function settings(quantities: Quantities | undefined, prefix = ""): string[] {
  return Object.entries(quantities ?? {}).map(([name, milli]) => {
    const key = OWN_KEY.has(name) ? name : `scalar.${printWord(name)}`;
    return `${prefix}${key}=${milli / 1000}`;
  });
}

/** A setting, or none where it is the default. */
function unless(key: string, text: string | undefined, byDefault: string | undefined): string[] {
  return text === undefined || text === byDefault ? [] : [`${key}=${printValue(text)}`];
}

function span(fromMs: number, untilMs: number | undefined): string[] {
  const from = fromMs === 0 ? [] : [`from=${printDuration(fromMs)}`];
  return untilMs === undefined ? from : [...from, `until=${printDuration(untilMs)}`];
}

function optionLine(options: WorkloadOptions): string[] {
  const { offerTimeoutMs, region } = options;
  const line = [`allocation-interval=${printDuration(options.allocationIntervalMs)}`];
  if (offerTimeoutMs !== undefined) line.push(`offer-timeout=${printDuration(offerTimeoutMs)}`);
  const texts = (of: WorkloadOptions): [key: string, text: string][] => [
    ["freed-resources-delay", printDuration(of.freedResourcesDelayMs)],
    ["hoarding-back-off-cycles", String(of.backOffCyclesMax)],
    ["filter-gpu-resources", String(of.filterGpuResources)],
    ["min-allocatable-resources", printQuantities(of.minAllocatable)],
  ];
  const defaults = new Map(texts(optionDefaults));
  for (const [key, text] of texts(options)) line.push(...unless(key, text, defaults.get(key)));
  return ["option", ...line, ...unless("region", region, undefined)];
}

function agentsLine(agents: WorkloadAgents): string[] {
  const { name, count, resources, attributes, domain, fromMs, untilMs } = agents;
  const about = attributes.map((attribute) => {
    const prefix = "text" in attribute ? "attr" : "number";
    const value = printValue(printAttributeValue(attribute));
    return `${prefix}.${printWord(attribute.name)}=${value}`;
  });
  const place =
    domain === undefined
      ? []
      : [`region=${printValue(domain.region)}`, `zone=${printValue(domain.zone)}`];
  const line = [...settings(resources), ...about, ...place, ...span(fromMs, untilMs)];
  return ["agents", printWord(name), `count=${count}`, ...line];
}

function frameworkLine(framework: WorkloadFramework): string[] {
  const { name, role, subscribedName, user, principal, refuseMs, idle } = framework;
  const { priority, demand, labels, capabilities, minAllocatable, fromMs, untilMs } = framework;
  const least = minAllocatable && printQuantities(minAllocatable);
  return [
    "framework",
    printWord(name),
    `role=${printValue(role)}`,
    ...unless("name", subscribedName, name),
    ...unless("user", user, workloadDefaults.user),
    ...unless("principal", principal, undefined),
    ...(refuseMs === workloadDefaults.refuseMs ? [] : [`refuse=${printDuration(refuseMs)}`]),
    ...unless("idle", idle, workloadDefaults.idle),
    ...unless("priority", priority?.toString(), undefined),
    ...settings(demand, "demand."),
    ...(capabilities.length === 0 ? [] : [`capabilities=${capabilities.join(",")}`]),
    ...unless("min-allocatable-resources", least, undefined),
    ...labels.map(({ key, value }) => `label.${printWord(key)}=${printValue(value)}`),
    ...span(fromMs, untilMs),
  ];
}

function jobLine({ framework, arrivalMs, tasks, durationMs, ...job }: WorkloadJob): string[] {
  const about = [`at=${printDuration(arrivalMs)}`];
  if (tasks !== 1) about.push(`tasks=${tasks}`);
  about.push(`duration=${printDuration(durationMs)}`);
  const wanted = Object.entries(job.attributes).map(
    ([name, text]) => `attr.${printWord(name)}=${printValue(text)}`,
  );
  return ["job", printWord(framework), ...about, ...settings(job.resources), ...wanted];
}

/** A workload as text that `parseWorkload` reads, a line at a time. */
export function* printWorkload(workload: Workload): Generator<string> {
  yield optionLine(workload.options).join(" ");
  for (const agents of workload.agents) yield agentsLine(agents).join(" ");
  for (const { name, weight, guarantee, limit } of workload.roles) {
    const quota = [...settings(guarantee, "guarantee."), ...settings(limit, "limit.")];
    yield ["role", printWord(name), `weight=${weight}`, ...quota].join(" ");
  }
  for (const framework of workload.frameworks) yield frameworkLine(framework).join(" ");
  for (const job of workload.jobs) yield jobLine(job).join(" ");
}
