import { beforeEach, describe, expect, test } from "vitest";
import type { RoleName, UpdateId } from "../../contract/ids.ts";
import type { DiskSource, Resource } from "../../contract/schema/resource.ts";
import { CoreBench } from "./support/core.ts";

let agent: CoreBench;
beforeEach(() => {
  agent = new CoreBench().register();
  agent.did();
});

const disk = (id: string, source?: DiskSource): Resource => ({
  name: "disk",
  scalar: 64_000,
  reservations: [{ type: "dynamic", role: "web" as RoleName }],
  disk: {
    persistence: { id },
    volume: { containerPath: "data", mode: "RW" },
    ...(source && { source }),
  },
});

let operations = 0;
/** Has volumes created, or destroyed, and answers what is to be done to folders. */
function operate(type: "CREATE" | "DESTROY", volume: Resource): string[] {
  const had = agent.state.info.resources.filter((one) => one !== volume);
  agent.order({
    type: "apply-operation",
    operationUuid: String(++operations).padStart(32, "0") as UpdateId,
    operation: { type, volumes: [volume] },
    resources: type === "CREATE" ? [...had, volume] : had,
  });
  return agent.did().filter((what) => what.includes("-volume"));
}

/** What the next agent in the folder has to do to folders first. */
function left(): string[] {
  agent.restart();
  return [...agent.state.volumeChanges.values()].map(
    ({ change, volume }) => `${change} ${volume.disk?.persistence?.id}`,
  );
}

describe("what is to become of volumes' folders (E12)", () => {
  test("is on record until it is done", () => {
    expect(operate("CREATE", disk("v1"))).toEqual(["make-volume v1"]);
    expect(left()).toEqual(["make-volume v1"]);
    agent.do({ type: "volume-changed", change: "make-volume", volume: disk("v1") });
    expect(left()).toEqual([]);
    expect(operate("DESTROY", disk("v1"))).toEqual(["remove-volume v1"]);
    expect(left()).toEqual(["remove-volume v1"]);
    agent.do({ type: "volume-changed", change: "remove-volume", volume: disk("v1") });
    expect(left()).toEqual([]);
  });

  test("is what was wanted last: one that came anew is not removed for the one before", () => {
    operate("DESTROY", disk("v1"));
    operate("CREATE", disk("v1"));
    agent.do({ type: "volume-changed", change: "remove-volume", volume: disk("v1") });
    expect(left()).toEqual(["make-volume v1"]);
  });

  test("is that of its disk, where a volume has one for itself (E14)", () => {
    const source: DiskSource = { type: "MOUNT", root: "/disks/a" };
    operate("DESTROY", disk("v1", source));
    operate("DESTROY", disk("v1", { type: "PATH", root: "/disks/b" }));
    operate("CREATE", disk("v2", source));
    expect(left()).toEqual(["remove-volume v1", "make-volume v2"]);
  });

  test("outlives an agent that leaves its folder", () => {
    operate("DESTROY", disk("v1"));
    agent.do({ type: "leave" });
    expect(agent.did()).toContain("shutdown AGENT_LEFT");
    expect(left()).toEqual(["remove-volume v1"]);
  });
});
