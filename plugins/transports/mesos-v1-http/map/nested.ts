import { errors } from "../../../../contract/errors.ts";
import type { TerminalSize } from "../../../../contract/exec-api.ts";
import { execLimits } from "../../../../contract/limits/exec.ts";
import type { NestedId, NestedLaunch } from "../../../../contract/ports/nested-containers.ts";
import type { CommandInfo } from "../../../../contract/schema/command.ts";
import type { ContainerID } from "../definitions/basics.ts";
import type { CommandInfo as V1Command } from "../definitions/commands.ts";
import type { ContainerInfo as V1Container } from "../definitions/containers.ts";
import type { Message } from "../definitions/define.ts";
import { commandFrom } from "./commands.ts";

type V1Id = Message<typeof ContainerID>;

/** The size of a terminal of which nobody says how large it is. */
const TERMINAL: TerminalSize = { columns: 80, rows: 24 };

/** The names of a container and of those that it is in, outermost first. */
export function nestedIdFrom(given: V1Id): NestedId {
  const names: string[] = [];
  for (let at: V1Id | undefined = given; at !== undefined; at = at.parent as V1Id | undefined) {
    names.unshift(at.value);
    // Deeper ones are nobody's, however deep they are.
    if (names.length > execLimits.nestedDepthMax) break;
  }
  return names;
}

/** The id of a nested container in the API. */
export function nestedIdTo([root = "", ...names]: NestedId): V1Id {
  let id: V1Id = { value: root };
  for (const value of names) id = { value, parent: id };
  return id;
}

/** The size of a terminal; what no terminal has is brought into bounds. */
export function terminalFrom({ columns, rows }: { columns: number; rows: number }): TerminalSize {
  const within = (cells: number): number => Math.min(Math.max(cells, 1), execLimits.terminalMax);
  return { columns: within(columns), rows: within(rows) };
}

/**
 * What is to run in a nested container.
 * @throws NESTED_REFUSED for what nested containers do not have
 */
export function nestedLaunchFrom(
  given: {
    readonly command?: Message<typeof V1Command> | undefined;
    readonly container?: Message<typeof V1Container> | undefined;
  },
  isTalkedTo: boolean,
): NestedLaunch {
  const { container } = given;
  if (given.command === undefined) {
    throw errors.NESTED_REFUSED("Expecting 'command' to be present");
  }
  const command = plainCommand(commandFrom(given.command));
  if (container === undefined) return { command, isTalkedTo };
  const { type, tty_info, ...more } = container;
  const others = Object.values(more).filter((one) => one !== undefined && !isEmpty(one));
  const hasTerminal = tty_info !== undefined;
  if (type !== "MESOS" || others.length > 0 || (hasTerminal && !isTalkedTo)) {
    throw errors.NESTED_REFUSED("The provided ContainerInfo is not supported");
  }
  if (!hasTerminal) return { command, isTalkedTo };
  const { window_size } = tty_info;
  const terminal = window_size === undefined ? TERMINAL : terminalFrom(window_size);
  return { command, isTalkedTo, terminal };
}

function plainCommand(command: CommandInfo): CommandInfo {
  if (command.value === undefined || command.value === "") {
    throw errors.NESTED_REFUSED("Expecting 'command.value' to be present");
  }
  if (command.uris !== undefined) {
    throw errors.NESTED_REFUSED("Nothing is fetched for nested containers");
  }
  if (command.environment?.some(({ secret }) => secret !== undefined)) {
    throw errors.NESTED_REFUSED("Secrets are not resolved for nested containers");
  }
  return command;
}

/** A list or a message that says nothing. */
function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
