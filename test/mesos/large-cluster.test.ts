import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AgentId, FrameworkId, TaskId } from "../../contract/ids.ts";
import type { TaskView } from "../../contract/operator-api.ts";
import type { ClusterSnapshot, TaskSource } from "../../contract/ports/cluster-snapshot.ts";
import { readProto } from "../../plugins/transports/mesos-v1-http/codec/proto-read.ts";
import {
  type Message,
  message,
  opt,
  rep,
} from "../../plugins/transports/mesos-v1-http/definitions/define.ts";
import { Call as MasterCall } from "../../plugins/transports/mesos-v1-http/definitions/master-call.ts";
import {
  EventSubscribed,
  Event as WholeEvent,
} from "../../plugins/transports/mesos-v1-http/definitions/master-event.ts";
import {
  ResponseGetState,
  ResponseGetTasks,
  Response as WholeResponse,
} from "../../plugins/transports/mesos-v1-http/definitions/master-response.ts";
import { Task } from "../../plugins/transports/mesos-v1-http/definitions/tasks.ts";
import { ask, stream } from "./support/client.ts";
import { encoded, type Wire } from "./support/framework.ts";
import { ScriptedMaster } from "./support/scripted-master.ts";

const TASKS = 20_000;
/** Tasks take this long to be shown, so that all of them together take more than a few slices. */
const SHOW_MS = 0.02;

// The reader of bodies takes no more values at a time than a call may have. These are the same
// messages, of which it passes over what is not looked at here.
const { task_id, state } = Task.defs;
const SomeTask = message("Task", { task_id, state });
const { tasks, unreachable_tasks } = ResponseGetTasks.defs;
const Tasks = message("GetTasks", {
  tasks: rep(tasks.number, SomeTask),
  unreachable_tasks: rep(unreachable_tasks.number, SomeTask),
});
const { get_tasks } = ResponseGetState.defs;
const State = message("GetState", { get_tasks: opt(get_tasks.number, Tasks) });
const Response = message("Response", {
  get_state: opt(WholeResponse.defs.get_state.number, State),
  get_tasks: opt(WholeResponse.defs.get_tasks.number, Tasks),
});
const { get_state } = EventSubscribed.defs;
const Event = message("Event", {
  type: WholeEvent.defs.type,
  subscribed: opt(
    WholeEvent.defs.subscribed.number,
    message("Subscribed", { get_state: opt(get_state.number, State) }),
  ),
});

const agentId = "m-S0" as AgentId;
const frameworkId = "f" as FrameworkId;

/** Tasks shown since anything else had its turn, and the most that there ever were. */
let shown = 0;
let shownMax = 0;
let revision = 0;
let master: ScriptedMaster;

/** A task whose showing takes its time, and is counted. */
function source(at: number): TaskSource {
  const taskId = `t-${at}` as TaskId;
  const state = at % 2 === 0 ? "TASK_RUNNING" : "TASK_UNREACHABLE";
  const status = { taskId, state, timestampMs: 1_000 + at } as const;
  const task = {
    ...{ taskId, agentId, frameworkId, state, role: "*", name: taskId },
    resources: [{ name: "cpus", scalar: 100 }],
    statuses: [status],
  };
  const show = (): TaskView => {
    shownMax = Math.max(shownMax, ++shown);
    const endMs = performance.now() + SHOW_MS;
    while (performance.now() < endMs);
    return { task, frameworkName: "n" } as unknown as TaskView;
  };
  const known = { taskId, agentId, frameworkId, state, launchedMs: 0 } as const;
  return { ...known, key: task, newest: status, statuses: 1, show };
}

beforeAll(async () => {
  const tasks = Array.from({ length: TASKS }, (_, at) => source(at));
  const snapshot = (): ClusterSnapshot => ({
    ...{ agents: [], frameworks: [], completedFrameworks: [], executors: [], offers: [] },
    inverseOffers: [],
    tasks,
    completedTasks: [],
  });
  master = await ScriptedMaster.start();
  master.shown = { snapshot, revision: () => revision };
});
afterAll(() => master.stop());

