import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameworkCallSchemas } from "../../contract/framework-api.ts";
import { messageCheck } from "../../contract/message-checks.ts";
import { readJson } from "../../plugins/transports/mesos-v1-http/codec/json-read.ts";
import { writeJson } from "../../plugins/transports/mesos-v1-http/codec/json-write.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { TaskInfo, TaskStatus } from "../../plugins/transports/mesos-v1-http/definitions/tasks.ts";
import { mapCall } from "../../plugins/transports/mesos-v1-http/map/scheduler-calls.ts";
import {
  statusFrom,
  statusTo,
  taskFrom,
  taskTo,
} from "../../plugins/transports/mesos-v1-http/map/tasks.ts";
import { arbitraryMessage } from "./arbitrary-message.ts";

const check = messageCheck("framework", frameworkCallSchemas);
const form = { isRefined: true };

/** A call around what is inside, read as a server reads it. */
function mapped(body: object) {
  const call = { framework_id: { value: "f" }, ...body };
  const { call: made } = mapCall(readJson(Call, JSON.stringify(call)), 1) ?? {};
  if (made === undefined) throw new Error("the call has no meaning");
  expect(check(made)).toBeUndefined();
  return made;
}

/** A LAUNCH of one task. */
function launched(task: object) {
  const info = { name: "t", task_id: { value: "t" }, agent_id: { value: "a" }, ...task };
  const operations = [{ type: "LAUNCH", launch: { task_infos: [info] } }];
  return mapped({ type: "ACCEPT", accept: { offer_ids: [{ value: "o" }], operations } });
}

