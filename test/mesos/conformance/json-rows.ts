import { expect } from "vitest";
import { type Client, jsonOnly, type Row } from "./suite.ts";

/** What the operator API says of a framework that was subscribed with this info. */
async function taken(client: Client, info: object): Promise<Record<string, unknown>> {
  const framework = await client.framework(info);
  expect(framework.id).toBeDefined();
  const { value } = await client.operator({ type: "GET_FRAMEWORKS" });
  const found = value.get_frameworks?.frameworks?.find(
    ({ framework_info }) => framework_info.id?.value === framework.id?.value,
  );
  return found?.framework_info as Record<string, unknown>;
}

async function refused(client: Client, body: object): Promise<string> {
  const answer = await client.send(body);
  expect(answer.status).toBe(400);
  return answer.text;
}

/** §5: JSON as it is taken. */
const input: Row[] = [
  jsonOnly("5", "unknown fields are passed over", async (client) => {
    expect(await taken(client, { name: "u", colour: { deep: [1] } })).toMatchObject({ name: "u" });
  }),
  jsonOnly("5", "null is as good as absent", async (client) => {
    const nothing = { hostname: null, labels: null, roles: null, capabilities: null, id: null };
    const info = await taken(client, { name: "null", ...nothing });
    expect(Object.keys(info)).not.toContain("hostname");
  }),
  jsonOnly("5", "numbers may be strings, and Infinity one of them", async (client) => {
    expect(await taken(client, { failover_timeout: "3.5" })).toMatchObject({
      failover_timeout: 3.5,
    });
    const framework = await client.framework();
    const declined = (refuse_seconds: string) => ({ decline: { filters: { refuse_seconds } } });
    expect(await framework.call("DECLINE", declined("Infinity"))).toBe(202);
    expect(await framework.call("DECLINE", declined("NaN"))).toBe(400);
    expect(await framework.call("DECLINE", declined("many"))).toBe(400);
  }),
  jsonOnly("5", "booleans may be strings", async (client) => {
    expect(await taken(client, { checkpoint: "true" })).toMatchObject({ checkpoint: true });
    expect(await refused(client, subscribeWith({ checkpoint: "yes" }))).toMatch(/checkpoint/);
  }),
  jsonOnly("5", "one value stands for a list of one, no list for one value", async (client) => {
    const capabilities = { type: "MULTI_ROLE" };
    expect(await taken(client, { roles: "solo", capabilities })).toMatchObject({ roles: ["solo"] });
    expect(await refused(client, subscribeWith({ name: ["n"] }))).toMatch(/name/);
  }),
  jsonOnly("5", "enums go by name, not by number", async (client) => {
    expect(await refused(client, { type: 1 })).toMatch(/type/);
    expect(await refused(client, subscribeWith({ capabilities: [{ type: 6 }] }))).toMatch(/type/);
  }),
  jsonOnly(
    "5",
    "an unknown name of an enum is nothing where it may be, else 400",
    async (client) => {
      expect(await taken(client, { capabilities: [{ type: "NEW" }] })).toHaveProperty("name");
      const resources = [{ name: "cpus", type: "NEW", scalar: { value: 1 } }];
      const request = { requests: [{ resources }] };
      const call = { type: "REQUEST", framework_id: { value: "f" }, request };
      expect(await refused(client, call)).toMatch(/type/);
    },
  ),
  jsonOnly("5", "bytes are base64, with padding", async (client) => {
    const value = { value: "x" };
    const message = (data: string) => ({
      type: "MESSAGE",
      framework_id: value,
      message: { agent_id: value, executor_id: value, data },
    });
    expect(await refused(client, message("AQ=="))).toBe("Framework cannot be found");
    for (const bad of ["AQ", "A-_=", "%%%%"]) {
      expect(await refused(client, message(bad))).toMatch(/data/);
    }
  }),
  jsonOnly("5", "maps are objects", async (client) => {
    const limits = { cpus: { value: 4 }, mem: { value: "4.5" } };
    const update_quota = { quota_configs: [{ role: "maps", limits }] };
    expect((await client.operator({ type: "UPDATE_QUOTA", update_quota })).status).toBe(200);
    const { value } = await client.operator({ type: "GET_QUOTA" });
    const config = value.get_quota?.status.configs?.find(({ role }) => role === "maps");
    expect(config?.limits).toMatchObject({ cpus: { value: 4 }, mem: { value: 4.5 } });
    await client.operator({ type: "REMOVE_QUOTA", remove_quota: { role: "maps" } });
  }),
  jsonOnly("5", "all required fields that are missing are named", async (client) => {
    const text = await refused(client, { type: "SUBSCRIBE", subscribe: { framework_info: {} } });
    expect(text).toMatch(/framework_info\.user/);
    expect(text).toMatch(/framework_info\.name/);
  }),
];

function subscribeWith(info: object): object {
  return { type: "SUBSCRIBE", subscribe: { framework_info: { user: "u", name: "n", ...info } } };
}

/** §5: JSON as it is sent. */
const output: Row[] = [
  jsonOnly("5", "doubles have a decimal, whole numbers have none", async (client) => {
    const framework = await client.framework();
    await framework.offer();
    const text = Buffer.concat(framework.events.chunks).toString("utf8");
    expect(text).toMatch(/"heartbeat_interval_seconds":1\.0/);
    expect(text).toMatch(/"name":"cpus","type":"SCALAR","scalar":\{"value":\d+\.\d+\}/);
    expect(text).toMatch(/"port":\d+[,}]/);
  }),
  jsonOnly(
    "5",
    "what has a default is shown, what is empty or deprecated is not",
    async (client) => {
      const capabilities = [{ type: "MULTI_ROLE" }];
      const info = await taken(client, { roles: ["r"], capabilities });
      expect(info).toMatchObject({ failover_timeout: 0, checkpoint: false, roles: ["r"] });
      for (const absent of ["role", "labels", "webui_url", "offer_filters"]) {
        expect(Object.keys(info)).not.toContain(absent);
      }
    },
  ),
  jsonOnly("5", "what is not ASCII is escaped", async (client) => {
    const framework = await client.framework({ name: "Grüße ☃ 😀" });
    expect(framework.id).toBeDefined();
    const { text, value } = await client.operator({ type: "GET_FRAMEWORKS" });
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    const names = value.get_frameworks?.frameworks?.map((one) => one.framework_info.name);
    expect(names).toContain("Grüße ☃ 😀");
  }),
];

/** §5 of the API's description. */
export const jsonRows: readonly Row[] = [...input, ...output];
