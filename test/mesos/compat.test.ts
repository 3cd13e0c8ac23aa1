import { readFileSync, writeFileSync } from "node:fs";
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
import { changes } from "../../plugins/transports/mesos-v1-http/operator/changes.ts";
import { queries } from "../../plugins/transports/mesos-v1-http/operator/queries.ts";
import { slicedQueries } from "../../plugins/transports/mesos-v1-http/operator/sliced-queries.ts";
import { slowQueries } from "../../plugins/transports/mesos-v1-http/operator/slow-queries.ts";
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

test("each operator call is in exactly one of the tables", () => {
  const tables = [queries, slicedQueries, slowQueries, changes].flatMap((table) =>
    Object.keys(table),
  );
  expect([...tables, "SUBSCRIBE"].toSorted()).toEqual(typesOf(MasterCall).toSorted());
});
