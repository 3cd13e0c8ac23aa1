import type { ClusterEvent } from "../../contract/operator-api.ts";
import type { Logger } from "../../contract/ports/log.ts";
import type { Metrics } from "../../contract/ports/metrics.ts";
import type { PolicyEvent, PolicyHappening } from "../allocation/history.ts";
import type { Rounds } from "./rounds.ts";

/** What happens that operators are told of as it happens, beside the log. */
const published: ReadonlyMap<PolicyHappening, ClusterEvent["kind"]> = new Map([
  ["started", "policy-changed"],
  ["promoted", "policy-changed"],
  ["rolled-back", "policy-changed"],
  ["configured", "policy-changed"],
  ["fault", "policy-fault"],
] as const);

const worrying: ReadonlySet<PolicyHappening> = new Set(["refused", "fault", "shadow-fault"]);

/** Where the story of the policies is told. */
export interface ReportTargets {
  readonly log: Logger;
  readonly metrics: Metrics & { beforeScrape(refresh: () => void): void };
  publish(event: ClusterEvent): void;
}

/** Tells the story of the policies: in the log, in metrics, and on the cluster's event stream. */
export function reportPolicies(rounds: Rounds, { log, metrics, publish }: ReportTargets): void {
  const { history, shadows } = rounds;
  const events = metrics.counter({
    name: "policy_events_total",
    help: "What happened to policies: promotions, faults, shadow runs and the like.",
    labels: ["policy", "what"],
  });
  const faults = metrics.counter({
    name: "policy_faults_total",
    help: "Rounds lost and starts refused, by the code of the fault.",
    labels: ["policy", "code"],
  });
  const live = metrics.gauge({
    name: "policy_live",
    help: "1 for the policy that is live, by name and digest; 0 for those that were.",
    labels: ["policy", "digest"],
  });
  const shadowMs = metrics.gauge({
    name: "policy_shadow_seconds_sum",
    help: "Time that shadow runs have taken of the master's loop since it began to lead.",
  });
  metrics.beforeScrape(() => shadowMs.set(shadows.usedMs / 1_000));
  history.listen((event) => {
    const { what, name, digest, previous, code } = event;
    events.add(1, { policy: name, what });
    if (code !== undefined && worrying.has(what)) faults.add(1, { policy: name, code });
    if (what === "started" || what === "promoted" || what === "rolled-back") {
      if (previous !== undefined) live.set(0, { policy: previous.name, digest: previous.digest });
      live.set(1, { policy: name, digest });
    }
    if (worrying.has(what)) log.warn({ policy: event }, `policy ${name}: ${what}`);
    else log.info({ policy: event }, `policy ${name}: ${what}`);
    const kind = published.get(what);
    if (kind !== undefined) publish(clusterEvent(kind, event));
  });
}

function clusterEvent(kind: ClusterEvent["kind"], event: PolicyEvent): ClusterEvent {
  const { what, name, digest, previous, timeMs, code, detail } = event;
  const words = [what, code, detail].filter((word) => word !== undefined);
  return {
    kind,
    timeMs,
    name,
    message: words.join(": "),
    policy: { name, digest },
    ...(previous === undefined ? {} : { previous: { ...previous } }),
  };
}
