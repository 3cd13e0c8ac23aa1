import { describe, expect, test } from "vitest";
import { isolatorRules } from "../../conformance/isolator/rules.ts";
import { errors } from "../../contract/errors.ts";
import type { Isolator } from "../../contract/ports/isolator.ts";
import { processIsolator } from "../support/process-isolator.ts";
import { conform, ruleNamed } from "./conform.ts";

const makeProcess = async (): Promise<Isolator> => processIsolator();

describe("isolators of ours", () => {
  conform("process", isolatorRules, { make: makeProcess });
});

/** A good isolator with one thing done wrong. */
const broken: readonly [string, string, (good: Isolator) => Partial<Isolator>][] = [
  [
    "throws for a container it does not know",
    "cleanup of an unknown container",
    () => ({ cleanup: (id) => Promise.reject(errors.AGENT_UNKNOWN(id)) }),
  ],
  [
    "ignores that a prepare is called off",
    "prepare that was called off",
    (good) => ({ prepare: (spec) => good.prepare(spec, new AbortController().signal) }),
  ],
  [
    "runs tasks of unknown users as itself",
    "an unknown user is refused",
    (good) => ({ prepare: ({ user: _, ...spec }, signal) => good.prepare(spec, signal) }),
  ],
  [
    "hides how commands end behind a shell of its own",
    "exit codes and signals",
    () => ({ prepare: async () => ({ wrap: ["sh", "-c", '"$0" "$@"; exit 0'] }) }),
  ],
  [
    "adds to the environment what breaks it",
    "the environment and the working directory",
    () => ({ prepare: async () => ({ environment: { ODD: "mine" } }) }),
  ],
  ["measures nothing", "usage is told", () => ({ usage: async () => ({ timeMs: 0 }) })],
];

describe("the suite catches an isolator that", () => {
  test.each(broken)("%s", async (_name, title, change) => {
    const rule = ruleNamed(isolatorRules, title);
    const make = async (): Promise<Isolator> => {
      const good = await makeProcess();
      const bound: Isolator = {
        prepare: good.prepare.bind(good),
        isolate: good.isolate.bind(good),
        cleanup: good.cleanup.bind(good),
        recover: good.recover.bind(good),
      };
      return { ...bound, ...change(good) };
    };
    await expect(rule.run({ make }, () => {})).rejects.toThrow();
  });
});
