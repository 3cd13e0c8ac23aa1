import { expect } from "vitest";
import type { AgentId, RoleName } from "../../contract/ids.ts";
import type { Resource } from "../../contract/resources.ts";
import { scenario } from "../support/scenario.ts";

const agentId = "m-S0" as AgentId;
const db = "db" as RoleName;

const running = `
  agent a1 cpus:4;mem:1024;disk:1000
  framework web failover=10000 checkpoint
`;

type Asked = Resource & { scalar: number };

/** Amounts of a resource, reserved for db unless it says otherwise. */
const reserved = (name: string, amount: number): Asked => ({
  name,
  scalar: amount * 1_000,
  reservations: [{ type: "dynamic", role: db }],
});

const volume = (size: number): Asked => ({
  ...reserved("disk", size),
  disk: { persistence: { id: "v1" }, volume: { containerPath: "data", mode: "RW" } },
});

scenario("E11 an operator reserves what is offered, and gives it free again", running, (c) => {
  c.told();
  const resources = [reserved("cpus", 2)];
  expect(c.operate({ method: "reserve-resources", params: { agentId, resources } }).result).toEqual(
    {},
  );
  c.expect("web < rescind a1\na1 < apply RESERVE cpus:2;cpus(dynamic db):2;disk:1000;mem:1024");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:2;disk:1000;mem:1024)");
  c.do("framework db");
  c.expect("db < subscribed\ndb < offers a1(cpus(dynamic db):2)");
  const back = { agentId, resources };
  expect(c.operate({ method: "unreserve-resources", params: back }).result).toEqual({});
  c.expect("db < rescind a1\na1 < apply UNRESERVE cpus:4;disk:1000;mem:1024");
  c.do("wait 1s");
  c.expect("web < offers a1(cpus:2)");
});

scenario("E11 what tasks use cannot be taken", running, (c) => {
  c.do("web accepts a1 t1(cpus:3;mem:64) refuse=60000");
  c.told();
  const params = { agentId, resources: [reserved("cpus", 2)] };
  expect(c.operate({ method: "reserve-resources", params }).code).toBe("RESOURCES_MISSING");
});

scenario("E11 a reservation can be made over to another role", running, (c) => {
  c.operate({ method: "reserve-resources", params: { agentId, resources: [reserved("cpus", 2)] } });
  c.told();
  const other: Asked = {
    name: "cpus",
    scalar: 2_000,
    reservations: [{ type: "dynamic", role: "ml" as RoleName }],
  };
  const params = { agentId, source: [reserved("cpus", 2)], resources: [other] };
  expect(c.operate({ method: "reserve-resources", params }).result).toEqual({});
  c.expect("a1 < apply RESERVE cpus:2;cpus(dynamic ml):2;disk:1000;mem:1024");
  const wrong = { ...params, source: [other], resources: [reserved("cpus", 1)] };
  expect(c.operate({ method: "reserve-resources", params: wrong }).code).toBe("OPERATION_INVALID");
});

scenario("E12 volumes are made, resized and destroyed", running, (c) => {
  const reserve = { agentId, resources: [reserved("disk", 500)] };
  c.operate({ method: "reserve-resources", params: reserve });
  c.told();
  const create = { agentId, volumes: [volume(200)] };
  expect(c.operate({ method: "create-volumes", params: create }).result).toEqual({});
  expect(c.told().at(-1)).toMatch(/^a1 < apply CREATE /);
  expect(c.operate({ method: "create-volumes", params: create }).code).toBe("OPERATION_INVALID");
  const addition = reserved("disk", 100);
  const grow = { agentId, volume: volume(200), addition };
  expect(c.operate({ method: "grow-volume", params: grow }).result).toEqual({});
  const shrink = { agentId, volume: volume(300), subtract: 250_000 };
  expect(c.operate({ method: "shrink-volume", params: shrink }).result).toEqual({});
  expect(c.operate({ method: "unreserve-resources", params: reserve }).code).toBe(
    "RESOURCES_MISSING",
  );
  const destroy = { agentId, volumes: [volume(50)] };
  expect(c.operate({ method: "destroy-volumes", params: destroy }).result).toEqual({});
  expect(c.operate({ method: "unreserve-resources", params: reserve }).result).toEqual({});
  c.told();
  c.do("wait 1s");
  c.told();
  expect(c.state.agents.get(agentId)?.info.hostname).toBe("a1");
});

scenario("operators are told what is wrong with what they ask", running, (c) => {
  c.told();
  const nobody = "m-S7" as AgentId;
  const resources = [reserved("cpus", 1)];
  const ask = (params: { agentId: AgentId; resources: Resource[] }) =>
    c.operate({ method: "reserve-resources", params: params as never }).code;
  expect(ask({ agentId: nobody, resources })).toBe("AGENT_UNKNOWN");
  expect(ask({ agentId, resources: [{ name: "cpus", scalar: 1_000 }] })).toBe("OPERATION_INVALID");
  c.do("a1 leaves");
  c.told();
  expect(ask({ agentId, resources })).toBe("AGENT_AWAY");
});
