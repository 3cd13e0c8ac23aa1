import type { CommandSession, ExitStatus } from "../../contract/ports/isolator.ts";
import { until } from "./until.ts";

/** A further command of a container, and what it has written so far. */
export interface Talk {
  readonly session: CommandSession;
  stdout: string;
  stderr: string;
  say(text: string): Promise<void>;
  /** Waits until it has written this to its output. */
  hasWritten(text: string | RegExp): Promise<void>;
  /** How it ended, once all that it wrote was read. */
  readonly end: Promise<ExitStatus>;
}

/** Reads whatever a command writes. */
export function talkTo(session: CommandSession): Talk {
  const read = async (name: "stdout" | "stderr"): Promise<void> => {
    for await (const chunk of session[name]) talk[name] += Buffer.from(chunk).toString("utf8");
  };
  const both = Promise.all([read("stdout"), read("stderr")]).catch(() => {});
  const talk: Talk = {
    session,
    stdout: "",
    stderr: "",
    say: (text) => session.write(Buffer.from(text)),
    hasWritten: async (text) => {
      await until(`it writes ${text}`, () =>
        typeof text === "string" ? talk.stdout.includes(text) : text.test(talk.stdout),
      );
    },
    end: both.then(() => session.wait()),
  };
  talk.end.catch(() => {});
  return talk;
}
