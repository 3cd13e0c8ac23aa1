import { expect, test } from "vitest";
import { ContainerBench } from "../../conformance/isolator/containers.ts";
import { fromScalars } from "../../contract/resources.ts";
import { describeWith } from "../support/require.ts";
import { talkTo } from "../support/talk.ts";
import { until } from "../support/until.ts";
import { CgroupBench } from "./cgroups/bench.ts";

const shell = (line: string) => ({ value: "sh", shell: false, arguments: ["sh", "-c", line] });

describeWith("cgroup-v1", "sessions in a container's cgroups", () => {
  test("are within its limits with all that they start, and gone with it", async () => {
    const bench = new CgroupBench("auto");
    const containers = new ContainerBench([bench.open()]);
    try {
      const spec = containers.spec("touch up; exec sleep 600", {
        resources: fromScalars({ cpus: 1, mem: 64 }),
      });
      const ended = containers.run(spec);
      await until("it runs", () => containers.has(spec, "up"));
      const { pid = 0 } = containers.held.get(spec.id) ?? {};
      const { sessions } = containers.containerizer;
      const same = `cmp /proc/${pid}/cgroup /proc/self/cgroup && tty`;
      const terminal = { columns: 80, rows: 24 };
      const look = talkTo(await sessions.open(spec.id, shell(same), { stdin: false, terminal }));
      expect(await look.end).toEqual({ code: 0 });
      expect(look.stdout).toContain("/dev/pts/");
      const before = (await containers.containerizer.usage(spec.id))?.processes;
      expect(before).toBe(1);
      const greedy = shell("setsid sleep 600 & echo on; exec dd if=/dev/zero of=/dev/null bs=200M");
      const talk = talkTo(await sessions.open(spec.id, greedy, { stdin: false }));
      expect(await talk.end).toEqual({ signal: "SIGKILL" });
      expect(talk.stdout).toBe("on\n");
      const last = talkTo(await sessions.open(spec.id, shell("exec sleep 600"), { stdin: false }));
      containers.containerizer.kill(spec.id, "SIGKILL");
      // The container was over its limit like by its own doing.
      const { limits } = await ended;
      expect(limits?.map(({ reason }) => reason)).toEqual(["REASON_CONTAINER_LIMITATION_MEMORY"]);
      await last.end.catch(() => {});
      expect((await containers.containerizer.usage(spec.id))?.processes ?? 0).toBe(0);
    } finally {
      await containers.close();
      await bench.close();
    }
  });
});