describe("mapping between the API and the contract", () => {
  test("a task that went through the contract once comes back the same ever after", () => {
    fc.assert(
      fc.property(arbitraryMessage(TaskInfo), (given) => {
        const shown = taskTo(taskFrom(given as never), form);
        const text = writeJson(TaskInfo, shown);
        const again = taskTo(taskFrom(readJson(TaskInfo, text)), form);
        expect(writeJson(TaskInfo, again)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test("so does a status", () => {
    const statuses = arbitraryMessage(TaskStatus).map((one) => ({
      ...one,
      uuid: new Uint8Array(16),
      timestamp: 1.5,
      unreachable_time: { nanoseconds: 2e9 },
    }));
    fc.assert(
      fc.property(statuses, (given) => {
        const text = writeJson(TaskStatus, statusTo(statusFrom(given as never)));
        const again = statusTo(statusFrom(readJson(TaskStatus, text)));
        expect(writeJson(TaskStatus, again)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  test("the kernel's own check takes what is made of a full task", () => {
    const call = launched({
      resources: [
        { name: "cpus", type: "SCALAR", scalar: { value: 0.1 }, role: "*" },
        { name: "ports", type: "RANGES", ranges: { range: { begin: "31000", end: 31001 } } },
        {
          name: "mem",
          type: "SCALAR",
          scalar: { value: 32 },
          role: "r",
          reservation: { principal: "p" },
          allocation_info: { role: "r" },
        },
      ],
      command: {
        value: "sleep 1",
        environment: { variables: [{ name: "A", value: "b" }] },
        uris: [{ value: "http://h/f", extract: "false" }],
      },
      container: {
        type: "MESOS",
        mesos: { image: { type: "DOCKER", docker: { name: "alpine" } } },
        volumes: [{ mode: "RW", container_path: "/a", host_path: "/b" }],
        rlimit_info: { rlimits: [{ type: "RLMT_NOFILE", soft: 1, hard: 2 }] },
      },
      health_check: { http: { port: 80, path: "/" }, interval_seconds: 2.5 },
      kill_policy: { grace_period: { nanoseconds: 5e9 } },
      limits: { mem: { value: "Infinity" }, cpus: { value: 1 } },
      labels: { labels: [{ key: "k" }] },
      discovery: { visibility: "CLUSTER", ports: { ports: [{ number: 80 }] } },
    });
    expect(call).toMatchObject({
      operations: [
        {
          tasks: [
            {
              resources: [
                { name: "cpus", scalar: 100 },
                { name: "ports", ranges: [{ begin: 31000, end: 31001 }] },
                {
                  name: "mem",
                  scalar: 32000,
                  reservations: [{ type: "dynamic", role: "r", principal: "p" }],
                },
              ],
              command: { environment: [{ name: "A", value: "b" }], uris: [{ extract: false }] },
              container: { mesos: { image: { type: "DOCKER", name: "alpine" } } },
              healthCheck: { http: { port: 80, path: "/" }, intervalMs: 2500 },
              killPolicy: { gracePeriodMs: 5000 },
              limits: { mem: Number.POSITIVE_INFINITY, cpus: 1000 },
              labels: [{ key: "k" }],
              discovery: { visibility: "CLUSTER", ports: [{ number: 80 }] },
            },
          ],
        },
      ],
    });
    expect(JSON.stringify(call)).not.toMatch("allocation_info");
  });

  test("a health check without a type keeps none, for the core to infer (§6.6)", () => {
    const call = launched({ health_check: { command: { value: "true" } } });
    const [operation] = call.type === "accept" ? (call.operations ?? []) : [];
    const task = operation?.type === "LAUNCH" ? operation.tasks[0] : undefined;
    expect(task?.healthCheck).toEqual({ command: { value: "true" } });
  });

  test("an executor in LAUNCH is given its framework, one in LAUNCH_GROUP is not (§6.6)", () => {
    const executor = { executor_id: { value: "e" }, command: { value: "run" } };
    expect(launched({ executor })).toMatchObject({
      operations: [{ tasks: [{ executor: { frameworkId: "f" } }] }],
    });
    const launch_group = { executor, task_group: { tasks: [] } };
    const accept = { offer_ids: [], operations: [{ type: "LAUNCH_GROUP", launch_group }] };
    const call = mapped({ type: "ACCEPT", accept });
    expect(JSON.stringify(call)).not.toMatch("frameworkId");
  });

  test("senseless amounts pass, since they are one task's own mistake (§6.6)", () => {
    const amount = (value: number) => ({ name: "cpus", type: "SCALAR", scalar: { value } });
    expect(launched({ resources: [amount(-1), { name: "disk", type: "SCALAR" }] })).toMatchObject({
      operations: [{ tasks: [{ resources: [{ scalar: -1000 }, { name: "disk" }] }] }],
    });
  });

  test("a framework without MULTI_ROLE has the role * unless it says one (§6.3)", () => {
    const subscribe = (framework_info: object) =>
      mapped({ type: "SUBSCRIBE", subscribe: { framework_info } });
    const info = { user: "u", name: "n" };
    expect(subscribe(info)).toMatchObject({ framework: { roles: ["*"] } });
    expect(subscribe({ ...info, role: "a" })).toMatchObject({ framework: { roles: ["a"] } });
    const capabilities = [{ type: "MULTI_ROLE" }];
    expect(subscribe({ ...info, roles: ["a", "b"], capabilities })).toMatchObject({
      framework: { roles: ["a", "b"], capabilities: ["MULTI_ROLE"] },
    });
  });

  test("offer constraints and offer filters keep their meaning (C13, C14)", () => {
    const constraint = {
      selector: { attribute_name: "rack" },
      predicate: { text_equals: { value: "a" } },
    };
    const groups = [{ attribute_constraints: [constraint] }];
    const least = { quantities: [{ quantities: { cpus: { value: 0.5 } } }] };
    const call = mapped({
      type: "SUBSCRIBE",
      subscribe: {
        framework_info: {
          user: "u",
          name: "n",
          offer_filters: { "*": { min_allocatable_resources: least } },
        },
        suppressed_roles: "*",
        offer_constraints: { role_constraints: { "*": { groups } } },
      },
    });
    expect(call).toMatchObject({
      framework: { offerFilters: { "*": { minAllocatable: [{ cpus: 500 }] } } },
      suppressedRoles: ["*"],
      offerConstraints: {
        "*": {
          groups: [
            {
              attributeConstraints: [
                { selector: { attributeName: "rack" }, predicate: { textEquals: { value: "a" } } },
              ],
            },
          ],
        },
      },
    });
  });

  test("no refusal is longer than the longest, be it infinite (C8)", () => {
    const filters = { refuse_seconds: "Infinity" };
    expect(mapped({ type: "DECLINE", decline: { filters } })).toMatchObject({
      filters: { refuseMs: 365 * 24 * 3_600_000 },
    });
  });
});
