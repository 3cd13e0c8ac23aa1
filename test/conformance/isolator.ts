import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { ContainerId } from "../../contract/ids.ts";
import type { ContainerSpec, Isolator } from "../../contract/ports/isolator.ts";
import { ContainerBench, until } from "../agent/support/containers.ts";

/** One rule of the isolator port; what it throws is how an isolator breaks it. */
export interface IsolatorRule {
  readonly title: string;
  check(under: IsolatorUnderTest): Promise<void>;
}

/** An isolator with a real containerizer around it. */
export interface IsolatorUnderTest {
  readonly isolator: Isolator;
  /** A second instance, as an agent has it after a restart. */
  readonly restarted: () => Promise<Isolator>;
  readonly bench: ContainerBench;
  spec(command: string, more?: Partial<ContainerSpec>): ContainerSpec;
}

const never = new AbortController().signal;
const nobody = "nobody" as ContainerId;

/** The rules, each with its own containers; also run against isolators that break them. */
export const isolatorRules: readonly IsolatorRule[] = [
  {
    title: "cleanup of an unknown container succeeds, as often as it is called",
    async check({ isolator }) {
      await isolator.cleanup(nobody);
      await isolator.cleanup(nobody);
    },
  },
  {
    title: "prepare that was called off rejects, and cleanup leaves nothing of it",
    async check({ isolator, spec }) {
      const one = spec("true");
      const off = AbortSignal.abort(new Error("called off"));
      await expect(isolator.prepare(one, off)).rejects.toThrow();
      await isolator.cleanup(one.id);
      expect(await isolator.recover([])).toEqual([]);
    },
  },
  {
    title: "prepare and isolate may be repeated for the same container",
    async check({ isolator, spec }) {
      const one = spec("true");
      const first = await isolator.prepare(one, never);
      expect(await isolator.prepare(one, never)).toEqual(first);
      await isolator.cleanup(one.id);
      await isolator.cleanup(one.id);
      expect(await isolator.recover([])).toEqual([]);
    },
  },
  {
    title: "an unknown user is refused before anything runs, with a code",
    async check({ bench, spec }) {
      const { failure } = await bench.run(spec("true", { user: "no-such-user" }));
      expect(failure?.code).toBe("USER_UNKNOWN");
    },
  },
  {
    title: "exit codes and signals come through as they are",
    async check({ bench, spec }) {
      expect((await bench.run(spec("exit 3"))).exit).toEqual({ code: 3 });
      expect((await bench.run(spec("kill -USR1 $$"))).exit).toEqual({ signal: "SIGUSR1" });
    },
  },
  {
    title: "the environment and the working directory come through as they are",
    async check({ bench, spec }) {
      const environment = { PATH: "/usr/bin:/bin", ODD: "a b\n'c'" };
      const one = spec('printf %s "$ODD" > odd; pwd', { environment });
      expect((await bench.run(one)).exit).toEqual({ code: 0 });
      expect(bench.output(one, "odd")).toBe(environment.ODD);
    },
  },
  {
    title: "kill leaves nothing of a tree that began a session of its own",
    async check({ bench, spec }) {
      const one = spec("setsid sh -c 'touch up; sleep 600' & sleep 600");
      const ended = bench.run(one);
      await until("it runs", () => bench.has(one, "up"));
      bench.containerizer.kill(one.id, "SIGKILL");
      expect((await ended).exit).toEqual({ signal: "SIGKILL" });
      expect(bench.processesOf(one)).toEqual([]);
    },
  },
  {
    title: "what a container left is known and cleaned up by an isolator that never saw it",
    async check({ isolator, restarted, spec }) {
      const one = spec("true");
      await isolator.prepare(one, never);
      const later = await restarted();
      for (const orphan of await later.recover([])) await later.cleanup(orphan);
      await later.cleanup(one.id);
      expect(await later.recover([])).toEqual([]);
    },
  },
  {
    title: "usage is told while it runs and does not fail after it has ended",
    async check({ isolator, bench, spec }) {
      if (isolator.usage === undefined) return;
      const one = spec("touch up; sleep 600");
      const ended = bench.run(one);
      await until("it runs", () => bench.has(one, "up"));
      const { memRssBytes = 0, processes = 0 } = await isolator.usage(one.id);
      expect(processes).toBeGreaterThan(0);
      expect(memRssBytes).toBeGreaterThan(0);
      bench.containerizer.kill(one.id, "SIGKILL");
      await ended;
      await isolator.usage(one.id);
    },
  },
];

/** Runs one rule with an isolator and everything around it. */
export async function checkRule(rule: IsolatorRule, make: () => Promise<Isolator>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tepui-isolator-"));
  mkdirSync(join(folder, "run"), { recursive: true });
  const isolator = await make();
  const bench = new ContainerBench([isolator], folder);
  try {
    const spec = bench.spec.bind(bench);
    await rule.check({ isolator, restarted: make, bench, spec });
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every rule of the port as a test of one isolator. */
export function conformIsolator(name: string, make: () => Promise<Isolator>): void {
  for (const rule of isolatorRules) {
    test(`${name}: ${rule.title}`, () => checkRule(rule, make));
  }
}
