import { parseResources } from "../../contract/resources/text.ts";
import { type Quantities, quantitiesOf } from "../../contract/resources.ts";
import type { FrameworkInfo } from "../../contract/schema/framework.ts";

// What frameworks state for policies, as labels of their description: so that it needs no protocol
// of its own, and frameworks of Mesos can say it, too.

/** Label with a number: the higher goes first, where the policy looks at priorities. */
export const PRIORITY_LABEL = "tepui.priority";
/** Label with resources, such as `cpus:20;mem:4096`: what it still wants in each of its roles. */
export const DEMAND_LABEL = "tepui.demand";

type Labels = Pick<FrameworkInfo, "labels">;

function labelOf({ labels }: Labels, wanted: string): string | undefined {
  const label = labels?.find(({ key }) => key === wanted);
  return label && (label.value ?? "");
}

/** Whether a text is a priority: 15 digits and three decimals at most, which no double loses. */
export function isPriority(text: string): boolean {
  return /^-?\d{1,15}(\.\d{1,3})?$/.test(text);
}

/** The priority that a framework states; 0 for none, and for one that is none. */
export function priorityOf(info: Labels): number {
  const text = labelOf(info, PRIORITY_LABEL) ?? "";
  return isPriority(text) ? Number(text) : 0;
}

/** What a framework says it still wants, in thousandths by scalar, if it says so. */
export function demandOf(info: Labels): Quantities | undefined {
  const text = labelOf(info, DEMAND_LABEL);
  if (text === undefined) return undefined;
  const found = parseResources(text);
  return found.ok ? quantitiesOf(found.value.resources) : undefined;
}

/** Says what is wrong with what a framework states, or `undefined`. */
export function hintsProblem(info: Labels): string | undefined {
  const priority = labelOf(info, PRIORITY_LABEL);
  if (priority !== undefined && !isPriority(priority)) {
    return `framework.labels: ${PRIORITY_LABEL}: "${priority}" is no number such as 7 or -0.5`;
  }
  const demand = labelOf(info, DEMAND_LABEL);
  const found = demand === undefined ? undefined : parseResources(demand);
  if (found === undefined || found.ok) return undefined;
  return `framework.labels: ${DEMAND_LABEL}: ${found.message}`;
}
