import { agentZeros } from "../../../agent/io/metrics.ts";
import { masterZeros } from "../../../kernel/io/mesos-metrics.ts";

/** Names of Mesos 1.11 in the braces of a shell, and what becomes of them. */
export interface MetricRow {
  /** `<x>` is any text without a slash, but for roles, in which there may be some. */
  readonly names: string;
  readonly state: "counted" | "sometimes" | "zero" | "absent";
  readonly about?: string;
}

const counted = (names: string, about?: string): MetricRow =>
  about === undefined ? { names, state: "counted" } : { names, state: "counted", about };
const sometimes = (names: string, about: string): MetricRow => ({
  names,
  state: "sometimes",
  about,
});
const absent = (names: string, about: string): MetricRow => ({ names, state: "absent", about });
const zeros = (table: Readonly<Record<string, string>>): MetricRow[] =>
  Object.entries(table).map(([names, about]) => ({ names, state: "zero", about }));

const spread = "{,/count,/min,/max,/p50,/p90,/p95,/p99,/p999,/p9999}";
const whileTimed = "once it happened; of the last 1000 times";
const framework = "master/frameworks/<name>/<id>";
const ends = "{finished,failed,killed,error,lost,dropped,gone,gone_by_operator}";
const outcomes = "{total,pending,unreachable,finished,failed,error,dropped,gone_by_operator}";
const types = "{reserve,unreserve,create,destroy,grow_volume,shrink_volume}";
const system = [
  counted("system/{cpus_total,load_1min,load_5min,load_15min,mem_free_bytes,mem_total_bytes}"),
];
const resources = "{cpus,gpus,mem,disk}_{,revocable_}{total,used,percent}";

/** Names of a master. */
export const masterNames: readonly MetricRow[] = [
  counted("master/{elected,uptime_secs,outstanding_offers,operator_event_stream_subscribers}"),
  counted("master/slaves_{active,inactive,connected,disconnected,unreachable}"),
  counted("master/frameworks_{active,inactive,connected,disconnected}"),
  counted(`master/${resources}`),
  counted("master/tasks_{staging,starting,running,killing,unreachable}"),
  counted(`master/tasks_${ends}`),
  sometimes(
    `master/task_${ends}/source_{master,slave,executor}/<reason>`,
    "once a task ended so; reasons are those of before agents were called so",
  ),
  counted(
    "master/messages_{register,reregister,unregister}_framework",
    "a SUBSCRIBE is the one or the other, a TEARDOWN the last",
  ),
  counted("master/messages_{launch_tasks,decline_offers,revive_offers,suppress_offers}"),
  counted("master/messages_{kill_task,resource_request,reconcile_tasks,reconcile_operations}"),
  counted("master/messages_{framework_to_executor,executor_to_framework,exited_executor}"),
  counted("master/messages_{status_update,operation_status_update}{,_acknowledgement}"),
  counted("master/messages_{register,reregister,unregister,update}_slave"),
  counted("master/{valid,invalid}_{framework_to_executor,executor_to_framework}_messages"),
  counted("master/{valid,invalid}_{status_update,operation_status_update}s"),
  counted("master/{valid,invalid}_{status_update,operation_status_update}_acknowledgements"),
  counted("master/dropped_messages", "those that came before the registry was read"),
  counted("master/{slave_registrations,slave_reregistrations,slave_removals}"),
  counted("master/slave_removals/reason_{registered,unhealthy,unregistered}"),
  counted("master/slave_unreachable_{scheduled,canceled,completed}"),
  counted("master/recovery_slave_removals"),
  counted("master/event_queue_messages", "all that waits for the master's loop"),
  counted("master/http_cache_hits"),
  counted(`master/operations/{,${types.slice(1, -1).replaceAll(/\w+/g, "$&/")}}${outcomes}`),
  absent("master/operations/recovering", "what an agent has not told yet is not known"),
  absent("master/operations/{create_disk,destroy_disk}/total", "there are no storage providers"),
  sometimes(`${framework}/{subscribed,calls,events,operations}`, "while the framework is there"),
  sometimes(`${framework}/{calls,events,operations}/<type>`, "likewise"),
  sometimes(`${framework}/offers/{sent,accepted,declined,rescinded}`, "likewise"),
  sometimes(`${framework}/tasks/{active,terminal}/<state>`, "likewise"),
  absent(`${framework}/events/heartbeat`, "the transport sends them, nobody counts them"),
  absent("frameworks/<principal>/{messages_received,messages_processed}", "see those by framework"),
  counted("allocator/mesos/allocation_runs"),
  sometimes(`allocator/mesos/allocation_run_{,latency_}ms${spread}`, whileTimed),
  counted("allocator/mesos/resources/{cpus,mem,disk}/{total,offered_or_allocated}"),
  sometimes("allocator/mesos/roles/<role>/shares/dominant", "while the role is there"),
  sometimes("allocator/mesos/offer_filters/roles/<role>/active", "likewise"),
  sometimes(
    "allocator/mesos/quota/roles/<role>/resources/<x>/{guarantee,limit,offered_or_allocated}",
    "while the role has a quota",
  ),
  counted("registrar/{queued_operations,registry_size_bytes,state_fetch_ms}"),
  sometimes(`registrar/state_store_ms${spread}`, whileTimed),
  absent("registrar/log/{recovered,ensemble_size}", "there is no replicated log of that kind"),
  absent("overlay/log/{recovered,ensemble_size}", "nor a module that has one"),
  ...zeros(masterZeros),
  ...system,
];

