// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"

namespace skerry::cli {
namespace {

/// What finds names. They come from the platform, if it answers at once.
constexpr const char* names_by_kind = R"sh(# bash completion of skerry: source <(skerry completion)
_skerry_ask() {
    local socket=() i
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} != --socket ]] || socket=(--socket "${COMP_WORDS[i + 1]}")
    done
    "${COMP_WORDS[0]/#\~/$HOME}" "${socket[@]}" --patience 1 --json "$1" 2>/dev/null
}
_skerry_names() {
    local name='s/^ *"name": "\([^"]*\)".*/\1/p'
    case $1 in
        domain) _skerry_ask list | sed -n "$name" ;;
        service) _skerry_ask list | sed -n "/\"name\":/h; /\"kind\": \"platform\"/{x; $name}" | grep -vx founder ;;
        image) _skerry_ask images | sed -n "$name" ;;
        action) echo destroy restart preserve ;;
    esac
}
)sh";

/// Walks over the words before the cursor: commands, their options with values, their arguments.
constexpr const char* walk = R"sh(_skerry() {
    local current=${COMP_WORDS[COMP_CWORD]} command='' kind='' given=0 words positions valued word i
    COMPREPLY=()
    _skerry_command ''
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ -n $kind ]]; then
            kind=''
        elif [[ $word == -* && $valued == *" $word="* ]]; then
            kind=${valued#*" $word="} kind=${kind%% *}
        elif [[ $word != -* ]]; then
            if _skerry_command "$command${command:+ }$word"; then command+=${command:+ }$word; else given=$((given + 1)); fi
        fi
    done
    if [[ -z $kind && $current != -* ]]; then kind=${positions[given]-words}; fi
    case ${kind:-words} in
        words) ;;
        file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        *) words=$(_skerry_names "$kind") ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _skerry skerry
)sh";

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

} // namespace

std::string bash_completion(const std::vector<CommandWords>& commands) {
    std::string cases;
    for (const CommandWords& command : commands)
        cases += "        '" + command.name + "') words='" + joined(command.words) + "' positions=(" +
                 joined(command.positions) + ") valued=' " + joined(command.valued) + " ' ;;\n";
    return std::string(names_by_kind) +
           "# Sets what may stand behind a command: words, kinds of arguments, options with the kinds of their "
           "values.\n"
           "_skerry_command() {\n    case $1 in\n" +
           cases + "        *) return 1 ;;\n    esac\n}\n" + walk;
}

} // namespace skerry::cli
