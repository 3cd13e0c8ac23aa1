import { isTerminal, taskStates } from "../../../contract/task-state.ts";
import { conversionTypes } from "../operations.ts";
import type { Framework } from "../state.ts";
import { callNames, eventNames } from "../tallies.ts";

const offers = ["offers/sent", "offers/accepted", "offers/declined", "offers/rescinded"];
const calls = Object.values(callNames).map(({ own }) => own);
const events = Object.values(eventNames).filter((name) => name !== undefined);
const operations = ["LAUNCH", "LAUNCH_GROUP", ...conversionTypes];

/** A framework's name as one part of a path, as Mesos encodes it. */
function encoded(name: string): string {
  // A lone half of a pair is no text, and would be refused.
  const text = name.replaceAll(/\p{Surrogate}/gu, "\ufffd");
  return encodeURIComponent(text).replaceAll("~", "%7E");
}

/** The numbers of one framework (H7), which go with it. */
export function frameworkMetrics(framework: Framework, out: Record<string, number>): void {
  const { info, id, peer, tallies, tasks, unreachable } = framework;
  const prefix = `master/frameworks/${encoded(info.name)}/${id}/`;
  const sumOf = (names: readonly string[], shown: (name: string) => string): number => {
    let sum = 0;
    for (const name of names) {
      const count = tallies.get(name) ?? 0;
      out[prefix + shown(name)] = count;
      sum += count;
    }
    return sum;
  };
  const asIs = (name: string): string => name;
  out[`${prefix}subscribed`] = peer === undefined ? 0 : 1;
  sumOf(offers, asIs);
  out[`${prefix}calls`] = sumOf(calls, asIs);
  out[`${prefix}events`] = sumOf(events, asIs);
  out[`${prefix}operations`] = sumOf(operations, (name) => `operations/${name.toLowerCase()}`);
  for (const state of taskStates) {
    const kind = isTerminal(state) ? "terminal" : "active";
    if (state === "TASK_UNKNOWN") continue;
    out[`${prefix}tasks/${kind}/${state.toLowerCase()}`] = isTerminal(state)
      ? (tallies.get(state) ?? 0)
      : 0;
  }
  for (const list of [tasks, unreachable]) {
    for (const { state } of list.values()) {
      if (isTerminal(state)) continue;
      const name = `${prefix}tasks/active/${state.toLowerCase()}`;
      out[name] = (out[name] ?? 0) + 1;
    }
  }
}
