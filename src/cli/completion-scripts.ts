/*
 * Thin scripts: every candidate comes from `valetkey __complete`, which walks the command tree, so
 * that a script never grows stale. (@bomb.sh/tab does the like, but is at 0.0.x and knows no lazily
 * loaded commands; omelette and tabtab keep a list of their own.) Protocol: one
 * `candidate<TAB>description` a line; a line `:files` asks the shell for file names instead.
 */

/** Readline splits words at `=` and `:`: they are joined again, and only the last part is answered. */
const bash = String.raw`# valetkey completion for bash
_valetkey() {
  local words=() word i previous=
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    if ((${'$'}{#words[@]})) && [[ $word == [=:]* || $previous == [=:] ]]; then
      words[${'$'}{#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    previous=$word
  done
  local current=${'$'}{words[${'$'}{#words[@]}-1]}
  local prefix=${'$'}{current%"${'$'}{current##*[=:]}"}
  COMPREPLY=()
  local line
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o default
      return
    fi
    line=${'$'}{line%%$'\t'*}
    COMPREPLY+=("${'$'}{line#"$prefix"}")
    [[ $line == *= ]] && compopt -o nospace
  done < <("${'$'}{COMP_WORDS[0]}" __complete -- "${'$'}{words[@]}" 2>/dev/null)
}
complete -F _valetkey valetkey
`;

const zsh = String.raw`#compdef valetkey
# valetkey completion for zsh
_valetkey() {
  local line value
  local -a values texts open openTexts
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      _files
      return
    fi
    value=${'$'}{line%%$'\t'*}
    if [[ $value == *= ]]; then
      open+=("$value"); openTexts+=("${'$'}{line/$'\t'/  -- }")
    else
      values+=("$value"); texts+=("${'$'}{line/$'\t'/  -- }")
    fi
  done < <("${'$'}{words[1]}" __complete -- "${'$'}{(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${'$'}{#values} )) && compadd -l -d texts -a values
  (( ${'$'}{#open} )) && compadd -l -S '' -d openTexts -a open
}
if [[ ${'$'}{funcstack[1]} == _valetkey ]]; then _valetkey "$@"; else compdef _valetkey valetkey; fi
`;

const fish = String.raw`# valetkey completion for fish
function __valetkey_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete -- $words[2..] "$current" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            echo $line
        end
    end
end
complete -c valetkey -f -a '(__valetkey_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };
