import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import { listPids, readEnvironment } from "../../../agent/containerizer/proc.ts";
import { Input, Output } from "../support/attach.ts";
import { call, executorIn, printing } from "./agent-rows.ts";
import type { Client } from "./suite.ts";

/** The id of a container as the API writes it. */
export interface V1Id {
  readonly value: string;
  readonly parent?: V1Id;
}

/** A task at work, and the id of its container. */
export async function taskOf(client: Client): Promise<V1Id> {
  const framework = await printing(client, "exec sleep 600");
  return { value: (await executorIn(client, framework)).container };
}

/** A new id within a container. */
export const within = (parent: V1Id): V1Id => ({ value: randomUUID(), parent });
/** A command without a shell. */
export const words = (...argv: string[]) => ({ value: argv[0], shell: false, arguments: argv });
/** A command of a shell. */
export const line = (value: string) => ({ value });
/** A terminal of a size. */
export const terminal = (columns: number, rows: number) => ({
  type: "MESOS",
  tty_info: { window_size: { columns, rows } },
});

/** Launches a container that is talked to, and reads what it writes. */
export function session(client: Client, container_id: V1Id, command: object, more: object = {}) {
  const launch_nested_container_session = { container_id, command, ...more };
  const type = "LAUNCH_NESTED_CONTAINER_SESSION";
  return Output.open(client.agent, client.wire, { type, launch_nested_container_session });
}

/** Launches another one. */
export function launch(client: Client, container_id: V1Id, command: object, more: object = {}) {
  const launch_nested_container = { container_id, command, ...more };
  return call(client, { type: "LAUNCH_NESTED_CONTAINER", launch_nested_container });
}

/** A call that is about one container and little else. */
export const on = (client: Client, type: string, container_id: V1Id, more: object = {}) =>
  call(client, { type, [type.toLowerCase()]: { container_id, ...more } });

/** How a container ended, once it has. */
export async function exitOf(client: Client, id: V1Id): Promise<number | undefined> {
  const { status, value } = await on(client, "WAIT_NESTED_CONTAINER", id);
  expect(status).toBe(200);
  return value.wait_nested_container?.exit_status;
}

/** Processes of sessions in a container. */
export const left = ({ value }: V1Id) =>
  listPids().filter((pid) => readEnvironment(pid)?.includes(`TEPUI_CONTAINER_ID=${value}.exec`));

/** The input of a container. */
export function input(client: Client, id?: V1Id): Input {
  return new Input(client.agent, client.wire, id);
}