/** Does something while others have their turns, which are counted too. */
async function amongOthers<T>(what: () => Promise<T>): Promise<{ result: T; turns: number }> {
  let turns = 0;
  let isOver = false;
  revision += 1;
  shown = 0;
  shownMax = 0;
  const turn = (): void => {
    turns += 1;
    shown = 0;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  const result = await what();
  isOver = true;
  return { result, turns };
}

function decoded(wire: Wire, body: Buffer): Message<typeof Response> {
  return wire === "json" ? JSON.parse(body.toString()) : readProto(Response, body);
}

describe.each(["json", "protobuf"] as const)("a cluster of 20,000 tasks, in %s", (wire) => {
  const call = (type: string) => ({ ...encoded(wire, { type }, MasterCall), path: "/api/v1" });

  test.each(["GET_TASKS", "GET_STATE"])("%s is whole, and made in slices", async (type) => {
    const { result, turns } = await amongOthers(() => ask(master.port, call(type)));
    const value = decoded(wire, result.body);
    const { tasks, unreachable_tasks } = value.get_tasks ?? value.get_state?.get_tasks ?? {};
    expect([tasks?.length, unreachable_tasks?.length]).toEqual([TASKS / 2, TASKS / 2]);
    expect(tasks?.at(-1)).toMatchObject({
      task_id: { value: `t-${TASKS - 2}` },
      state: "TASK_RUNNING",
    });
    // A slice has room for 200 of them; the clock is looked at after each.
    expect(shownMax).toBeLessThanOrEqual(220);
    expect(turns).toBeGreaterThan(TASKS / 220);
  });

  test("who asks for it ten times at once has it made once", async () => {
    let made = 0;
    const { snapshot } = master.shown;
    master.shown.snapshot = () => {
      made += 1;
      return snapshot?.() as ClusterSnapshot;
    };
    const { result } = await amongOthers(() =>
      Promise.all(Array.from({ length: 10 }, () => ask(master.port, call("GET_TASKS")))),
    );
    master.shown.snapshot = snapshot as () => ClusterSnapshot;
    expect(new Set(result.map(({ body }) => body.length)).size).toBe(1);
    expect(made).toBe(1);
  });

  test("SUBSCRIBE begins with it; what happens meanwhile follows it", async () => {
    let tell: Parameters<NonNullable<typeof master.shown.watch>>[0] = () => {};
    master.shown.watch = (listener) => {
      tell = listener;
      return () => {};
    };
    const { result: types } = await amongOthers(async () => {
      const events = await stream(master.port, call("SUBSCRIBE"), Event);
      revision += 1;
      tell({ kind: "agent-removed", agentId } as never);
      const first = await events.any();
      expect(first?.subscribed?.get_state?.get_tasks?.tasks).toHaveLength(TASKS / 2);
      const rest = [await events.any(), await events.any()];
      events.close();
      return [first, ...rest].map((event) => event?.type);
    });
    expect(types).toEqual(["SUBSCRIBED", "HEARTBEAT", "AGENT_REMOVED"]);
    expect(shownMax).toBeLessThanOrEqual(220);
  });

  test("who subscribes ten at once has the state made twice at most", async () => {
    let tell: Parameters<NonNullable<typeof master.shown.watch>>[0] = () => {};
    const { snapshot, watch } = master.shown;
    let made = 0;
    master.shown.watch = (listener) => {
      tell = listener;
      return () => {};
    };
    master.shown.snapshot = () => {
      made += 1;
      return snapshot?.() as ClusterSnapshot;
    };
    const { result } = await amongOthers(async () => {
      const first = await stream(master.port, call("SUBSCRIBE"), Event);
      // The others come later, and are told of what there is by then: this is in it.
      revision += 1;
      tell({ kind: "agent-removed", agentId } as never);
      const others = Array.from({ length: 9 }, () => stream(master.port, call("SUBSCRIBE"), Event));
      const streams = [first, ...(await Promise.all(others))];
      revision += 1;
      tell({ kind: "framework-removed", frameworkId } as never);
      return await Promise.all(
        streams.map(async (events) => {
          const types = [];
          while (types.at(-1) !== "FRAMEWORK_REMOVED") types.push((await events.any())?.type);
          events.close();
          return types.filter((type) => type !== "HEARTBEAT");
        }),
      );
    });
    Object.assign(master.shown, { snapshot, watch });
    expect(made).toBe(2);
    expect(shownMax).toBeLessThanOrEqual(220);
    const [first, ...others] = result;
    expect(first).toEqual(["SUBSCRIBED", "AGENT_REMOVED", "FRAMEWORK_REMOVED"]);
    for (const types of others) expect(types).toEqual(["SUBSCRIBED", "FRAMEWORK_REMOVED"]);
  });
});
