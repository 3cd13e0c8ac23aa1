import type { Argument, Command, Option } from "commander";
import { bashScript, type Cases, zshScript } from "./completion-shells.ts";

/** Shells that there is a script for. */
export type Shell = "bash" | "zsh";

/** What a value is completed to. */
type PathKind = "files" | "folders";

/**
 * Names of values that are files or folders here: an option or an argument is marked as one by what
 * it calls its value in the help, so that people and shells are told the same.
 */
const pathNames: Readonly<Record<string, PathKind>> = {
  file: "files",
  "json|file": "files",
  "file|dir": "files",
  dir: "folders",
  input: "files",
  job: "files",
  journal: "files",
  local: "files",
  plugin: "folders",
  policy: "folders",
  workload: "files",
};

/** Whether a value of this name is a file or a folder of this machine. */
export function pathKindOf(name: string): PathKind | undefined {
  return Object.hasOwn(pathNames, name) ? pathNames[name] : undefined;
}

/** What an option calls its value, without the brackets; "" for one that takes none. */
export function valueNameOf({ flags }: Option): string {
  return /[<[]([^>\]]*)[>\]]/.exec(flags)?.[1]?.replace(/\.\.\.$/, "") ?? "";
}

/** How words of the shells say what they offer. */
function offerOf(kind: PathKind | undefined, choices: readonly string[] = []): string | undefined {
  if (kind !== undefined) return `offer=${kind}`;
  return choices.length > 0 ? `offer=words among='${choices.join(" ")}'` : undefined;
}

/** All commands below one, with the words that lead to each; `""` is the program itself. */
function commandsBelow(command: Command, path = ""): readonly (readonly [string, Command])[] {
  const below = command.commands.flatMap((child) =>
    commandsBelow(child, `${path} ${child.name()}`.trim()),
  );
  return [[path, command], ...below];
}

/** Where arguments stand: the first is 0, and one that takes several has every place after it. */
function argumentCases(path: string, args: readonly Argument[]): string[] {
  return args.flatMap((argument, at) => {
    const offer = offerOf(pathKindOf(argument.name()), argument.argChoices);
    if (offer === undefined) return [];
    const place = argument.variadic ? "*" : `${at}`;
    return [`    ${JSON.stringify(`${path}:`)}${place}) ${offer} ;;`];
  });
}

/** The cases of one command, which the shells read alike. */
function casesOf(path: string, command: Command): Cases {
  const help = command.createHelp();
  const visible = help.visibleOptions(command);
  const names = visible.flatMap(({ short, long }) => [short, long]);
  const children = help.visibleCommands(command).map((child) => child.name());
  const known = [...children, ...names].filter((word) => word !== undefined).join(" ");
  const at = (option: Option): string =>
    [option.short, option.long]
      .filter((flag) => flag !== undefined)
      .map((flag) => JSON.stringify(`${path} ${flag}`))
      .join("|");
  const offers = visible.flatMap((option) => {
    const offer = offerOf(pathKindOf(valueNameOf(option)), option.argChoices);
    return offer === undefined ? [] : [`    ${at(option)}) ${offer} ;;`];
  });
  const takers = visible.filter((option) => option.required).map(at);
  return {
    paths: path === "" ? [] : [JSON.stringify(path)],
    words: [`    ${JSON.stringify(path)}) known='${known}' ;;`],
    options: offers,
    takers,
    arguments: argumentCases(path, command.registeredArguments),
  };
}

/**
 * The script that completes commands, options, the values that are known beforehand, and the names
 * of files and folders.
 */
export function completionScript(program: Command, shell: Shell): string {
  const each = commandsBelow(program).map(([path, command]) => casesOf(path, command));
  const all: Cases = {
    paths: each.flatMap(({ paths }) => paths),
    words: each.flatMap(({ words }) => words),
    options: each.flatMap(({ options }) => options),
    takers: each.flatMap(({ takers }) => takers),
    arguments: each.flatMap((cases) => cases.arguments),
  };
  return shell === "bash" ? bashScript(all) : zshScript(all);
}
