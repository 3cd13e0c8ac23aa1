import type { Quantities } from "../../contract/resources.ts";
import type { Attributes, Workload } from "./model.ts";
import { workloadDefaults } from "./model.ts";
import { printDuration } from "./words.ts";

const OWN_KEY = new Set(["cpus", "mem", "disk", "gpus"]);

function settings(quantities: Quantities | undefined, prefix = ""): string[] {
  return Object.entries(quantities ?? {}).map(([name, milli]) => {
    const key = OWN_KEY.has(name) ? name : `scalar.${name}`;
    return `${prefix}${key}=${milli / 1000}`;
  });
}

function attributesText(attributes: Attributes): string[] {
  return Object.entries(attributes).map(([name, value]) => `attr.${name}=${value}`);
}

function span(fromMs: number, untilMs: number | undefined): string[] {
  const from = fromMs === 0 ? [] : [`from=${printDuration(fromMs)}`];
  return untilMs === undefined ? from : [...from, `until=${printDuration(untilMs)}`];
}

/** A workload as text that `parseWorkload` reads, a line at a time. */
export function* printWorkload(workload: Workload): Generator<string> {
  const { allocationIntervalMs, offerTimeoutMs } = workload;
  const options = [`allocation-interval=${printDuration(allocationIntervalMs)}`];
  if (offerTimeoutMs !== undefined) options.push(`offer-timeout=${printDuration(offerTimeoutMs)}`);
  yield ["option", ...options].join(" ");
  for (const { name, count, resources, attributes, fromMs, untilMs } of workload.agents) {
    const about = [...settings(resources), ...attributesText(attributes), ...span(fromMs, untilMs)];
    yield ["agents", name, `count=${count}`, ...about].join(" ");
  }
  for (const { name, weight, guarantee, limit } of workload.roles) {
    const quota = [...settings(guarantee, "guarantee."), ...settings(limit, "limit.")];
    yield ["role", name, `weight=${weight}`, ...quota].join(" ");
  }
  for (const framework of workload.frameworks) {
    const { name, role, refuseMs, idle, priority, demand, fromMs, untilMs } = framework;
    const about = [`role=${role}`];
    if (refuseMs !== workloadDefaults.refuseMs) about.push(`refuse=${printDuration(refuseMs)}`);
    if (idle !== workloadDefaults.idle) about.push(`idle=${idle}`);
    if (priority !== undefined) about.push(`priority=${priority}`);
    about.push(...settings(demand, "demand."));
    yield ["framework", name, ...about, ...span(fromMs, untilMs)].join(" ");
  }
  for (const job of workload.jobs) {
    const { framework, arrivalMs, tasks, durationMs, resources, attributes } = job;
    const about = [`at=${printDuration(arrivalMs)}`];
    if (tasks !== 1) about.push(`tasks=${tasks}`);
    about.push(`duration=${printDuration(durationMs)}`);
    yield ["job", framework, ...about, ...settings(resources), ...attributesText(attributes)].join(
      " ",
    );
  }
}
