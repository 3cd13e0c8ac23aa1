import { isIP } from "node:net";
import { Command } from "commander";
import { errors } from "../../contract/errors.ts";
import type { MachineId } from "../../contract/operator/maintenance-methods.ts";
import type { OperatorResult } from "../../contract/operator-api.ts";
import { timeCell } from "../cells.ts";
import {
  type CliCommand,
  type CliContext,
  durationMs,
  type MasterOptions,
  masterCommand,
} from "../context.ts";
import { withMaster } from "../master-client.ts";

interface ScheduleOptions extends MasterOptions {
  readonly start: number;
  readonly duration?: number;
}

type Schedule = OperatorResult<"maintenance">;

/** Reads `host`, `10.0.0.1` or `host/10.0.0.1`. */
function machineOf(text: string): MachineId {
  const [first = "", second] = text.split("/");
  if (second === undefined) return isIP(first) === 0 ? { hostname: first } : { ip: first };
  if (first !== "" && isIP(second) !== 0) return { hostname: first, ip: second };
  throw errors.CLI_USAGE(`"${text}" is not a machine`, "such as web-1, 10.0.0.1 or web-1/10.0.0.1");
}

function machines(text: string, before: readonly MachineId[] = []): readonly MachineId[] {
  return [...before, machineOf(text)];
}

function timeMs(text: string): number {
  const value = Date.parse(text);
  if (Number.isFinite(value)) return value;
  throw errors.CLI_USAGE(`"${text}" is not a time`, "such as 2026-11-24T22:00Z");
}

function nameOf({ hostname, ip }: MachineId): string {
  return [hostname, ip].filter((part) => part !== undefined).join("/");
}

const sameMachine = (a: MachineId, b: MachineId): boolean => nameOf(a) === nameOf(b);

/** `tepui maintenance [schedule|unschedule|start|stop]`: planned absences of machines (I1–I4). */
export const maintenanceCommand: CliCommand = {
  name: "maintenance",
  build: (context: CliContext) =>
    new Command("maintenance")
      .summary("Plan the absence of machines")
      .description("Plan the absence of machines: frameworks are told, and asked to leave.")
      .addCommand(
        masterCommand("show", "Show the schedule and what frameworks answered").action(
          (options: MasterOptions) => change(context, options, async () => {}),
        ),
      )
      .addCommand(
        overMachines("schedule", "Add machines to the schedule")
          .requiredOption("--start <time>", "when they go away, such as 2026-11-24T22:00Z", timeMs)
          .option("--duration <duration>", "for how long, such as 2hrs", durationMs)
          .action((names: readonly MachineId[], options: ScheduleOptions) =>
            change(context, options, async (client, { windows }) => {
              const { start: startMs, duration } = options;
              const unavailability = {
                startMs,
                ...(duration === undefined ? {} : { durationMs: duration }),
              };
              const window = { machines: [...names], unavailability };
              const others = without(windows, names);
              await client.request("update-maintenance", { windows: [...others, window] });
            }),
          ),
      )
      .addCommand(
        overMachines("unschedule", "Take machines off the schedule").action(
          (names: readonly MachineId[], options: MasterOptions) =>
            change(context, options, async (client, { windows }) => {
              await client.request("update-maintenance", { windows: without(windows, names) });
            }),
        ),
      )
      .addCommand(
        overMachines("start", "Take scheduled machines down: their agents are shut down").action(
          (names: readonly MachineId[], options: MasterOptions) =>
            change(context, options, async (client) => {
              await client.request("start-maintenance", { machines: [...names] });
            }),
        ),
      )
      .addCommand(
        overMachines("stop", "Bring machines up again").action(
          (names: readonly MachineId[], options: MasterOptions) =>
            change(context, options, async (client) => {
              await client.request("stop-maintenance", { machines: [...names] });
            }),
        ),
      ),
};

function overMachines(name: string, summary: string): Command {
  return masterCommand(name, summary).argument(
    "<machines...>",
    "hostname, address, or hostname/address",
    machines,
  );
}

/** The windows without some machines; windows that are left empty go. */
function without(windows: Schedule["windows"], names: readonly MachineId[]): Schedule["windows"] {
  return windows
    .map(({ machines: listed, unavailability }) => ({
      machines: listed.filter((each) => !names.some((name) => sameMachine(name, each))),
      unavailability,
    }))
    .filter((window) => window.machines.length > 0);
}

type Client = Parameters<Parameters<typeof withMaster>[2]>[0];

/** Changes the schedule and shows what it is then. */
async function change(
  context: CliContext,
  options: MasterOptions,
  act: (client: Client, schedule: Schedule) => Promise<void>,
): Promise<void> {
  await withMaster(context, options, async (client) => {
    await act(client, await client.request("maintenance", {}));
    show(context, await client.request("maintenance", {}));
  });
}

function show({ output }: CliContext, schedule: Schedule): void {
  if (output.format === "json") {
    output.json(schedule);
    return;
  }
  const columns = [
    { title: "MACHINE" },
    { title: "STATE" },
    { title: "FROM" },
    { title: "UNTIL" },
    { title: "ANSWERS" },
  ] as const;
  const rows = schedule.windows.flatMap(({ machines: listed, unavailability }) =>
    listed.map((machine) => {
      const { startMs, durationMs: lasts } = unavailability;
      const isDown = schedule.down.some((each) => sameMachine(each, machine));
      const drain = schedule.draining.find((each) => sameMachine(each.machine, machine));
      const answers = (drain?.answers ?? []).map(({ frameworkId, answer }) => {
        return `${frameworkId}:${answer}`;
      });
      return [
        nameOf(machine),
        isDown ? ({ text: "down", tone: "bad" } as const) : "draining",
        timeCell(startMs),
        lasts === undefined ? "-" : timeCell(startMs + lasts),
        answers.join(" "),
      ];
    }),
  );
  output.table(columns, rows);
}
