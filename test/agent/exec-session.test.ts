import { expect, test } from "vitest";
import { SessionProcess } from "../../agent/containerizer/session-process.ts";
import { ExecSession } from "../../agent/io/exec-session.ts";
import { ExecFrames, type ExecMessage } from "../../contract/exec-api.ts";
import { execLimits } from "../../contract/limits/exec.ts";
import type { HttpStream } from "../../contract/ports/http.ts";
import { HandClock } from "../support/hand-clock.ts";
import { until } from "../support/until.ts";

/** A client's end of the stream. */
function streamOf(): { stream: HttpStream; messages: ExecMessage[]; chunks: () => number } {
  const frames = new ExecFrames();
  const messages: ExecMessage[] = [];
  let chunks = 0;
  let isOpen = true;
  const stream: HttpStream = {
    bufferedBytes: 0,
    get isOpen() {
      return isOpen;
    },
    write: (chunk) => {
      chunks++;
      for (const frame of frames.push(chunk as Uint8Array)) {
        if (frame.type === "message") messages.push(frame.message);
      }
      return isOpen;
    },
    writeShared: () => expect.unreachable("messages are each one client's own"),
    end: () => {
      isOpen = false;
    },
    abort: () => {
      isOpen = false;
    },
    onDrained: () => {},
    onEnd: () => {},
  };
  return { stream, messages, chunks: () => chunks };
}

test("a client that says nothing for too long is gone, one that says anything is not", async () => {
  const clock = new HandClock();
  const command = new SessionProcess({});
  const argv = ["sleep", "600"];
  const launch = { directory: "/", file: "/bin/sleep", arguments: argv, environment: {} };
  await command.run({ ...launch, stdin: false });
  const { stream, messages, chunks } = streamOf();
  const session = new ExecSession(command, stream, clock);
  const over = session.run("0".repeat(32));
  const { signOfLifeMs, silenceMs } = execLimits;
  for (let at = 0; at < 20; at++) {
    clock.move(signOfLifeMs);
    session.hear({ offset: 0, data: new Uint8Array(0), isEnd: false, taken: 0 });
  }
  // It is told that the agent is there as often.
  expect(chunks()).toBe(21);
  expect(messages.map(({ type }) => type)).toEqual(["started"]);
  clock.move(silenceMs - signOfLifeMs);
  expect(stream.isOpen).toBe(true);
  clock.move(signOfLifeMs);
  expect(stream.isOpen).toBe(false);
  expect(messages.at(-1)).toMatchObject({
    type: "failed",
    error: { code: "EXEC_CLIENT_SILENT" },
  });
  await over;
  await until("its process is gone", () => {
    try {
      process.kill(command.pid ?? 0, 0);
      return false;
    } catch {
      return true;
    }
  });
  const before = chunks();
  clock.move(silenceMs);
  expect(chunks()).toBe(before);
});
