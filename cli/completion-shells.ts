/** Lines of the scripts' `case`s, in the syntax that both shells have. */
export interface Cases {
  /** The words that lead to each command. */
  readonly paths: readonly string[];
  /** By command: its subcommands and options. */
  readonly words: readonly string[];
  /** By command and option: what its value is completed to. */
  readonly options: readonly string[];
  /** Commands with options that take a value. */
  readonly takers: readonly string[];
  /** By command and place: what an argument is completed to. */
  readonly arguments: readonly string[];
}

/**
 * Finds the command (`at_command`), how many arguments stand before the word that is written
 * (`count`), and the option whose value it is (`flag`), from the words before in an array.
 */
function reading(array: string, cases: Cases): string {
  return `
    word=\${${array}[at]}
    if [[ $word == -- ]]; then return 0; fi
    if [[ $word == "=" ]]; then taken=yes; continue; fi
    if [[ -n $taken ]]; then taken= flag=; continue; fi
    flag=
    case "\${at_command:+$at_command }$word" in
      ${cases.paths.join("|")}) at_command="\${at_command:+$at_command }$word" count=0; continue ;;
    esac
    case $word in
      -*=*) ;;
      -*) case "$at_command $word" in
          ${cases.takers.join("|")}) taken=yes flag=$word ;;
        esac ;;
      *) count=$((count + 1)) ;;
    esac`;
}

/** What is offered at the place that was found. */
function offering(cases: Cases): string {
  return `
  case "$at_command $flag" in
${cases.options.join("\n")}
  esac
  if [[ -z $flag && $current != -* ]]; then
    case "$at_command:$count" in
${cases.arguments.join("\n")}
    esac
  fi
  case $at_command in
${cases.words.join("\n")}
  esac`;
}

const START = "at_command= count=0 flag= taken= offer= among= known= word= at";

/** The script for bash, which breaks words at `=`. */
export function bashScript(cases: Cases): string {
  return `# Completion of tepui for bash: eval "$(tepui completion bash)"
_tepui() {
  local current=\${COMP_WORDS[COMP_CWORD]} ${START}
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do${reading("COMP_WORDS", cases)}
  done
  if [[ $current == "=" ]]; then current=; fi
${offering(cases)}
  case $offer in
    files|folders) local IFS=$'\\n' kind=-f
      if [[ $offer == folders ]]; then kind=-d; fi
      compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen $kind -- "$current")) ;;
    words) COMPREPLY=($(compgen -W "$among" -- "$current")) ;;
    *) if [[ -z $flag ]]; then COMPREPLY=($(compgen -W "$known" -- "$current")); fi ;;
  esac
}
complete -F _tepui tepui`;
}

/** The script for zsh. */
export function zshScript(cases: Cases): string {
  return `#compdef tepui
# Completion of tepui for zsh: eval "$(tepui completion zsh)"
_tepui() {
  local current=$PREFIX ${START}
  for ((at = 2; at < CURRENT; at++)); do${reading("words", cases)}
  done
  if [[ $current == --*=* ]]; then
    flag=\${current%%=*} current=\${current#*=}
    compset -P '*='
  fi
${offering(cases)}
  case $offer in
    files) _files ;;
    folders) _files -/ ;;
    words) compadd -- \${=among} ;;
    *) if [[ -z $flag ]]; then compadd -- \${=known}; fi ;;
  esac
}
compdef _tepui tepui`;
}
