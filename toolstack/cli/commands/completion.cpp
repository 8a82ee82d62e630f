// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"

namespace skerry::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
}

} // namespace

/// Names of domains come from the platform, if it answers at once.
std::string bash_completion(const std::vector<CommandWords>& commands) {
    std::string names, cases;
    for (const CommandWords& command : commands) {
        names += (names.empty() ? "" : " ") + command.name;
        cases += "        " + command.name + ")\n            words=\"" + joined(command.options) + "\"\n";
        using Argument = CommandWords::Argument;
        if (command.argument == Argument::domain || command.argument == Argument::service)
            cases += "            [[ $current == -* ]] || words+=\" $(_skerry_domains)\"\n";
        if (command.argument == Argument::file)
            cases += "            [[ $current == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n";
        cases += "            ;;\n";
    }
    return "# bash completion of skerry: source <(skerry completion)\n"
           "_skerry_domains() {\n"
           "    skerry --patience 1 --json list 2>/dev/null | sed -n 's/^ *\"name\": \"\\([^\"]*\\)\".*/\\1/p'\n"
           "}\n"
           "_skerry() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} command='' words='' word\n"
           "    COMPREPLY=()\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        [[ $word == -* ]] || { command=$word; break; }\n"
           "    done\n"
           "    case $command in\n"
           "        '')\n"
           "            words=\"" +
           names +
           " --json --quiet --socket --patience --help\"\n"
           "            ;;\n" +
           cases +
           "    esac\n"
           "    mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o filenames -F _skerry skerry\n";
}

} // namespace skerry::cli
