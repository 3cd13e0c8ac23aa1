import { expect } from "vitest";
import { refusedEndpoints } from "../../../plugins/transports/mesos-v1-http/views/process-views.ts";
import { until } from "../../support/until.ts";
import { type Answer, ask } from "../support/client.ts";
import { type Client, jsonOnly, type Row } from "./suite.ts";

/** Both processes, each with the name that it has in paths. */
const sides = ({ master, agent }: Client) =>
  [
    { side: "master", port: master, name: "/master" },
    { side: "agent", port: agent, name: "/slave(1)" },
  ] as const;

const get = (port: number, path: string, method = "GET"): Promise<Answer> =>
  ask(port, { method, path, headers: {} });

/** What every process serves about itself. */
export const processRows: readonly Row[] = [
  jsonOnly(
    "1.4",
    "/logging/toggle tells the level of a log, and raises it for a while",
    async (client) => {
      for (const { port, name } of sides(client)) {
        const at = `${name}/logging/toggle`;
        const level = async () => (await get(port, at)).text;
        expect(await level()).toBe("0\n");
        expect((await get(port, `${at}?level=2&duration=10mins`, "POST")).status).toBe(200);
        expect(await level()).toBe("2\n");
        expect((await get(port, "/logging/toggle?level=3&duration=50ms")).text).toBe("");
        await until("the level to return", async () => (await level()) === "0\n" || undefined);
        const wrong = [
          "level=1",
          "duration=1mins",
          "level=-1&duration=1mins",
          "level=x&duration=1mins",
          "level=1&duration=soon",
        ];
        for (const query of wrong) {
          const { status, text } = await get(port, `${at}?${query}`);
          expect([query, status]).toEqual([query, 400]);
          expect(text).not.toBe("");
        }
        const put = await get(port, at, "PUT");
        expect([put.status, put.headers.allow]).toEqual([405, "GET, POST"]);
        expect(await level()).toBe("0\n");
      }
    },
  ),
  jsonOnly("1.4", "/system/stats.json is about the machine", async (client) => {
    for (const { port, name } of sides(client)) {
      for (const path of ["/system/stats.json", `${name}/system/stats.json`]) {
        const stats = JSON.parse((await get(port, path)).text) as Record<string, number>;
        expect(stats["cpus_total"]).toBeGreaterThan(0);
        expect(stats["mem_total_bytes"]).toBeGreaterThan(stats["mem_free_bytes"] ?? Infinity);
        expect(stats["avg_load_1min"]).toBeGreaterThanOrEqual(0);
      }
    }
  }),
  jsonOnly("1.4", "endpoints that are not served are 501, and say why", async (client) => {
    for (const { side, port } of sides(client)) {
      for (const [path, why] of Object.entries(refusedEndpoints[side])) {
        const { status, text } = await get(port, path);
        expect([path, status, text]).toEqual([path, 501, `${path} is not served: ${why}`]);
      }
    }
  }),
];
