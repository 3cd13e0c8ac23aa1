import { strict as assert } from "node:assert";
import { mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerId } from "../../contract/ids.ts";
import type { ContainerSpec, Isolator } from "../../contract/ports/isolator.ts";
import type { Rule } from "../rule.ts";
import { until } from "../until.ts";
import { ContainerBench } from "./containers.ts";
import { removeFolder } from "./remove-folder.ts";

/** How to make the isolator that is to be tested. */
export interface IsolatorSubject {
  /** A fresh instance, as an agent has it after each of its starts. */
  make(): Promise<Isolator>;
  /** Isolators that come before it, for what it leaves to others, such as who a task runs as. */
  readonly beside?: readonly Isolator[];
}

/** An isolator with a real containerizer around it. */
interface IsolatorUnderTest {
  readonly isolator: Isolator;
  /** A second instance, as an agent has it after a restart. */
  readonly restarted: () => Promise<Isolator>;
  readonly bench: ContainerBench;
  spec(command: string, more?: Partial<ContainerSpec>): ContainerSpec;
}

const never = new AbortController().signal;
const nobody = "nobody" as ContainerId;

function rule(
  name: string,
  check: (under: IsolatorUnderTest) => Promise<void>,
): Rule<IsolatorSubject> {
  return { name, run: (subject) => withContainers(subject, check) };
}

/** What every isolator must do, each with containers of its own. */
export const isolatorRules: readonly Rule<IsolatorSubject>[] = [
  rule(
    "cleanup of an unknown container succeeds, as often as it is called",
    async ({ isolator }) => {
      await isolator.cleanup(nobody);
      await isolator.cleanup(nobody);
    },
  ),
  rule(
    "prepare that was called off rejects, and cleanup leaves nothing of it",
    async ({ isolator, spec }) => {
      const one = spec("true");
      const off = AbortSignal.abort(new Error("called off"));
      await assert.rejects(isolator.prepare(one, off));
      await isolator.cleanup(one.id);
      assert.deepEqual(await isolator.recover([]), []);
    },
  ),
  rule("prepare and isolate may be repeated for the same container", async ({ isolator, spec }) => {
    const one = spec("true");
    const first = await isolator.prepare(one, never);
    assert.deepEqual(await isolator.prepare(one, never), first);
    await isolator.cleanup(one.id);
    await isolator.cleanup(one.id);
    assert.deepEqual(await isolator.recover([]), []);
  }),
  rule("an unknown user is refused before anything runs, with a code", async ({ bench, spec }) => {
    const { failure } = await bench.run(spec("true", { user: "no-such-user" }));
    assert.equal(failure?.code, "USER_UNKNOWN");
  }),
  rule("exit codes and signals come through as they are", async ({ bench, spec }) => {
    assert.deepEqual((await bench.run(spec("exit 3"))).exit, { code: 3 });
    assert.deepEqual((await bench.run(spec("kill -USR1 $$"))).exit, { signal: "SIGUSR1" });
  }),
  rule(
    "the environment and the working directory come through as they are",
    async ({ bench, spec }) => {
      const environment = { PATH: "/usr/bin:/bin", ODD: "a b\n'c'" };
      const one = spec('printf %s "$ODD" > odd; pwd', { environment });
      assert.deepEqual((await bench.run(one)).exit, { code: 0 });
      assert.equal(bench.output(one, "odd"), environment.ODD);
    },
  ),
  rule("kill leaves nothing of a tree that began a session of its own", async ({ bench, spec }) => {
    const one = spec("setsid sh -c 'touch up; sleep 600' & sleep 600");
    const ended = bench.run(one);
    await until("it runs", () => bench.has(one, "up"));
    bench.containerizer.kill(one.id, "SIGKILL");
    assert.deepEqual((await ended).exit, { signal: "SIGKILL" });
    assert.deepEqual(bench.processesOf(one), []);
  }),
  rule(
    "what a container left is known and cleaned up by an isolator that never saw it",
    async ({ isolator, restarted, spec }) => {
      const one = spec("true");
      await isolator.prepare(one, never);
      const later = await restarted();
      for (const orphan of await later.recover([])) await later.cleanup(orphan);
      await later.cleanup(one.id);
      assert.deepEqual(await later.recover([]), []);
    },
  ),
  rule(
    "usage is told while it runs and does not fail after it has ended",
    async ({ isolator, bench, spec }) => {
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
  ),
];

async function withContainers(
  { make, beside = [] }: IsolatorSubject,
  check: (under: IsolatorUnderTest) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tepui-isolator-"));
  mkdirSync(join(folder, "run"), { recursive: true });
  const isolator = await make();
  const bench = new ContainerBench([...beside, isolator], folder);
  try {
    await check({ isolator, restarted: make, bench, spec: bench.spec.bind(bench) });
  } finally {
    await bench.close();
    await removeFolder(folder);
  }
}
