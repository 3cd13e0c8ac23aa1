import { printAttributeValue } from "../../contract/resources/attributes.ts";
import { printResources } from "../../contract/resources/text.ts";
import { fromMilli } from "../../contract/resources.ts";
import type {
  AgentView,
  FrameworkView,
  Offer,
  OperatorClient,
  RoleView,
  TaskView,
} from "../../sdk/index.ts";
import { type CommonOptions, type Context, withMaster } from "../context.ts";
import type { Column } from "../format/table.ts";
import { age, scalar, shortId, usedOf } from "../format/words.ts";

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const stateOf = (state: string): string => state.replace(/^TASK_/, "");

function taskColumns(nowMs: number): Column<TaskView>[] {
  return [
    { title: "TASK", text: ({ task }) => task.taskId },
    { title: "NAME", text: ({ task }) => task.name },
    { title: "FRAMEWORK", text: ({ frameworkName }) => frameworkName },
    { title: "STATE", text: ({ task }) => stateOf(task.state) },
    {
      title: "AGENT",
      text: ({ task, hostname }) => `${hostname ?? ""} ${shortId(task.agentId)}`.trim(),
    },
    { title: "CPUS", text: ({ task }) => scalar(task.resources, "cpus"), right: true },
    { title: "MEM", text: ({ task }) => scalar(task.resources, "mem"), right: true },
    {
      title: "AGE",
      text: ({ task }) => (task.launchedMs === undefined ? "" : age(nowMs - task.launchedMs)),
      right: true,
    },
  ];
}

/** Options of `ps`. */
export interface PsOptions extends CommonOptions {
  /** Also tasks that have ended. */
  readonly all?: boolean;
  readonly framework?: string;
  readonly agent?: string;
  readonly quiet?: boolean;
}

/** `tepui ps`: tasks, as `docker ps` lists containers. */
export async function ps(context: Context, options: PsOptions): Promise<void> {
  const tasks = await withMaster(context, options, (client) =>
    collect(
      client.all("tasks", {
        ...(options.all === true ? { completed: true } : {}),
        ...(options.framework === undefined ? {} : { frameworkId: options.framework as never }),
        ...(options.agent === undefined ? {} : { agentId: options.agent as never }),
      }),
    ),
  );
  if (options.quiet === true) for (const { task } of tasks) context.out.line(task.taskId);
  else context.out.list(taskColumns(Date.now()), tasks);
}

const agentColumns: Column<AgentView>[] = [
  { title: "AGENT", text: ({ agent }) => agent.id ?? "" },
  { title: "HOST", text: ({ agent }) => `${agent.hostname}:${agent.port}` },
  { title: "STATE", text: ({ state }) => state },
  { title: "TASKS", text: ({ tasks }) => String(tasks), right: true },
  { title: "CPUS", text: ({ used, total }) => usedOf(used, total, "cpus"), right: true },
  { title: "MEM", text: ({ used, total }) => usedOf(used, total, "mem"), right: true },
  { title: "DISK", text: ({ used, total }) => usedOf(used, total, "disk"), right: true },
  { title: "GPUS", text: ({ used, total }) => usedOf(used, total, "gpus"), right: true },
  {
    title: "ATTRIBUTES",
    text: ({ agent }) =>
      (agent.attributes ?? []).map((one) => `${one.name}:${printAttributeValue(one)}`).join(";"),
  },
];

/** `tepui agents`. */
export async function agents(context: Context, options: CommonOptions): Promise<void> {
  const rows = await withMaster(context, options, (client) => collect(client.all("agents", {})));
  context.out.list(agentColumns, rows);
}

const taskCount = (view: FrameworkView): number =>
  Object.values(view.tasks).reduce((sum, number) => sum + number, 0);

const frameworkColumns: Column<FrameworkView>[] = [
  { title: "FRAMEWORK", text: ({ framework }) => framework.id ?? "" },
  { title: "NAME", text: ({ framework }) => framework.name },
  { title: "USER", text: ({ framework }) => framework.user },
  { title: "ROLES", text: ({ framework }) => framework.roles.join(",") },
  { title: "STATE", text: ({ state }) => state },
  { title: "TASKS", text: (view) => String(taskCount(view)), right: true },
  { title: "OFFERS", text: ({ offers }) => String(offers), right: true },
  { title: "CPUS", text: ({ used }) => scalar(used, "cpus"), right: true },
  { title: "MEM", text: ({ used }) => scalar(used, "mem"), right: true },
];

/** `tepui frameworks`; `all` also lists those that have ended. */
export async function frameworks(
  context: Context,
  options: CommonOptions & { readonly all?: boolean },
): Promise<void> {
  const params = options.all === true ? { completed: true } : {};
  const rows = await withMaster(context, options, (client) =>
    collect(client.all("frameworks", params)),
  );
  context.out.list(frameworkColumns, rows);
}

const offerColumns: Column<Offer>[] = [
  { title: "OFFER", text: ({ id }) => shortId(id) },
  { title: "FRAMEWORK", text: ({ frameworkId }) => frameworkId },
  { title: "ROLE", text: ({ role }) => role },
  { title: "AGENT", text: ({ hostname, agentId }) => `${hostname} ${shortId(agentId)}` },
  { title: "RESOURCES", text: ({ resources }) => printResources(resources) },
  { title: "POLICY", text: ({ policy }) => policy?.name ?? "" },
];

/** `tepui offers`: those that frameworks have not answered. */
export async function offers(context: Context, options: CommonOptions): Promise<void> {
  const rows = await withMaster(context, options, (client) => collect(client.all("offers", {})));
  context.out.list(offerColumns, rows);
}

const amounts = (quantities: Readonly<Record<string, number>> | undefined): string =>
  Object.entries(quantities ?? {})
    .map(([name, milli]) => `${name}:${fromMilli(milli)}`)
    .join(";");

const roleColumns: Column<RoleView>[] = [
  { title: "ROLE", text: ({ role }) => role },
  { title: "WEIGHT", text: ({ weight }) => String(weight), right: true },
  { title: "FRAMEWORKS", text: ({ frameworks: ids }) => String(ids.length), right: true },
  { title: "ALLOCATED", text: ({ allocated }) => printResources(allocated) },
  { title: "GUARANTEE", text: ({ guarantee }) => amounts(guarantee) },
  { title: "LIMIT", text: ({ limit }) => amounts(limit) },
];

/** `tepui roles`. */
export async function roles(context: Context, options: CommonOptions): Promise<void> {
  const { roles: rows } = await withMaster(context, options, (client: OperatorClient) =>
    client.request("roles", {}),
  );
  context.out.list(roleColumns, rows);
}
