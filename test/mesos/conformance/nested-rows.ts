import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { pause, until } from "../../support/until.ts";
import { Input, Output } from "../support/attach.ts";
import { call, executorIn, printing } from "./agent-rows.ts";
import {
  exitOf,
  input,
  launch,
  left,
  line,
  on,
  session,
  taskOf,
  terminal,
  type V1Id,
  within,
  words,
} from "./nested-words.ts";
import { both, type Row } from "./suite.ts";

/** Containers in containers: their lives, and what is refused. */
export const nestedRows: readonly Row[] = [
  both("8", "LAUNCH_NESTED_CONTAINER writes to files of a folder of its own", async (client) => {
    const framework = await printing(client, "exec sleep 600");
    const { container, directory } = await executorIn(client, framework);
    const id = within({ value: container });
    expect((await launch(client, id, line("echo out; echo err >&2; pwd; exit 6"))).status).toBe(
      200,
    );
    expect(await exitOf(client, id)).toBe(6 << 8);
    const folder = `${directory}/containers/${id.value}`;
    expect(readFileSync(`${folder}/stdout`, "utf8")).toBe(`out\n${folder}\n`);
    expect(readFileSync(`${folder}/stderr`, "utf8")).toBe("err\n");
    // Clients that came too late take 500 for its end.
    const late = input(client, id);
    expect((await late.answer).status).toBe(500);
    late.close();
    // The same id again is none, also when what had it has ended.
    expect((await launch(client, id, line("true"))).status).toBe(202);
    const silent = await on(client, "ATTACH_CONTAINER_OUTPUT", { value: container });
    expect([silent.status, silent.text]).toEqual([
      500,
      "I/O switchboard server was disabled for this container",
    ]);
    const inner = within(within({ value: container }));
    expect((await launch(client, inner, line("true"))).status).toBe(400);
  }),
  both("8", "containers are killed by any signal, waited for and removed", async (client) => {
    const task = await taskOf(client);
    const outer = within(task);
    const inner = within(outer);
    const wait = line("trap 'exit 8' TERM; while :; do sleep 0.05; done");
    for (const id of [outer, inner]) expect((await launch(client, id, wait)).status).toBe(200);
    expect((await on(client, "REMOVE_NESTED_CONTAINER", outer)).status).toBe(500);
    const ends = [exitOf(client, outer), exitOf(client, inner)];
    const kill = (id: V1Id, more: object = {}) => on(client, "KILL_NESTED_CONTAINER", id, more);
    // The trap must be set before the signal comes.
    await pause(300);
    expect((await kill(inner, { signal: 15 })).status).toBe(200);
    expect(await ends[1]).toBe(8 << 8);
    expect((await kill(inner)).status).toBe(404);
    expect((await kill(outer, { signal: 1000 })).status).toBe(400);
    expect((await on(client, "KILL_CONTAINER", outer)).status).toBe(200);
    expect(await ends[0]).toBe(9);
    const waited = await on(client, "WAIT_CONTAINER", outer);
    expect(waited.value).toMatchObject({
      type: "WAIT_CONTAINER",
      wait_container: { exit_status: 9 },
    });
    expect((await on(client, "REMOVE_CONTAINER", outer)).status).toBe(200);
    for (const gone of [outer, inner]) {
      expect((await on(client, "WAIT_NESTED_CONTAINER", gone)).status).toBe(404);
    }
    await until("nothing is left", () => left(task).length === 0);
  }),
  both("8", "what is nested ends with its task", async (client) => {
    const framework = await printing(client, "exec sleep 600");
    const task = { value: (await executorIn(client, framework)).container };
    const id = within(task);
    const output = await session(client, id, line("exec sleep 603"));
    const typed = input(client, id);
    const deep = within(id);
    expect((await launch(client, deep, line("exec sleep 604"))).status).toBe(200);
    const ended = exitOf(client, deep);
    await framework.call("KILL", { kill: { task_id: { value: "t" } } });
    expect(await ended).toBe(9);
    await output.end();
    expect((await typed.answer).status).toBe(200);
    typed.close();
    await until("it to be forgotten", async () =>
      (await on(client, "WAIT_NESTED_CONTAINER", deep)).status === 404 ? true : undefined,
    );
  }),
  both("8", "calls about nobody's containers are 404, launches in them 400", async (client) => {
    const task = await taskOf(client);
    const [nobody, unborn] = [within(task), within({ value: "nobody" })];
    for (const type of ["WAIT", "KILL", "REMOVE"]) {
      for (const name of [`${type}_NESTED_CONTAINER`, `${type}_CONTAINER`]) {
        expect([name, (await on(client, name, nobody)).status]).toEqual([name, 404]);
        expect([name, (await call(client, { type: name })).status]).toEqual([name, 400]);
      }
    }
    const output = await on(client, "ATTACH_CONTAINER_OUTPUT", nobody);
    expect([output.status, output.text]).toEqual([
      500,
      "I/O switchboard server was disabled for this container",
    ]);
    const nowhere = { value: "x", parent: { value: "y" } };
    const lost = await on(client, "ATTACH_CONTAINER_OUTPUT", nowhere);
    expect([lost.status, lost.text]).toEqual([404, "Container y.x cannot be found"]);
    for (const [id, status] of [
      [nobody, 500],
      [unborn, 404],
      [nowhere, 404],
    ] as const) {
      const typed = input(client, id);
      expect((await typed.answer).status).toBe(status);
      typed.close();
    }
    expect((await launch(client, unborn, line("true"))).status).toBe(400);
    expect((await session(client, unborn, line("true"))).stream.status).toBe(400);
    for (const value of ["", "a.b", "a b", "a/b", "x".repeat(300)]) {
      const bad = await launch(client, { value, parent: task }, line("true"));
      expect([value, bad.status]).toEqual([value, 400]);
    }
    expect((await launch(client, { value: "alone" }, line("true"))).status).toBe(400);
    const alone = { container_id: { value: "alone" }, command: line("true") };
    const standalone = await call(client, { type: "LAUNCH_CONTAINER", launch_container: alone });
    expect(standalone.status).toBe(501);
  }),
  both("8", "what a nested container cannot have is 400, and leaves nothing", async (client) => {
    const task = await taskOf(client);
    const volumes = [{ mode: "RW", container_path: "x", host_path: "/tmp" }];
    const tries: readonly (readonly [object, object?])[] = [
      [{ value: "true", user: "nobody" }],
      [{ value: "true", uris: [{ value: "/etc/hosts" }] }],
      [line("true"), { container: { type: "MESOS", volumes } }],
      [line("true"), { container: { type: "DOCKER", docker: { image: "x" } } }],
      [line("true"), { container: terminal(80, 24) }],
    ];
    for (const [command, more] of tries) {
      const id = within(task);
      const { status } = await launch(client, id, command, more);
      expect([command, more, status]).toEqual([command, more, 400]);
      expect((await on(client, "WAIT_NESTED_CONTAINER", id)).status).toBe(404);
    }
    expect((await launch(client, within(task), {})).status).toBe(400);
    const missing = await session(client, within(task), words("no-such-program"));
    expect(missing.stream.status).toBe(400);
    const resources = [{ name: "cpus", type: "SCALAR", scalar: { value: 1 } }];
    const given = { container_id: within(task), command: line("true") };
    const rich = { type: "LAUNCH_CONTAINER", launch_container: { ...given, resources } };
    expect((await call(client, rich)).status).toBe(400);
    expect((await call(client, { type: "LAUNCH_CONTAINER", launch_container: given })).status).toBe(
      200,
    );
  }),
  both("8", "input that is badly framed or no input is 400, and ends nothing", async (client) => {
    const id = within(await taskOf(client));
    const output = await session(client, id, words("cat"));
    const refused = async (send: (to: Input) => void, why: RegExp, to = input(client)) => {
      send(to);
      const { status, text } = await to.end();
      expect([status, text]).toEqual([400, expect.stringMatching(why)]);
    };
    await refused(() => {}, /EOF/);
    await refused((to) => to.raw("x\n{}"), /not the length/);
    await refused((to) => to.raw("99999999999"), /not the length/);
    await refused((to) => to.raw("900000000\n"), /longer than/);
    await refused((to) => to.raw("4\n\x0b\xff\xff\xff"), /Failed to parse body/);
    await refused((to) => to.raw("20\n{}"), /EOF/);
    const io = { type: "PROCESS_IO", process_io: { type: "DATA", data: { type: "STDIN" } } };
    await refused((to) => to.call(io), /CONTAINER_ID/);
    await refused((to) => to.call({ type: "CONTAINER_ID" }), /container_id' to be present/);
    const then = (send: (to: Input) => void, why: RegExp) => refused(send, why, input(client, id));
    await then((to) => to.call({ type: "CONTAINER_ID", container_id: id }), /PROCESS_IO/);
    await then((to) => to.call({ type: "PROCESS_IO" }), /process_io' to be present/);
    await then((to) => to.control({ type: "TTY_INFO", tty_info: {} }), /window_size/);
    await then((to) => to.control({ type: "UNKNOWN" }), /control.type/);
    const wrong = { type: "DATA", data: { type: "STDOUT", data: "" } };
    await then((to) => to.call({ type: "PROCESS_IO", process_io: wrong }), /STDIN/);
    await then((to) => to.raw("1"), /EOF/);
    const typed = input(client, id);
    typed.say("still here\n");
    await output.has("still here\n");
    typed.say("");
    await output.end();
    typed.close();
  }),
  both("8", "types that do not fit a call are 415 and 406", async (client) => {
    const task = await taskOf(client);
    const form = client.wire === "json" ? "application/json" : "application/x-protobuf";
    const status = async (headers: Record<string, string>) =>
      (await new Input(client.agent, client.wire, task, headers).end()).status;
    const records = "application/recordio";
    expect(await status({ "content-type": records })).toBe(400);
    expect(await status({ "content-type": records, "message-content-type": "text/x" })).toBe(415);
    const json = { "content-type": form, "message-content-type": form };
    expect(await status(json)).toBe(415);
    const streamed = { "content-type": records, "message-content-type": form };
    expect(await status({ ...streamed, accept: records })).toBe(406);
    const wait = { type: "WAIT_NESTED_CONTAINER", wait_nested_container: { container_id: task } };
    const open = (call: object, accept: Record<string, string>) =>
      Output.open(client.agent, client.wire, call, accept);
    expect((await open(wait, { accept: records })).stream.status).toBe(406);
    expect((await open(wait, { accept: form, "message-accept": form })).stream.status).toBe(406);
    const attach = {
      type: "ATTACH_CONTAINER_OUTPUT",
      attach_container_output: { container_id: task },
    };
    const text = { accept: records, "message-accept": "text/x" };
    expect((await open(attach, text)).stream.status).toBe(406);
    const whole = { type: "CONTAINER_ID", container_id: task };
    const unary = { type: "ATTACH_CONTAINER_INPUT", attach_container_input: whole };
    expect((await call(client, unary)).status).toBe(415);
  }),
];
