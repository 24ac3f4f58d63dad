/**
 * One small script for each shell. It hands the words before the cursor to `holdfast complete`, which answers with a line
 * for each candidate: the value, a tab, a description; a first line `:files` asks for the shell's own file names.
 */

/** Colons and equal signs break words in bash, so that only what is behind the last one of them is replaced. */
const BASH = `# holdfast completion for bash
_holdfast() {
  local line=\${COMP_LINE:0:COMP_POINT} words word candidate
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  word=\${words[\${#words[@]}-1]}
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    [[ $candidate == :files ]] && return
    [[ $candidate == "$word"* ]] && COMPREPLY+=("\${candidate#"\${word%"\${word##*[:=]}"}"}")
  done < <(holdfast complete -- "\${words[@]:1}" 2>/dev/null)
  compopt +o default 2>/dev/null
}
complete -o default -F _holdfast holdfast
`;

const ZSH = `#compdef holdfast
# holdfast completion for zsh
_holdfast() {
  local -a candidates
  local line
  while IFS= read -r line; do
    [[ $line == :files* ]] && { _files; return }
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(holdfast complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  _describe holdfast candidates
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _holdfast "$@"; else compdef _holdfast holdfast; fi
`;

const FISH = `# holdfast completion for fish
function __holdfast_complete
  set -l words (commandline -opc)
  set -l word (commandline -ct)
  set -l candidates (holdfast complete -- $words[2..] "$word" 2>/dev/null)
  if string match -q ':files*' -- "$candidates[1]"
    __fish_complete_path "$word"
  else
    printf '%s\\n' $candidates
  end
end
complete -c holdfast -f -a '(__holdfast_complete)'
`;

export const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

export type Shell = keyof typeof SCRIPTS;
