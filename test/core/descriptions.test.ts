import { expect } from "vitest";
import type { AgentMessage } from "../../contract/agent-api.ts";
import { scenario } from "../support/scenario.ts";

scenario("E16, F8 policies are told an agent's attributes, its host and where it is", "", (c) => {
  const { tables } = c.state;
  const { agents, attributes } = tables;
  const { words } = attributes;
  const agent = {
    hostname: "h1",
    ip: "10.0.0.9",
    port: 0,
    resources: [],
    domain: { region: "r", zone: "z" },
    attributes: [
      { name: "rack", text: "r1" },
      { name: "cores", scalar: 2_500 },
      { name: "slots", ranges: [{ begin: 1, end: 5 }] },
      { name: "zone", text: "own" },
    ],
  };
  const listed = (): unknown[] => {
    const list: unknown[] = [];
    let row = agents.firstAttribute[0] as number;
    for (; row !== 0; row = attributes.next[row] as number) {
      const text = attributes.text[row] as number;
      const name = words.wordOf(attributes.name[row] as number);
      list.push(`${name}=${text === 0 ? attributes.number[row] : words.wordOf(text)}`);
    }
    return list;
  };
  const say = (peer: number, message: object): void => {
    c.input({ type: "agent-message", peer, message: message as AgentMessage });
  };
  say(90, { type: "register", agent, version: "1", capabilities: [] });
  c.told();
  const attributesOfAgent = "rack=r1 cores=2500 slots=[1-5] zone=own hostname=h1 region=r";
  expect(listed()).toEqual(attributesOfAgent.split(" "));
  expect(agents.facts[0]?.hostname).toBe("h1");
  const [id] = c.state.agents.keys();
  say(91, {
    type: "reregister",
    agent: { ...agent, id, attributes: [{ name: "rack", text: "r2" }] },
    version: "1",
    capabilities: [],
    tasks: [],
    executors: [],
    frameworks: [],
    operations: [],
  });
  c.told();
  expect(listed()).toEqual(["rack=r2", "hostname=h1", "region=r", "zone=z"]);
  expect([words.numberOf("r1"), words.numberOf("own")]).toEqual([0, 0]);
});
