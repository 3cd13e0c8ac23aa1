import { expect } from "vitest";
import { commandTask, type HttpFramework, scalar } from "../support/framework.ts";
import { both, type Row } from "./suite.ts";

const multi = { roles: ["r"], capabilities: [{ type: "MULTI_ROLE" }] };
const refined = {
  roles: ["r"],
  capabilities: [{ type: "MULTI_ROLE" }, { type: "RESERVATION_REFINEMENT" }],
};
const of = (role: string) => ({ allocation_info: { role } });

function amounts(cpusRole: string, memRole: string): object {
  return { resources: [scalar("cpus", 0.1, of(cpusRole)), scalar("mem", 32, of(memRole))] };
}

/** Launches one task, and holds that it is refused with these words. */
async function refused(framework: HttpFramework, more: object, words: string): Promise<void> {
  const task = commandTask("t", "true", more);
  expect(await framework.launch(await framework.offer(), [task], { refuse_seconds: 0 })).toBe(202);
  const status = await framework.status();
  expect(status).toMatchObject({ state: "TASK_ERROR", reason: "REASON_TASK_INVALID" });
  expect(status.message).toContain(words);
}

async function operated(framework: HttpFramework, id: string, role: string) {
  const reservations = [{ type: "DYNAMIC", role: "r" }];
  const resources = [scalar("cpus", 0.1, { reservations, ...of(role) })];
  const operation = { type: "RESERVE", id: { value: id }, reserve: { resources } };
  const filters = { refuse_seconds: 0 };
  expect(await framework.accept(await framework.offer(), [operation], filters)).toBe(202);
  return (await framework.next("UPDATE_OPERATION_STATUS")).update_operation_status?.status;
}

const nanos = (nanoseconds: number) => ({ nanoseconds });

/** §6.1, §6.6: what is refused, or passed over, for what it says. */
export const refusalRows: readonly Row[] = [
  both(
    "6.6",
    "resources allocated to another role than the offer's are refused",
    async (client) => {
      const framework = await client.framework(multi);
      const words =
        "allocated to role 'zz', but what is available in the offers is allocated to 'r'";
      await refused(framework, amounts("zz", "zz"), words);
      await refused(framework, amounts("r", "zz"), words);
      const resources = [scalar("cpus", 0.1, of("zz")), scalar("mem", 32)];
      const executor = { executor_id: { value: "e" }, command: { value: "true" }, resources };
      await refused(framework, { command: undefined, executor }, words);
      const good = commandTask("good", "sleep 600", amounts("r", "r"));
      await framework.launch(await framework.offer(), [good]);
      await framework.reach("TASK_RUNNING", "good");
    },
  ),
  both("6.6", "a group with resources of another role is refused whole", async (client) => {
    const framework = await client.framework(multi);
    for (const [executorRole, taskRole] of [
      ["zz", "r"],
      ["r", "zz"],
    ] as const) {
      const offer = await framework.offer();
      const executor = {
        type: "DEFAULT",
        executor_id: { value: "e" },
        framework_id: framework.id,
        resources: [scalar("cpus", 0.1, of(executorRole)), scalar("mem", 32), scalar("disk", 32)],
      };
      const tasks = [commandTask("t", "true", amounts(taskRole, taskRole))];
      const infos = tasks.map((task) => ({ ...task, agent_id: offer.agent_id }));
      const launch_group = { executor, task_group: { tasks: infos } };
      const filters = { refuse_seconds: 0 };
      await framework.accept(offer, [{ type: "LAUNCH_GROUP", launch_group }], filters);
      const status = await framework.status();
      expect(status).toMatchObject({ reason: "REASON_TASK_GROUP_INVALID" });
      expect(status.message).toContain("allocated to role 'zz'");
    }
  }),
  both("6.6", "operations on resources of another role, or with a bad id, fail", async (client) => {
    const framework = await client.framework(refined);
    for (const [id, role, words] of [
      ["op", "zz", "allocated to role 'zz'"],
      ["a/b", "r", "Operation has an invalid id"],
      ["", "r", "Operation has an invalid id"],
    ] as const) {
      expect(await operated(framework, id, role)).toMatchObject({
        operation_id: { value: id },
        state: "OPERATION_ERROR",
        message: expect.stringContaining(words),
      });
    }
  }),
  both("6.6", "negative durations are refused, however small", async (client) => {
    const framework = await client.framework();
    const check = { command: { command: { value: "true" } }, type: "COMMAND" };
    for (const [more, words] of [
      [{ kill_policy: { grace_period: nanos(-1) } }, "'kill_policy.grace_period' must be non-neg"],
      [{ max_completion_time: nanos(-1) }, "'max_completion_time' must be non-negative"],
      [{ check: { ...check, delay_seconds: -0.0001 } }, "check.delayMs: it must not be negative"],
    ] as const) {
      await refused(framework, more, words);
    }
  }),
  both("6.6", "checks that can never be made are refused", async (client) => {
    const framework = await client.framework();
    for (const [health_check, words] of [
      [{ http: { port: 80, scheme: "ftp" } }, '"ftp" is not supported, http and https are'],
      [{ http: { port: 99_999 } }, "healthCheck.http.port: 99999 is not one of 1 to 65535"],
      [{ type: "TCP", tcp: { port: 0 } }, "healthCheck.tcp.port: 0 is not one of 1 to 65535"],
    ] as const) {
      await refused(framework, { health_check }, words);
    }
  }),
  both("6.6", "a number that is too large is not shown as another one", async (client) => {
    const framework = await client.framework();
    const end = "18446744073709551615";
    const ports = { name: "ports", type: "RANGES", ranges: { range: [{ begin: 1, end }] } };
    const resources = [scalar("cpus", 0.1), scalar("mem", 32), ports];
    await refused(framework, { resources }, "ports has [1-over 9007199254740991]");
  }),
  both("6.1", "10: a REQUEST for what cannot be is 202, and ignored", async (client) => {
    const framework = await client.framework();
    for (const value of [-2, 1e300]) {
      const requests = [{ resources: [scalar("cpus", value)] }];
      expect(await framework.call("REQUEST", { request: { requests } })).toBe(202);
    }
    await framework.offer();
  }),
];
