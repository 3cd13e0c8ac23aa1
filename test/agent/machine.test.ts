import { describe, expect, test } from "vitest";
import { agentResources, type MachineFacts } from "../../agent/io/machine.ts";
import type { AgentConfig } from "../../contract/config/agent.ts";
import { printResources } from "../../contract/resources/text.ts";

const machine: MachineFacts = { cpus: 4, memMib: 16_000, diskMib: 100_000 };

function detected(
  facts: MachineFacts,
  config: Partial<AgentConfig> = {},
  registered?: ReturnType<typeof agentResources>,
): string {
  const given = { defaultRole: "*", reconfigurationPolicy: "equal", ...config } as AgentConfig;
  return printResources(agentResources(given, facts, registered)).replaceAll("(*)", "");
}

describe("resources that are detected (F7, B32)", () => {
  const first = agentResources(
    { defaultRole: "*", reconfigurationPolicy: "equal" } as AgentConfig,
    machine,
  );

  test("leave something to the system", () => {
    expect(detected(machine)).toBe("cpus:4; disk:94880; mem:14976; ports:[31000-32000]");
  });

  test.each<[string, Partial<MachineFacts>, Partial<AgentConfig>, string]>([
    ["a little less memory", { memMib: 15_990 }, {}, "mem:14976"],
    ["a little more memory", { memMib: 16_010 }, {}, "mem:14976"],
    ["more, and may grow", { memMib: 17_000 }, { reconfigurationPolicy: "additive" }, "mem:15976"],
    ["less, and may grow", { memMib: 15_990 }, { reconfigurationPolicy: "additive" }, "mem:14976"],
    [
      "less, and may be anything",
      { memMib: 15_990 },
      { reconfigurationPolicy: "any" },
      "mem:14966",
    ],
    ["less than it registered with", { memMib: 14_000 }, {}, "mem:12976"],
    ["another amount by hand", { memMib: 16_000 }, { resources: "mem:5" }, "mem:5"],
    ["fewer processors", { cpus: 2 }, {}, "cpus:2"],
  ])("of a machine with %s", (_, facts, config, said) => {
    expect(detected({ ...machine, ...facts }, config, first).split("; ")).toContain(said);
  });
});
