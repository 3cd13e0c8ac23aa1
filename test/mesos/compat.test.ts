import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  agentChanges,
  agentQueries,
  agentRefusals,
} from "../../plugins/transports/mesos-v1-http/agent/agent-queries.ts";
import {
  nestedActs,
  nestedWaits,
} from "../../plugins/transports/mesos-v1-http/agent/nested-calls.ts";
import {
  nestedInputs,
  nestedStreams,
} from "../../plugins/transports/mesos-v1-http/agent/nested-streams.ts";
import { Call } from "../../plugins/transports/mesos-v1-http/definitions/agent-call.ts";
import { MasterCall } from "../../plugins/transports/mesos-v1-http/definitions/envelopes.ts";
import { Call as SchedulerCall } from "../../plugins/transports/mesos-v1-http/definitions/scheduler.ts";
import { mapCall } from "../../plugins/transports/mesos-v1-http/map/scheduler-calls.ts";
import { changes } from "../../plugins/transports/mesos-v1-http/operator/changes.ts";
import { queries } from "../../plugins/transports/mesos-v1-http/operator/queries.ts";
import { slicedQueries } from "../../plugins/transports/mesos-v1-http/operator/sliced-queries.ts";
import { slowQueries } from "../../plugins/transports/mesos-v1-http/operator/slow-queries.ts";
import { arbitraryMessage } from "./arbitrary-message.ts";
import { compatPage, typesOf } from "./support/compat-page.ts";

const PAGE = new URL("../../docs/mesos-compat.md", import.meta.url);

test("the page of what is served says what the tables say", () => {
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(PAGE, compatPage());
  expect(readFileSync(PAGE, "utf8")).toBe(compatPage());
});

test("each call to an agent is in exactly one of the tables", () => {
  const tables = [
    agentQueries,
    agentChanges,
    agentRefusals,
    nestedActs,
    nestedWaits,
    nestedStreams,
  ].flatMap((table) => Object.keys(table));
  expect([...tables, ...nestedInputs].toSorted()).toEqual(typesOf(Call).toSorted());
});

test("each call of a scheduler has a meaning, as the page says", () => {
  for (const type of typesOf(SchedulerCall)) {
    const def = SchedulerCall.fields.find(({ name }) => name === type.toLowerCase())?.message;
    const [body] = def === undefined ? [] : fc.sample(arbitraryMessage(def), 1);
    const uuid = type.startsWith("ACKNOWLEDGE") ? { uuid: new Uint8Array(16) } : {};
    const call = { type, framework_id: { value: "f" }, [type.toLowerCase()]: { ...body, ...uuid } };
    expect([type, mapCall(call as never, 1)?.call.type]).toEqual([type, expect.any(String)]);
  }
});

test("each operator call is in exactly one of the tables", () => {
  const tables = [queries, slicedQueries, slowQueries, changes].flatMap((table) =>
    Object.keys(table),
  );
  expect([...tables, "SUBSCRIBE"].toSorted()).toEqual(typesOf(MasterCall).toSorted());
});