/** Names of an agent. */
export const agentNames: readonly MetricRow[] = [
  counted("slave/{registered,uptime_secs,recovery_time_secs,frameworks_active}"),
  counted("slave/tasks_{staging,starting,running,killing}"),
  counted(`slave/tasks_${ends}`),
  counted(
    "slave/executors_{registering,running,terminating,terminated}",
    "command tasks have none here",
  ),
  counted("slave/{valid,invalid}_{status_updates,framework_messages}"),
  counted("slave/container_launch_errors"),
  counted("slave/executor_directory_max_allowed_age_secs"),
  counted(`slave/${resources}`),
  counted("gc/path_removals_{pending,succeeded,failed}", "sandboxes"),
  counted("containerizer/mesos/container_destroy_errors", "all containers, Docker's too"),
  counted("containerizer/fetcher/task_fetches_{succeeded,failed}"),
  counted("containerizer/fetcher/cache_size_{used,total}_bytes"),
  absent(`containerizer/docker/image_pull_ms${spread}`, "the engine pulls by itself"),
  absent(
    `containerizer/mesos/provisioner/docker_store/image_pull_ms${spread}`,
    "images are laid out beforehand",
  ),
  absent(
    "containerizer/mesos/provisioner/{bind/remove_rootfs_errors,remove_container_errors}",
    "such errors are among `container_destroy_errors`",
  ),
  absent("containerizer/mesos/filesystem/containers_new_rootfs", "not told apart"),
  absent("containerizer/mesos/disk/project_ids_{total,free}", "there are no XFS projects"),
  ...zeros(agentZeros),
  ...system,
];

/** What the braces of a shell stand for. */
export function expanded(names: string): string[] {
  const end = names.indexOf("}");
  if (end < 0) return [names];
  const start = names.lastIndexOf("{", end);
  const [before, after] = [names.slice(0, start), names.slice(end + 1)];
  const words = names.slice(start + 1, end).split(",");
  return words.flatMap((word) => expanded(`${before}${word}${after}`));
}

/** Whether a row speaks of a name. */
export function speaksOf({ names }: MetricRow, name: string): boolean {
  return expanded(names).some((each) => {
    const parts = each.split(/(<[a-z]+>)/).map((part) => {
      if (part === "<role>") return ".+";
      if (part.startsWith("<") && part.endsWith(">")) return "[^/]*";
      return part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
    });
    return new RegExp(`^${parts.join("")}$`).test(name);
  });
}

/** The rows as they are told. */
export function metricTable(rows: readonly MetricRow[]): string[][] {
  const words = { counted: "served", sometimes: "served", zero: "always 0", absent: "absent" };
  return rows.map(({ names, state, about }) => [
    `\`${names}\``,
    about === undefined ? words[state] : `${words[state]}: ${about}`,
  ]);
}
