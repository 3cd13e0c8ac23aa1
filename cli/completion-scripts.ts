import type { Command } from "commander";

/** Shells that there is a script for. */
export type Shell = "bash" | "zsh";

/** A command as the scripts see it. */
interface Words {
  /** `plugin validate`, with `tepui` left out; empty for the program itself. */
  readonly path: string;
  readonly words: readonly string[];
}

function wordsOf(command: Command, path: string): Words[] {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const options = help.visibleOptions(command).flatMap(({ short, long }) => [short, long]);
  const choices = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  const words = [...children.map((child) => child.name()), ...choices, ...options];
  const own = { path, words: words.filter((word) => word !== undefined) };
  return [
    own,
    ...command.commands.flatMap((child) => wordsOf(child, `${path} ${child.name()}`.trim())),
  ];
}

/** The script that completes commands, options and the values that are known beforehand. */
export function completionScript(program: Command, shell: Shell): string {
  const all = wordsOf(program, "");
  const cases = all
    .map(({ path, words }) => `    ${JSON.stringify(path)}) words=${quoted(words)} ;;`)
    .join("\n");
  const known = all.map(({ path }) => path).filter((path) => path !== "");
  return shell === "bash" ? bashScript(cases, known) : zshScript(cases, known);
}

/** The paths of all commands as one pattern of a `case`. */
function patterns(known: readonly string[]): string {
  return known.map((path) => JSON.stringify(path)).join("|");
}

function quoted(words: readonly string[]): string {
  return `'${words.join(" ")}'`;
}

function bashScript(cases: string, known: readonly string[]): string {
  return `# Completion of tepui for bash: eval "$(tepui completion bash)"
_tepui() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local path= words= word at
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    [[ $word == -- ]] && return 0
    case "\${path:+$path }$word" in
      ${patterns(known)}) path="\${path:+$path }$word" ;;
    esac
  done
  case $previous in
    -o|--output) COMPREPLY=($(compgen -W 'json table' -- "$current")); return 0 ;;
    --config|--file) compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current")); return 0 ;;
    --data-dir|--work-dir) compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -d -- "$current")); return 0 ;;
  esac
  case $path in
${cases}
  esac
  if [[ $path == "config check" && $current != -* ]]; then
    compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return 0
  fi
  if [[ $path == "plugin validate" && $current != -* ]]; then
    compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); return 0
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _tepui tepui`;
}

function zshScript(cases: string, known: readonly string[]): string {
  return `#compdef tepui
# Completion of tepui for zsh: eval "$(tepui completion zsh)"
_tepui() {
  local current_path= words_known= word at
  for ((at = 2; at < CURRENT; at++)); do
    word=\${words[at]}
    [[ $word == -- ]] && return 0
    case "\${current_path:+$current_path }$word" in
      ${patterns(known)}) current_path="\${current_path:+$current_path }$word" ;;
    esac
  done
  case \${words[CURRENT-1]} in
    -o|--output) compadd json table; return ;;
    --config|--file) _files; return ;;
    --data-dir|--work-dir) _files -/; return ;;
  esac
  case $current_path in
${cases.replaceAll("words=", "words_known=")}
  esac
  case $current_path in
    "config check") [[ $PREFIX == -* ]] || { _files; return; } ;;
    "plugin validate") [[ $PREFIX == -* ]] || { _files -/; return; } ;;
  esac
  compadd -- \${=words_known}
}
compdef _tepui tepui`;
}
