import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TepuiError } from "../../contract/errors.ts";
import {
  plainFramework,
  type Workload,
  workloadCapabilities,
} from "../../simulation/workload/model.ts";
import { printWorkload } from "../../simulation/workload/print.ts";
import { parseWorkload } from "../../simulation/workload/text.ts";

function problemsOf(text: string): readonly string[] {
  try {
    parseWorkload(text, "w.txt");
    return [];
  } catch (thrown) {
    const { code, where, details } = thrown as TepuiError;
    expect([code, where]).toEqual(["WORKLOAD_INVALID", "w.txt"]);
    return details ?? [];
  }
}

describe("the text of a workload", () => {
  test("is read with units, defaults and comments", () => {
    const text = `
      # a small cluster
      option allocation-interval=500ms offer-timeout=1.5mins
      option filter-gpu-resources=false region=eu freed-resources-delay=0
      option hoarding-back-off-cycles=0 min-allocatable-resources=cpus:1;mem:64|disk:5
      agents a count=2 cpus=8 mem=16GB attr.rack=r1 scalar.fpga=1.5   # two of them
      agents b cpus=1 number.speed=-2.5 attr.x="a \\"b\\" # = c" attr."my name"=d region=us zone=z1
      role etl weight=2.5 guarantee.cpus=4 limit.mem=1TB
      job late cpus=1 duration=0
      framework late role=etl refuse=0 idle=decline from=10s until=1m priority=-3 demand.cpus=2.5
      framework "my job" label.quincy.data="6GB at rack=r1" label.k=v label.k= user=ann name=late
      framework gpus principal=p capabilities=GPU_RESOURCES min-allocatable-resources=""
    `;
    expect(parseWorkload(text, "w.txt")).toEqual({
      options: {
        allocationIntervalMs: 500,
        offerTimeoutMs: 90_000,
        freedResourcesDelayMs: 0,
        backOffCyclesMax: 0,
        filterGpuResources: false,
        minAllocatable: [{ cpus: 1_000, mem: 64_000 }, { disk: 5_000 }],
        region: "eu",
      },
      agents: [
        {
          name: "a",
          count: 2,
          resources: { cpus: 8_000, mem: 16_384_000, fpga: 1_500 },
          attributes: [{ name: "rack", text: "r1" }],
          domain: undefined,
          fromMs: 0,
          untilMs: undefined,
        },
        {
          name: "b",
          count: 1,
          resources: { cpus: 1_000 },
          attributes: [
            { name: "speed", scalar: -2_500 },
            { name: "x", text: 'a "b" # = c' },
            { name: "my name", text: "d" },
          ],
          domain: { region: "us", zone: "z1" },
          fromMs: 0,
          untilMs: undefined,
        },
      ],
      roles: [
        { name: "etl", weight: 2.5, guarantee: { cpus: 4_000 }, limit: { mem: 1_048_576_000 } },
      ],
      frameworks: [
        {
          ...plainFramework("late", "etl"),
          refuseMs: 0,
          idle: "decline",
          priority: -3,
          demand: { cpus: 2_500 },
          fromMs: 10_000,
          untilMs: 60_000,
        },
        {
          ...plainFramework("my job", "*"),
          subscribedName: "late",
          user: "ann",
          labels: [
            { key: "quincy.data", value: "6GB at rack=r1" },
            { key: "k", value: "v" },
            { key: "k", value: "" },
          ],
        },
        {
          ...plainFramework("gpus", "*"),
          principal: "p",
          capabilities: ["GPU_RESOURCES"],
          minAllocatable: [],
        },
      ],
      jobs: [
        {
          framework: "late",
          arrivalMs: 0,
          tasks: 1,
          durationMs: 0,
          resources: { cpus: 1_000 },
          attributes: {},
        },
      ],
    });
  });

  test.each([
    ["agnts a cpus=1", '1:1: there is no statement "agnts"; did you mean "agents"?'],
    ["agents cpus=1", "1:7: agents needs a name"],
    ["agents a", "1:1: agents need resources, such as cpus=8 mem=16GB"],
    ["agents a cpus=1 cpu=2", '1:17: agents has no setting "cpu"; did you mean "cpus"?'],
    ["agents a cpus=1 cpus=2", '1:17: "cpus" is given twice'],
    ["agents a cpus=1 fast", '1:17: "fast" is not of the form KEY=VALUE'],
    ["agents a count=0 cpus=1", '1:16: count: "0" is not a whole number from 1 on'],
    ["agents a cpus=1.2345", '1:15: cpus: "1.2345" is not an amount'],
    ["agents a mem=2XB cpus=1", '1:15: mem: "XB" is not a unit'],
    ["agents a cpus=1 from=5s until=5s", "1:1: until: it is not after from"],
    ["role a weight=0", '1:15: weight: "0" is not a number from 0.001 to 1000000'],
    ["role a\nrole a", "2:6: role a is there twice"],
    ["role a/b limit.cpus=2", "1:6: quota of role a/b: only top-level roles can have one"],
    [
      "role a guarantee.cpus=3 limit.cpus=2",
      "1:6: quota of role a: the guarantee of cpus is above",
    ],
    ["role a//b", '1:6: "a//b": '],
    ["framework f\nframework f", "2:11: framework f is there twice"],
    ["framework f idle=sleep", '1:18: idle: "sleep" is neither suppress nor decline'],
    ["framework f priority=1.5", '1:22: priority: "1.5" is not a whole number from -1000000 to'],
    ["framework f demand.cpus=x", '1:25: demand.cpus: "x" is not an amount'],
    ["framework f\njob f cpus=1", "2:1: job needs duration=…"],
    ["framework f\njob f duration=1s", "2:1: a job needs resources"],
    ["framework f\njob f duration=1s cpus=0", "2:1: a job needs resources"],
    ["framework fast\njob fats duration=1s cpus=1", '2:5: there is no framework "fats"; did you'],
    ["option allocation-interval=0", "1:28: allocation-interval: it is below 1 ms"],
    ["agents a count=100001 cpus=1", "1:16: count: there are more than 100000 agents with it"],
    ["agents a count=99999 cpus=1\nagents b count=2 cpus=1", "2:16: count: there are more than"],
    ["agents a count=100000 cpus=1\nagents b cpus=1", "2:1: there are more than 100000 agents"],
    ["framework f\njob f tasks=2000001 duration=0 cpus=1", "2:13: tasks: there are more than"],
    ["agents a cpus=9999999999999", '1:15: cpus: "9999999999999" is too large'],
    ["agents a mem=99999999999TB", '1:14: mem: "99999999999TB" is too large'],
    ["\n\n  job", "3:6: job needs the name of its framework"],
    ['agents a cpus=1 attr.x="y', "1:24: the quoted text does not end"],
    ['agents a cpus=1 attr.x="y"z', "1:27: there is more behind the quoted text"],
    ['agents a cpus=1 attr.x="\\y"', '1:24: "\\y" is no text as JSON quotes it'],
    ["agents a cpus=1 number.x=y", '1:26: number.x: "y" is not a number with up to three'],
    ["agents a cpus=1 region=eu", "1:1: region and zone are given together, or neither"],
    ["framework f capabilities=GPU", '1:26: capabilities: "GPU" is neither GPU_RESOURCES nor REG'],
    ["framework f label.tepui.priority=x", "1:11: framework.labels"],
    ["framework f label=x", '1:13: framework has no setting "label"'],
    ["framework f user=a user=b", '1:20: "user" is given twice'],
    ["option filter-gpu-resources=no", '1:29: filter-gpu-resources: "no" is neither true nor'],
  ])("%s: what is wrong is told with its place", (text, wanted) => {
    const problems = problemsOf(text);
    expect(
      problems.some((problem) => problem.startsWith(wanted)),
      problems.join("\n"),
    ).toBe(true);
  });

  test("has all its problems told at once, in the order of the lines", () => {
    const problems = problemsOf("job f at=x duration=1s cpus=1\nagents a\nrole r weight=-1");
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["1", "1", "2", "3"]);
  });

  const amounts = fc.dictionary(
    fc.constantFrom("cpus", "mem", "gpus", "fpga"),
    fc.integer({ min: 1, max: 1e9 }),
    { minKeys: 1 },
  );
  const higher = fc.dictionary(fc.constantFrom("cpus", "fpga"), fc.constant(1e9), { minKeys: 1 });
  const duration = fc.integer({ min: 0, max: 1e9 });
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("r1", "x=y", "", '"', 'TARGET.role == "r1" || TARGET.cpus > 100', "a#b"),
  );
  const name = fc.oneof(fc.constantFrom("rack", "condor.rank"), text).filter((of) => of !== "");
  // Of gpus there are whole ones only.
  const amount = fc.dictionary(fc.constantFrom("cpus", "fpga"), fc.integer({ min: 1, max: 1e9 }), {
    minKeys: 1,
  });
  const least = fc.array(amount, { maxLength: 2 });
  const few = { maxKeys: 4, noNullPrototype: false };
  const untilMs = fc.constant(undefined);
  const workload: fc.Arbitrary<Workload> = fc.record({
    options: fc.record({
      allocationIntervalMs: fc.integer({ min: 1, max: 1e6 }),
      offerTimeoutMs: fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }),
      freedResourcesDelayMs: fc.integer({ min: 0, max: 1e6 }),
      backOffCyclesMax: fc.integer({ min: 0, max: 99 }),
      filterGpuResources: fc.boolean(),
      minAllocatable: least,
      region: fc.option(text, { nil: undefined }),
    }),
    agents: fc.array(
      fc.record({
        name,
        count: fc.integer({ min: 1, max: 99 }),
        resources: amounts,
        attributes: fc.array(
          fc.oneof(
            fc.record({ name, text }),
            fc.record({ name, scalar: fc.integer({ min: -1e9, max: 1e9 }) }),
          ),
        ),
        domain: fc.option(fc.record({ region: text, zone: text }), { nil: undefined }),
        fromMs: duration,
        untilMs,
      }),
    ),
    roles: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom("a", "b", "d"),
        weight: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        guarantee: fc.option(amounts, { nil: undefined }),
        limit: fc.option(higher, { nil: undefined }),
      }),
      { selector: ({ name }) => name },
    ),
    frameworks: fc
      .record({
        subscribedName: text,
        user: text,
        principal: fc.option(text, { nil: undefined }),
        labels: fc.array(fc.record({ key: name, value: text })),
        capabilities: fc.subarray([...workloadCapabilities]),
        minAllocatable: fc.option(least, { nil: undefined }),
      })
      .map((stated) => [
        {
          ...plainFramework("f g", "a/b"),
          refuseMs: 7,
          idle: "decline" as const,
          priority: 4,
          demand: { cpus: 1_500, fpga: 2_000 },
          untilMs: 86_400_000,
          ...stated,
        },
      ]),
    jobs: fc.array(
      fc.record({
        framework: fc.constant("f g"),
        arrivalMs: duration,
        tasks: fc.integer({ min: 1, max: 1000 }),
        durationMs: duration,
        resources: amounts,
        attributes: fc.dictionary(name, text, few),
      }),
    ),
  });

  test("that was printed is read as what it was", () => {
    fc.assert(
      fc.property(workload, (given) => {
        expect(parseWorkload([...printWorkload(given)].join("\n"), "w.txt")).toEqual(given);
      }),
    );
  });
});
