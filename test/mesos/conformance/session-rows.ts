import { expect } from "vitest";
import { frameRecord } from "../../../plugins/transports/mesos-v1-http/http/record-io.ts";
import { pause, until } from "../../support/until.ts";
import { CommandLine, Output } from "../support/attach.ts";
import { call } from "./agent-rows.ts";
import {
  exitOf,
  input,
  left,
  line,
  session,
  taskOf,
  terminal,
  within,
  words,
} from "./nested-words.ts";
import { both, jsonOnly, type Row } from "./suite.ts";

/** Sessions: containers in containers that are talked to. */
export const sessionRows: readonly Row[] = [
  both("8", "a session runs a command in a task and streams its output", async (client) => {
    const task = await taskOf(client);
    const id = within(task);
    const output = await session(client, id, line("echo $MESOS_TASK_ID; echo no >&2; pwd; exit 3"));
    expect(output.stream.status).toBe(200);
    const form = client.wire === "json" ? "application/json" : "application/x-protobuf";
    expect(output.stream.headers).toMatchObject({
      "content-type": "application/recordio",
      "message-content-type": form,
      "transfer-encoding": "chunked",
    });
    const { stdout, stderr } = await output.end();
    expect(stdout).toMatch(/^t\n\/.*\/runs\/[-0-9a-f]+\n$/);
    expect(stderr).toBe("no\n");
    expect(output.heartbeats).toBeGreaterThan(0);
    expect(await exitOf(client, id)).toBe(3 << 8);
    await until("nothing is left", () => left(task).length === 0);
  }),
  both("8", "without Accept of records, they come under the plain type", async (client) => {
    const task = await taskOf(client);
    const accept = client.wire === "json" ? "application/json" : "application/x-protobuf";
    const launch_nested_container_session = { container_id: within(task), command: line("echo x") };
    const type = "LAUNCH_NESTED_CONTAINER_SESSION";
    const what = { type, launch_nested_container_session };
    const output = await Output.open(client.agent, client.wire, what, { accept });
    expect(output.stream.headers["content-type"]).toBe(accept);
    expect(output.stream.headers["message-content-type"]).toBeUndefined();
    expect((await output.end()).stdout).toBe("x\n");
  }),
  both("8", "input is a request that goes on; no bytes are its end", async (client) => {
    const id = within(await taskOf(client));
    const output = await session(client, id, words("cat"));
    const typed = input(client, id);
    typed.say("one\n");
    await output.has("one\n");
    typed.control({ type: "HEARTBEAT", heartbeat: { interval: { nanoseconds: 30e9 } } });
    typed.say("two\n");
    await output.has("two\n");
    typed.say("");
    expect((await output.end()).stdout).toBe("one\ntwo\n");
    expect((await typed.answer).status).toBe(200);
    expect(await exitOf(client, id)).toBe(0);
    typed.close();
  }),
  both("8", "megabytes go through a session as they are, in both directions", async (client) => {
    const id = within(await taskOf(client));
    const output = await session(client, id, words("cat"));
    const typed = input(client, id);
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => (at * 31) % 256));
    for (let at = 0; at < bytes.length; at += 50_000) {
      if (!typed.say(bytes.subarray(at, at + 50_000))) await typed.drained();
    }
    typed.say("");
    expect((await typed.end()).status).toBe(200);
    await output.end();
    expect(output.stdout.equals(bytes)).toBe(true);
  }),
  both("8", "who does not read holds up the command, and who types ahead waits", async (client) => {
    const id = within(await taskOf(client));
    const output = await session(
      client,
      id,
      line("head -c 30000000 /dev/zero; echo done >&2; cat"),
    );
    output.stream.stall();
    const typed = input(client, id);
    const piece = Buffer.alloc(500_000, "y");
    for (let at = 0; at < 60; at++) typed.say(piece);
    await pause(1_500);
    expect(typed.waitingBytes).toBeGreaterThan(10_000_000);
    const shown = await call(client, {
      type: "GET_CONTAINERS",
      get_containers: { show_nested: true },
    });
    const mine = shown.value.get_containers?.containers?.map(({ container_id }) => container_id);
    expect(mine).toContainEqual(id);
    output.stream.unstall();
    typed.say("");
    const { stderr } = await output.end();
    expect(stderr).toBe("done\n");
    expect(output.stdout.length).toBe(60_000_000);
    typed.close();
  }),
  both("8", "a terminal has a size that changes, and one stream of output", async (client) => {
    const id = within(await taskOf(client));
    const output = await session(client, id, words("sh"), { container: terminal(101, 33) });
    const typed = input(client, id);
    typed.say("tty; stty size; echo err $((1 + 1)) >&2; echo $TERM\n");
    await output.has(/\/dev\/pts\/\d+\r\n33 101\r\nerr 2\r\nxterm\r\n/);
    typed.control({ type: "TTY_INFO", tty_info: { window_size: { rows: 40, columns: 90 } } });
    await until("the new size", () => {
      typed.say("stty size\n");
      return output.stdout.includes("40 90\r\n");
    });
    typed.say("exit 5\n");
    expect((await output.end()).stderr).toBe("");
    expect(await exitOf(client, id)).toBe(5 << 8);
    expect((await typed.answer).status).toBe(200);
  }),
  both("8", "a session that nobody reads any more ends, with all it began", async (client) => {
    const task = await taskOf(client);
    const id = within(task);
    const output = await session(
      client,
      id,
      line("trap '' HUP TERM; setsid sleep 601 & sleep 602"),
    );
    await until("it runs", () => left(task).length >= 4);
    const ended = exitOf(client, id);
    output.stream.close();
    expect(await ended).toBe(9);
    await until("nothing is left", () => left(task).length === 0);
  }),
  both("8", "others attach to output and input, to input one at a time", async (client) => {
    const id = within(await taskOf(client));
    const output = await session(client, id, line("while read x; do echo got $x; done; exit 4"));
    const attach_container_output = { container_id: id };
    const attach = { type: "ATTACH_CONTAINER_OUTPUT", attach_container_output };
    const other = await Output.open(client.agent, client.wire, attach);
    expect([other.stream.status, other.stream.headers["content-type"]]).toEqual([
      200,
      "application/recordio",
    ]);
    const first = input(client, id);
    first.say("a\n");
    await other.has("got a\n");
    const second = input(client, id);
    expect((await second.answer).status).toBe(409);
    second.close();
    // Who has typed may go, and the input is somebody else's.
    expect((await first.end()).status).toBe(200);
    const third = input(client, id);
    third.say("b\n");
    await other.has("got b\n");
    third.close();
    await pause(50);
    const last = await until("room for the last", async () => {
      const one = input(client, id);
      const early = await Promise.race([one.answer, pause(300)]);
      if (early === undefined) return one;
      one.close();
      return undefined;
    });
    other.stream.close();
    last.say("");
    expect((await output.end()).stdout).toBe("got a\ngot b\n");
    expect(await exitOf(client, id)).toBe(4 << 8);
    last.close();
  }),
  jsonOnly("8", "the command lines of Mesos type and read at once, as they are", async (client) => {
    const id = within(await taskOf(client));
    const launched = new CommandLine(client.agent, {
      "Content-Type": "application/json",
      Accept: "application/recordio",
      "Message-Accept": "application/json",
    });
    const launch_nested_container_session = {
      ...{ container_id: id, command: words("sh"), container: { type: "MESOS", tty_info: {} } },
    };
    const type = "LAUNCH_NESTED_CONTAINER_SESSION";
    launched.send(JSON.stringify({ type, launch_nested_container_session }));
    launched.send("");
    await until("the head of the answer", () => launched.text.includes("\r\n\r\n"));
    const typed = new CommandLine(client.agent, {
      "Content-Type": "application/recordio",
      "Message-Content-Type": "application/json",
      Accept: "application/json",
    });
    const say = (attach_container_input: object) =>
      typed.send(
        frameRecord(JSON.stringify({ type: "ATTACH_CONTAINER_INPUT", attach_container_input })),
      );
    const io = (process_io: object) => say({ type: "PROCESS_IO", process_io });
    say({ type: "CONTAINER_ID", container_id: id });
    const window_size = { rows: 31, columns: 77 };
    io({ type: "CONTROL", control: { type: "TTY_INFO", tty_info: { window_size } } });
    const key = (text: string) =>
      io({ type: "DATA", data: { type: "STDIN", data: Buffer.from(text).toString("base64") } });
    for (const letter of "stty size\n") key(letter);
    // Only chunks that are closed count, as with urllib3: each must be seen before more is written.
    await until("the echo", () => launched.output().includes("31 77\r\n"));
    key("exit 3\n");
    await until("the answer", () => typed.text.includes("200 OK"));
    await until("the end", () => launched.isClosed);
    expect(launched.text.endsWith("0\r\n\r\n")).toBe(true);
    expect(await exitOf(client, id)).toBe(3 << 8);
    typed.close();
  }),
];
