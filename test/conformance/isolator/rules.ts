import { strict as assert } from "node:assert";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerId } from "../../../contract/ids.ts";
import type { ContainerSpec, Isolator } from "../../../contract/ports/isolator.ts";
import { ContainerBench } from "../../agent/support/containers.ts";
import { until } from "../../support/until.ts";

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
      await assert.rejects(isolator.prepare(one, off));
      await isolator.cleanup(one.id);
      assert.deepEqual(await isolator.recover([]), []);
    },
  },
  {
    title: "prepare and isolate may be repeated for the same container",
    async check({ isolator, spec }) {
      const one = spec("true");
      const first = await isolator.prepare(one, never);
      assert.deepEqual(await isolator.prepare(one, never), first);
      await isolator.cleanup(one.id);
      await isolator.cleanup(one.id);
      assert.deepEqual(await isolator.recover([]), []);
    },
  },
  {
    title: "an unknown user is refused before anything runs, with a code",
    async check({ bench, spec }) {
      const { failure } = await bench.run(spec("true", { user: "no-such-user" }));
      assert.equal(failure?.code, "USER_UNKNOWN");
    },
  },
  {
    title: "exit codes and signals come through as they are",
    async check({ bench, spec }) {
      assert.deepEqual((await bench.run(spec("exit 3"))).exit, { code: 3 });
      assert.deepEqual((await bench.run(spec("kill -USR1 $$"))).exit, { signal: "SIGUSR1" });
    },
  },
  {
    title: "the environment and the working directory come through as they are",
    async check({ bench, spec }) {
      const environment = { PATH: "/usr/bin:/bin", ODD: "a b\n'c'" };
      const one = spec('printf %s "$ODD" > odd; pwd', { environment });
      assert.deepEqual((await bench.run(one)).exit, { code: 0 });
      assert.equal(bench.output(one, "odd"), environment.ODD);
    },
  },
  {
    title: "kill leaves nothing of a tree that began a session of its own",
    async check({ bench, spec }) {
      const one = spec("setsid sh -c 'touch up; sleep 600' & sleep 600");
      const ended = bench.run(one);
      await until("it runs", () => bench.has(one, "up"));
      bench.containerizer.kill(one.id, "SIGKILL");
      assert.deepEqual((await ended).exit, { signal: "SIGKILL" });
      assert.deepEqual(bench.processesOf(one), []);
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
      assert.deepEqual(await later.recover([]), []);
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
      assert.ok(processes > 0, "processes");
      assert.ok(memRssBytes > 0, "memRssBytes");
      bench.containerizer.kill(one.id, "SIGKILL");
      await ended;
      await isolator.usage(one.id);
    },
  },
];

/**
 * Runs one rule with an isolator and everything around it. `beside` are isolators that come before
 * it, for what it leaves to others, such as who a task runs as.
 */
export async function checkRule(
  rule: IsolatorRule,
  make: () => Promise<Isolator>,
  beside: readonly Isolator[] = [],
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tepui-isolator-"));
  mkdirSync(join(folder, "run"), { recursive: true });
  const isolator = await make();
  const bench = new ContainerBench([...beside, isolator], folder);
  try {
    const spec = bench.spec.bind(bench);
    await rule.check({ isolator, restarted: make, bench, spec });
  } finally {
    await bench.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
